"""The Arena with the real token, emission and pools on one chain, and tasks whose nodes and validators act by name.

It knows the formats of commitments by heart, so that it can also break them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import emissions
from emissions import CREATOR, DAO, DAY, DELEGATOR, SUPPLY
from eth_abi.abi import encode
from federation import FML, GAS, Refusal

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import constructor
from fl_alliance.chain.connect import advance_to, close, connect
from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rules.assignment import places
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Receipt
from fl_alliance.chain.vrf import output

OUTSIDER = NodeKey.derive(41, 0)
"""Has no part in any task: the "anybody" of the contract."""
SUBMIT, REVEAL, SCORE, REVEAL_SCORES = 21_600, 3_600, 21_600, 3_600
NODE, VALIDATOR = 2, 3
COMMITTED, REVEALED, REFUSED, UNSCORED, RANKED, WORST_VERDICT = range(6)
SALT = keccak(b"salt")
DATASET_B = keccak(b"dataset B")
ETHER = 10**18

PARAMS: dict[str, Any] = {
    "kind": b"tabular".ljust(32, b"\0"),
    "spec_digest": keccak(b"spec"),
    "dataset_a": keccak(b"dataset A"),
    "dataset_b": keccak(encode(("bytes32", "bytes32"), (DATASET_B, SALT))),
    "base_model": keccak(b"base"),
    "first_day": 1,
    "day_count": 5,
    "submit_s": SUBMIT,
    "reveal_s": REVEAL,
    "score_s": SCORE,
    "reveal_scores_s": REVEAL_SCORES,
    "paid_nodes": 10,
    "paid_validators": 10,
    "validator_limit": 50,
    "slash_bps": 1_000,
    "power_halves": 2,
    "min_node_stake_wei": 100 * FML,
    "min_validator_stake_wei": 250 * FML,
    "floor_bps": 0,
    "now_bps": 1_000,
    "delegated_bps": 10_000,
    "submission_fee_wei": 2 * FML,
    "daily_wei": 200 * FML,
    "max_parameters": 1_000_000,
    "rank_wad": 85 * 10**16,
    "decay_wad": 5 * 10**18,
    "creator_stake_wei": 1_000 * FML,
}
"""In the order of IArena.TaskParams: 200 FML a day, a tenth of it paid now, as in the table of the specification."""


def _readable(value: Any) -> Any:
    is_address = isinstance(value, str) and value.startswith("0x")
    return checksummed(address_bytes(value)) if is_address else value


@dataclass(frozen=True)
class Handle(emissions.Handle):
    """One contract at one address, whose events name accounts with their checksums."""

    def is_refused(self, name: str, *args: Any, by: NodeKey = DAO) -> bool:
        """Whether a call would be refused with a custom error; nothing changes."""
        data = "0x" + self.encode(name, *args).hex()
        request = {"from": by.address, "to": self.address, "data": data, "gas": hex(GAS)}
        try:
            self.town.rpc("eth_call", request, "latest")
        except RequestRefused as refused:
            if refused.data[:4] in custom_errors():
                return True
            raise
        return False

    def events(self, receipt: Receipt, name: str) -> list[dict[str, Any]]:
        """Return the events of one name that this contract emitted in a receipt."""
        return [{key: _readable(value) for key, value in event.items()} for event in super().events(receipt, name)]


@dataclass
class Town(emissions.Town):
    """Everything deployed, and the accounts that act."""

    holders: set[str] = field(default_factory=set)
    """Who may hold FML: what is conserved is the sum over them."""

    def wait_until(self, second: int) -> None:
        advance_to(self.w3, second)

    def back_to(self, mark: Any) -> None:
        """Put a snapshot back, and with it everybody's number of transactions."""
        self.rpc("evm_revert", mark)
        self.senders.clear()

    def deploy(self, name: str, *args: Any) -> Handle:
        """Deploy a contract after the libraries that it links to."""
        artifact = artifacts.load(name)
        code = artifact.bytecode.removeprefix("0x")
        for unit in artifact.link_references.values():
            for library, spots in unit.items():
                if library not in self.addresses:
                    self.deploy(library)
                for spot in spots:
                    start = 2 * spot["start"]
                    code = code[:start] + address_bytes(self.addresses[library]).hex() + code[start + 40 :]
        receipt = self.sender(DAO).send(None, bytes.fromhex(code) + constructor(name, args), GAS, f"deploy {name}")
        assert receipt.contract is not None
        self.addresses[name] = receipt.contract
        return self.handle(name)

    def handle(self, name: str) -> Handle:
        return Handle(self, name, self.addresses[name])

    @property
    def arena(self) -> Handle:
        return self.handle("Arena")

    def balance(self, account: NodeKey | str) -> int:
        return super().balance(account if isinstance(account, str) else account.address)

    def enrol(self, key: NodeKey, amount_wei: int) -> NodeKey:
        """Give an account gas and `amount_wei` FML, of which the Arena may take what it needs."""
        if key.address not in self.holders and key not in (DAO, CREATOR, DELEGATOR):
            self.sender(DAO).send(key.address, b"", 21_000, "gas", ETHER)
        self.holders.add(key.address)
        if amount_wei:
            self.fund(key.address, amount_wei)
        self.fml.send("approve", self.arena.address, 2**256 - 1, by=key)
        return key

    def is_conserved(self) -> bool:
        """Whether the Arena holds exactly what it owes, pools what it thinks they do, and everybody all there is."""
        owed = 0
        pools: set[str] = set()
        for task in range(1, self.arena.read("taskCount") + 1):
            state = self.arena.read("state", task)
            owed += sum(state[index] for index in (6, 7, 8, 9))
            stakes = [self.arena.read("stakeOf", task, holder) for holder in sorted(self.holders)]
            assert state[6] == sum(stake[1] for stake in stakes)
            assert state[5] == sum(stake[1] + stake[2] for stake in stakes)
            for stake in stakes:
                if int(stake[6], 16):
                    pools.add(stake[6])
                    assert self.balance(stake[6]) == stake[2]
        held = self.balance(self.arena.address)
        contracts = self.balance(self.emission.address) + sum(map(self.balance, pools))
        everybody = held + contracts + sum(map(self.balance, self.holders))
        return held == owed and everybody == self.fml.read("totalSupply")


@dataclass
class Task:
    """One task, its nodes and its validators, who score what `scores` says."""

    town: Town
    number: int
    params: dict[str, Any]
    nodes: list[NodeKey] = field(default_factory=list)
    validators: list[NodeKey] = field(default_factory=list)

    @classmethod
    def create(cls, town: Town, **changes: Any) -> "Task":
        """Create a task with PARAMS and these changes; its day 0 is the emission's next unless they say otherwise."""
        params = PARAMS | {"first_day": town.emission.read("today") + 1} | changes
        town.arena.send("createTask", tuple(params.values()), by=CREATOR)
        return cls(town, town.arena.read("taskCount"), params)

    @property
    def arena(self) -> Handle:
        return self.town.arena

    def send(self, name: str, *args: Any, by: NodeKey = DAO) -> Receipt:
        return self.arena.send(name, self.number, *args, by=by)

    def read(self, name: str, *args: Any) -> Any:
        return self.arena.read(name, self.number, *args)

    def refusal(self, name: str, *args: Any, by: NodeKey = DAO) -> Refusal:
        return self.arena.refusal(name, self.number, *args, by=by)

    # --- what is known

    @property
    def state(self) -> dict[str, Any]:
        names = ("phase", "creator", "finished", "dataset_b", "fell_back", "staked", "own", "pool", "fund", "owed")
        return dict(zip((*names, "held_nodes", "held_validators"), self.read("state"), strict=True))

    def day_state(self, day: int) -> dict[str, Any]:
        names = ("commits", "settled", "validators", "revealed", "judged", "finished", "digest", "nodes_now")
        return dict(
            zip((*names, "nodes_held", "validators_now", "validators_held"), self.read("dayState", day), strict=True)
        )

    def submission(self, day: int, node: NodeKey) -> dict[str, Any]:
        names = ("node", "verdict", "score", "sigma", "claimed", "claimed_held", "own", "delegated", "weight", "share")
        place = self.read("entryOf", day, node.address) - 1
        return dict(zip((*names, "digest"), self.read("submission", day, place), strict=True))

    def validation(self, day: int, validator: NodeKey) -> dict[str, Any]:
        names = ("validator", "revealed", "quota", "start", "inverse", "sigma", "claimed", "claimed_held", "own")
        index = self.read("entryOf", day, validator.address) - 1
        rest = ("delegated", "weight", "share", "commitment", "fits", "scored")
        return dict(zip((*names, *rest), self.read("validation", day, index), strict=True))

    def stake_of(self, key: NodeKey) -> dict[str, Any]:
        names = ("role", "own", "delegated", "lock_days", "locked_until", "weight", "pool", "vrf", "best", "best_day")
        return dict(zip((*names, "best_place"), self.read("stakeOf", key.address), strict=True))

    # --- time

    def at(self, day: int, second: int = 0) -> None:
        """Move to a second of a day of the task: a refusal is of that second, a transaction comes in the next."""
        self.town.wait_until(self.begins(day) + second)

    def just_before(self, day: int, second: int = 0) -> None:
        """Move to where the next transaction is in the last second before this one."""
        self.at(day, second - 2)

    def begins(self, day: int) -> int:
        return self.town.start + (self.params["first_day"] + day) * DAY

    def to_reveals(self, day: int) -> None:
        self.at(day, self.params["submit_s"])

    def to_scores(self, day: int) -> None:
        self.at(day, self.params["submit_s"] + self.params["reveal_s"])

    def to_score_reveals(self, day: int) -> None:
        self.at(day, self.params["submit_s"] + self.params["reveal_s"] + self.params["score_s"])

    def to_settlement(self, day: int) -> None:
        windows = ("submit_s", "reveal_s", "score_s", "reveal_scores_s")
        self.at(day, sum(self.params[name] for name in windows))

    # --- joining

    def join_nodes(self, *stakes_fml: int, lock_days: int = 0) -> list[NodeKey]:
        first = len(self.nodes)
        joined = [NodeKey.derive(42, first + i) for i in range(len(stakes_fml))]
        for key, stake in zip(joined, stakes_fml, strict=True):
            self.town.enrol(key, (stake + 100) * FML)
            self.send("stake", NODE, stake * FML, lock_days, 0, by=key)
        self.nodes += joined
        return joined

    def join_validators(self, *stakes_fml: int, lock_days: int = 0) -> list[NodeKey]:
        first = len(self.validators)
        joined = [NodeKey.derive(43, first + i) for i in range(len(stakes_fml))]
        for key, stake in zip(joined, stakes_fml, strict=True):
            self.town.enrol(key, stake * FML)
            self.send("stake", VALIDATOR, stake * FML, lock_days, key.vrf.public_x, by=key)
        self.validators += joined
        return joined

    def delegate(self, delegate: NodeKey, amount_fml: int, sigma_bps: int = 4_000) -> Handle:
        """Open a delegate's pool, if it has none, and let the delegator put FML into it."""
        if not int(self.stake_of(delegate)["pool"], 16):
            self.send("openPool", sigma_bps, by=delegate)
        pool = Handle(self.town, "DelegationPool", checksummed(address_bytes(self.stake_of(delegate)["pool"])))
        self.town.fml.send("approve", pool.address, 2**256 - 1, by=DELEGATOR)
        pool.send("deposit", amount_fml * FML, DELEGATOR.address, by=DELEGATOR)
        return pool

    # --- a day

    def model(self, day: int, node: NodeKey) -> bytes:
        return keccak(b"model %d " % day + address_bytes(node.address))

    def submission_hash(self, day: int, node: NodeKey, digest: bytes, parameters: int = 1_000) -> bytes:
        kinds = ("uint256", "uint256", "address", "bytes32", "uint64", "bytes32")
        return keccak(encode(kinds, (self.number, day, node.address, digest, parameters, SALT)))

    def commit(self, day: int, node: NodeKey, digest: bytes | None = None, parameters: int = 1_000) -> Receipt:
        digest = digest or self.model(day, node)
        return self.send("commitSubmission", self.submission_hash(day, node, digest, parameters), by=node)

    def reveal(self, day: int, node: NodeKey, digest: bytes | None = None, parameters: int = 1_000) -> Receipt:
        return self.send("revealSubmission", digest or self.model(day, node), parameters, SALT, by=node)

    def submit(self, day: int, nodes: Sequence[NodeKey] | None = None) -> None:
        """Commit and reveal these nodes' models, all nodes' if none are named."""
        nodes = self.nodes if nodes is None else nodes
        self.at(day)
        for node in nodes:
            self.commit(day, node)
        self.to_reveals(day)
        for node in nodes:
            self.reveal(day, node)

    def packed(self, scores: Sequence[int]) -> list[int]:
        """Return scores by place, eight to a word."""
        words = [0] * ((len(scores) + 7) // 8)
        for place, score in enumerate(scores):
            words[place // 8] |= score << 32 * (place % 8)
        return words

    def scores_hash(self, day: int, validator: NodeKey, words: Sequence[int], salt: bytes = SALT) -> bytes:
        kinds = ("uint256", "uint256", "address", "uint256[]", "bytes32")
        return keccak(encode(kinds, (self.number, day, validator.address, words, salt)))

    def proof(self, day: int, validator: NodeKey) -> Any:
        return validator.vrf.prove(self.read("scoreAlpha", day))

    def assigned(self, day: int, validator: NodeKey) -> tuple[int, ...]:
        """Return the places of a validator that has committed, by the reference model."""
        commits, quota = self.day_state(day)["commits"], self.validation(day, validator)["quota"]
        return places(output(self.proof(day, validator)), commits, quota)

    def commit_scores(self, day: int, validator: NodeKey, scores: Sequence[int]) -> Receipt:
        return self.send("commitScores", self.scores_hash(day, validator, self.packed(scores)), by=validator)

    def reveal_scores(self, day: int, validator: NodeKey, scores: Sequence[int]) -> Receipt:
        proof = self.proof(day, validator).to_solidity()
        return self.send("revealScores", proof, self.packed(scores), SALT, by=validator)

    def score(self, day: int, scores: Mapping[NodeKey, Sequence[int]]) -> None:
        """Commit and reveal what each validator says of each place."""
        self.to_scores(day)
        for validator, said in scores.items():
            self.commit_scores(day, validator, said)
        self.to_score_reveals(day)
        for validator, said in scores.items():
            self.reveal_scores(day, validator, said)

    def score_alike(self, day: int, *scores: int) -> None:
        self.score(day, dict.fromkeys(self.validators, scores))

    def finish(self, day: int) -> dict[str, Any]:
        """Settle and finish a day, and return what it came to."""
        return self.arena.events(self.finish_receipt(day), "DayFinished")[0]

    def finish_receipt(self, day: int) -> Receipt:
        self.to_settlement(day)
        state = self.day_state(day)
        if state["commits"] + state["validators"]:
            self.send("settle", day, 10_000)
        self.at(day + 1)
        return self.send("finishDay", day)

    def finish_event(self, day: int) -> dict[str, Any]:
        """Finish a day that is over and settled, and return what it came to."""
        return self.arena.events(self.send("finishDay", day), "DayFinished")[0]

    def play(self, day: int, *scores: int) -> dict[str, Any]:
        """A whole day in which all nodes submit and all validators say the same of them in order."""
        self.submit(day)
        self.score_alike(day, *scores)
        return self.finish(day)

    def claim(self, day: int, account: NodeKey) -> dict[str, Any]:
        return self.arena.events(self.send("claim", day, account.address, by=OUTSIDER), "Claimed")[0]

    # --- the end

    def enter_final(self, nodes: Sequence[NodeKey] | None = None) -> Receipt:
        day = self.params["day_count"]
        self.at(day)
        self.send("revealDatasetB", DATASET_B, SALT)
        return self.send("enterFinal", [node.address for node in (self.nodes if nodes is None else nodes)])

    def play_final(self, *scores: int) -> dict[str, Any]:
        """The B day, in which all nodes take part and all validators say the same of them in order."""
        day = self.params["day_count"]
        self.enter_final()
        self.score_alike(day, *scores)
        return self.finish(day)

    def complete_idle(self) -> None:
        """Let the days that are left pass without anybody, up to the end."""
        for day in range(self.state["finished"], self.params["day_count"] + 1):
            self.finish(day)

    def pay_out(self) -> None:
        """Take out of a completed task all that anybody can; nothing may be left in it."""
        for day in range(self.params["day_count"] + 1):
            for key in (*self.nodes, *self.validators):
                if not self.arena.is_refused("claim", self.number, day, key.address):
                    self.claim(day, key)
        for key in (CREATOR, *self.nodes, *self.validators):
            self.town.wait_until(self.stake_of(key)["locked_until"])
            if not self.arena.is_refused("unlock", self.number, key.address):
                self.send("unlock", key.address)


@contextmanager
def deployed_town(url: str = "memory://") -> Iterator[Town]:
    """The contracts on a chain of their own; day 0 of the emission begins in an hour."""
    w3 = connect(url)
    town = Town(w3)
    town.deploy("FML", SUPPLY)
    town.deploy("Emission", town.fml.address, town.now + 3_600, DAO.address)
    town.fml.send("grantRole", town.fml.read("MINTER_ROLE"), town.emission.address)
    pools = town.deploy("DelegationPool", town.fml.address, 7 * DAY)
    town.deploy("Arena", town.emission.address, pools.address, 100 * FML, DAO.address)
    town.emission.send("grantRole", town.emission.read("MARKET_ROLE"), town.arena.address)
    for key in (DAO, CREATOR, DELEGATOR, OUTSIDER):
        town.enrol(key, 0 if key is DAO else 1_000_000 * FML)
    town.wait_until(town.start)
    yield town
    close(w3)


@contextmanager
def behind_snapshot(town: Town) -> Iterator[Town]:
    """The town as it is, put back afterwards; by then every wei must be where it belongs."""
    mark = town.rpc("evm_snapshot")
    copy = Town(town.w3, dict(town.addresses), holders=set(town.holders))
    try:
        yield copy
        assert copy.is_conserved()
    finally:
        town.back_to(mark)
