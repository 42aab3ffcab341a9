"""A task on a chain with the keys of all its members: what the contract tests and the gas benchmark act with.

It knows the wire formats by heart instead of asking the ledger client, so that it can also break them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest
from web3 import Web3

from fl_alliance.chain.accounts import NodeKey, authorize_stake
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, close, connect
from fl_alliance.chain.deploy import Deployment, deploy
from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.messages import Commitment, Domain, Leave, Proposal, Vote, fml_domain, majority_motion
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.draw import draw, leader, seat_count
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.chain.types import Phase, Standing, TaskParams
from fl_alliance.chain.vrf import Proof, Tag, alpha, output

FML = 10**18
GWEI = 10**9
GAS = 16_777_216
DEPLOYER = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
ONLOOKER = NodeKey(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
"""Has gas and no other part in any task: the "anybody" of the contract."""
FORTUNE_TELLER = NodeKey(bytes.fromhex("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"))
"""A third funded account."""
PREVIOUS, CANDIDATE = keccak(b"model"), keccak(b"candidate")
MOTION = majority_motion(PREVIOUS, CANDIDATE)
"""What votes name: the model that is asked about, and the one it is compared with."""
ACCEPT, REJECT = (500_000, 600_000), (500_000, 400_000)
"""Scores (old, new) in micro-units that vote for and against."""

PARAMS = TaskParams(
    code_digest=keccak(b"code"),
    config_digest=keccak(b"config"),
    initial_model=PREVIOUS,
    relayer=DEPLOYER.address,
    rounds=10,
    proposers=3,
    voters=3,
    slash_bps=1_000,
    slash_gwei=0,
    absence_bps=200,
    bounty_bps=1_000,
    tolerance_bps=500,
    min_stake_gwei=10 * FML // GWEI,
    registration_s=3_600,
    leader_s=60,
    propose_s=600,
    commit_s=300,
    reveal_s=200,
    evidence_s=100,
    quorum=1,
    grace_s=0,
)


@dataclass(frozen=True)
class Refusal:
    """A custom error that came back: its name and values in order."""

    name: str
    values: tuple[Any, ...]


@dataclass
class Chain:
    """The deployed contracts and the accounts that call them."""

    w3: Web3
    deployment: Deployment
    senders: dict[str, Sender] = field(default_factory=dict)
    credited: set[str] = field(default_factory=set)
    tasks: int = 0

    @cached_property
    def rpc(self) -> Rpc:
        return Rpc(self.w3)

    @cached_property
    def chain_id(self) -> int:
        return self.rpc.number("eth_chainId")

    @property
    def domain(self) -> Domain:
        return Domain(self.chain_id, self.deployment.alliance)

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def wait_until(self, second: int) -> None:
        advance_to(self.w3, second)

    @property
    def contract(self) -> str:
        """The Alliance's artifact: one for each rule."""
        return self.deployment.contract

    def encode(self, name: str, *args: Any, contract: str | None = None) -> bytes:
        function = interface(contract or self.contract).functions[name]
        return function.encode(args) if args else function.selector

    def send_raw(self, to: str | None, data: bytes, by: NodeKey = DEPLOYER, label: str = "send") -> Receipt:
        sender = self.senders.setdefault(by.address, Sender(self.w3, by))
        self.credited.add(by.address)
        return sender.send(to, data, GAS, label)

    def send(self, name: str, *args: Any, by: NodeKey = DEPLOYER) -> Receipt:
        return self.send_raw(self.deployment.alliance, self.encode(name, *args), by, name)

    def send_all(self, *calls: tuple[Any, ...], by: NodeKey = DEPLOYER) -> Receipt:
        return self.send("multicall", [self.encode(*call) for call in calls], by=by)

    def fml(self, name: str, *args: Any, by: NodeKey = DEPLOYER) -> Receipt:
        return self.send_raw(self.deployment.fml, self.encode(name, *args, contract="FML"), by, f"FML.{name}")

    def read(self, name: str, *args: Any, contract: str | None = None) -> Any:
        contract = contract or self.contract
        to = self.deployment.contracts[contract].address
        request = {"to": to, "data": _hex(self.encode(name, *args, contract=contract))}
        data = self.rpc.bytes("eth_call", request, "latest")
        values = interface(contract).functions[name].result(data)
        return values[0] if len(values) == 1 else values

    def balance(self, account: str) -> int:
        """Return what an account holds of FML, in wei."""
        return int(self.read("balanceOf", account, contract="FML"))

    def refusal(self, name: str, *args: Any, by: NodeKey = DEPLOYER, contract: str | None = None) -> Refusal:
        """Return the custom error of a call that must not succeed; nothing changes."""
        contract = contract or self.contract
        request = {
            "from": by.address,
            "to": self.deployment.contracts[contract].address,
            "data": _hex(self.encode(name, *args, contract=contract)),
            "gas": hex(GAS),
        }
        with pytest.raises(RequestRefused) as refused:
            self.rpc("eth_call", request, "latest")
        data = refused.value.data
        found = custom_errors()[data[:4]]
        return Refusal(found.name, found.values(data))

    def events(self, receipt: Receipt, name: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Return the Alliance's events in a receipt, those of one name if it is given."""
        known = interface(self.contract).events
        logs = [log for log in receipt.logs if log.address == self.deployment.alliance]
        found = [(known[log.topics[0]].name, known[log.topics[0]].values(log.topics, log.data)) for log in logs]
        return [(kind, values) for kind, values in found if name in (None, kind)]

    def is_conserved(self) -> bool:
        """Whether the contract holds exactly what it owes: balances, escrows, pools, stakes in queues and credits."""
        owed = sum(self.read("creditGwei", account) for account in self.credited)
        for task in range(1, self.read("taskCount") + 1):
            state = self.read("state", task)
            owed += state[4] + state[5] + sum(member[2] for member in self.read("members", task))
            if self.deployment.rule == "candidates":
                owed += sum(record[2] for record in self.read("records", task))
        return self.balance(self.deployment.alliance) == owed * GWEI


@dataclass
class Federation:
    """One task; members are the indexes of `keys`, which register in that order."""

    chain: Chain
    params: TaskParams = PARAMS
    pool_wei: int = 1_000 * FML
    task: int = 0
    keys: list[NodeKey] = field(default_factory=list)

    @classmethod
    def create(cls, chain: Chain, pool_wei: int = 1_000 * FML, **changes: Any) -> "Federation":
        """Create a task with PARAMS and these changes."""
        params = replace(PARAMS, **changes)
        chain.fml("approve", chain.deployment.alliance, 2**256 - 1)
        chain.send("createTask", cls.tuple_of(params), pool_wei)
        return cls(chain, params, pool_wei, chain.read("taskCount"))

    @staticmethod
    def tuple_of(params: TaskParams) -> tuple[Any, ...]:
        return tuple(getattr(params, name) for name in params.__slots__)

    # --- what is known

    @property
    def state(self) -> dict[str, Any]:
        names = ("phase", "round", "phase_at", "members", "pool", "queued", "seed", "ballot", "complete", "creator")
        state = dict(zip((*names, "accepted_at"), self.chain.read("state", self.task), strict=True))
        return state | {"phase": Phase(state["phase"])}

    @property
    def phase(self) -> Phase:
        return self.state["phase"]

    @property
    def round(self) -> int:
        return int(self.state["round"])

    @property
    def pool(self) -> int:
        """The pool, in gwei."""
        return int(self.state["pool"])

    @property
    def members(self) -> list[tuple[Any, ...]]:
        return list(self.chain.read("members", self.task))

    @property
    def balances(self) -> list[int]:
        """Members' balances, in gwei."""
        return [member[2] for member in self.members]

    @property
    def standings(self) -> list[Standing]:
        return [Standing(member[4]) for member in self.members]

    def standing_as(self, *standings: Standing) -> list[int]:
        return [index for index, standing in enumerate(self.standings) if standing in standings]

    @property
    def drawn_proposers(self) -> list[int]:
        return self.standing_as(Standing.SILENT_PROPOSER, Standing.PROPOSED)

    @property
    def drawn_voters(self) -> list[int]:
        return [index for index, standing in enumerate(self.standings) if standing >= Standing.SILENT_VOTER]

    def seats(self) -> list[int]:
        return [seat_count(balance, self.params.min_stake_gwei) for balance in self.balances]

    # --- joining

    def possession(self, key: NodeKey) -> Proof:
        return key.vrf.prove(self.alpha(Tag.REGISTER, key, 0, bytes(32)))

    def registration(
        self, key: NodeKey, stake_wei: int, salt: bytes = bytes(32), proof: Proof | None = None
    ) -> tuple[Any, ...]:
        """Return the call that registers a node which has no gas."""
        domain = fml_domain(self.chain.chain_id, self.chain.deployment.fml)
        signed = authorize_stake(key, domain, self.chain.deployment.alliance, self.task, stake_wei, 2**40, salt)
        possession = (proof or self.possession(key)).to_solidity()
        split = (signed.signature[:32], signed.signature[32:])
        return (
            *("registerWithAuthorization", self.task, key.address, key.vrf.public_x, possession),
            *(stake_wei, signed.valid_after, signed.valid_before, salt, split),
        )

    def join(self, *stakes_fml: int, first: int = 0) -> list[NodeKey]:
        """Register simulated nodes `first`, first + 1, .. with these stakes."""
        joined = [NodeKey.derive(7, first + i) for i in range(len(stakes_fml))]
        for key, stake in zip(joined, stakes_fml, strict=True):
            self.chain.fml("transfer", key.address, stake * FML)
            self.chain.send(*self.registration(key, stake * FML))
            self.chain.credited.add(key.address)
        self.keys += joined
        return joined

    def start(self, *stakes_fml: int) -> "Federation":
        """Register nodes with these stakes and start."""
        self.join(*stakes_fml)
        self.chain.send("start", self.task)
        return self

    # --- a round

    def alpha(self, tag: Tag, key: NodeKey, round_: int, seed: bytes) -> bytes:
        return alpha(self.chain.deployment.alliance, self.chain.chain_id, tag, self.task, round_, key.address, seed)

    def leader(self, tag: Tag = Tag.PROPOSERS, rank: int = 0) -> int:
        """Return who leads at a rank, from the reference model."""
        seats = self.seats() if tag is Tag.PROPOSERS else self._seats_of_voters()
        return leader(self.state["seed"], tag, rank, seats)

    def _seats_of_voters(self) -> list[int]:
        return [member[3] if member[4] == 0 else 0 for member in self.members]

    def proof(self, tag: Tag = Tag.PROPOSERS, rank: int = 0, member: int | None = None) -> Proof:
        """Return the proof of the leader of a rank, or of any other member."""
        state = self.state
        key = self.keys[self.leader(tag, rank) if member is None else member]
        return key.vrf.prove(self.alpha(tag, key, state["round"], state["seed"]))

    def open_call(self, rank: int = 0) -> tuple[Any, ...]:
        return ("openRound", self.task, self.proof(Tag.PROPOSERS, rank).to_solidity())

    def open(self, rank: int = 0) -> list[int]:
        """Open the round, check the draw against the reference model and return the proposers."""
        proof = self.proof(Tag.PROPOSERS, rank)
        self.chain.send("openRound", self.task, proof.to_solidity())
        proposers = self.drawn_proposers
        seats = [member[3] for member in self.members]
        assert proposers == list(draw(output(proof), Tag.PROPOSERS, seats, self.params.proposers))
        return proposers

    def proposal(self, member: int, update: bytes | None = None, **changes: Any) -> bytes:
        """Return a record of a signed proposal; `changes` to domain, key, task or round forge it."""
        update = update or keccak(b"update %d" % member)
        message = Proposal(changes.get("task", self.task), changes.get("round", self.round), update)
        key = changes.get("key") or self.keys[member]
        return _u16(member) + update + message.sign(key, changes.get("domain", self.chain.domain))

    def propose(self, members: Iterable[int] | None = None, by: NodeKey = DEPLOYER) -> Receipt:
        members = self.drawn_proposers if members is None else members
        return self.chain.send("propose", self.task, b"".join(map(self.proposal, members)), by=by)

    def draw_call(self, rank: int = 0) -> tuple[Any, ...]:
        return ("drawVoters", self.task, self.proof(Tag.VOTERS, rank).to_solidity())

    def draw(self, rank: int = 0) -> list[int]:
        """Draw the voters, check the draw against the reference model and return them."""
        seats, proof = self._seats_of_voters(), self.proof(Tag.VOTERS, rank)
        self.chain.send("drawVoters", self.task, proof.to_solidity())
        voters = self.drawn_voters
        assert voters == list(draw(output(proof), Tag.VOTERS, seats, self.params.voters))
        return voters

    def vote(self, member: int, scores: tuple[int, int] = ACCEPT, **changes: Any) -> bytes:
        """Return the signature of a vote."""
        motion = changes.get("motion", MOTION)
        message = Vote(changes.get("task", self.task), changes.get("round", self.round), motion, *scores)
        return message.sign(changes.get("key") or self.keys[member], changes.get("domain", self.chain.domain))

    def record(self, member: int, scores: tuple[int, int] = ACCEPT, flag: int = 0, **changes: Any) -> bytes:
        """Return a record of a revealed vote."""
        old, new = scores
        return _u16(member | flag) + _u32(old) + _u32(new) + self.vote(member, scores, **changes)

    def own(self, member: int, scores: tuple[int, int] = ACCEPT) -> bytes:
        """Return a record of the vote of a member that committed by itself."""
        return self.record(member, scores, flag=0x4000)

    def bare(self, member: int, scores: tuple[int, int] = ACCEPT) -> bytes:
        """Return a record of a listed commitment that is not revealed."""
        return _u16(member | 0x8000) + keccak(self.vote(member, scores))

    def pair(self, member: int, scores: tuple[int, int] = ACCEPT) -> bytes:
        return _u16(member) + keccak(self.vote(member, scores))

    def pairs(self, votes: Mapping[int, tuple[int, int]]) -> bytes:
        return b"".join(self.pair(member, votes[member]) for member in sorted(votes))

    def records(self, votes: Mapping[int, tuple[int, int]]) -> bytes:
        return b"".join(self.record(member, votes[member]) for member in sorted(votes))

    def commit(
        self,
        votes: Mapping[int, tuple[int, int]],
        complete: bool | None = None,
        motion: bytes = MOTION,
        by: NodeKey = DEPLOYER,
    ) -> Receipt:
        if complete is None:
            complete = len(votes) == self.params.voters
        digest = fixed(keccak(self.pairs(votes)), motion)
        return self.chain.send("commitVotes", self.task, digest, complete, by=by)

    def commitment(self, member: int, scores: tuple[int, int] = ACCEPT, **changes: Any) -> tuple[bytes, bytes]:
        """Return the signature of a member's own commitment."""
        signed = Commitment(
            changes.get("task", self.task),
            changes.get("round", self.round),
            changes.get("motion", MOTION),
            changes.get("commitment", keccak(self.vote(member, scores))),
        ).sign(changes.get("key") or self.keys[member], changes.get("domain", self.chain.domain))
        return signed[:32], signed[32:]

    def commit_own_call(
        self, member: int, scores: tuple[int, int], listed: Mapping[int, tuple[int, int]], **changes: Any
    ) -> tuple[Any, ...]:
        """Return the call that commits an omitted voter."""
        commitment = changes.get("commitment", keccak(self.vote(member, scores)))
        signature = self.commitment(member, scores, **changes)
        motion = changes.get("motion", MOTION)
        return ("commitVote", self.task, member, motion, keccak(self.pairs(listed)), commitment, signature)

    def evidence(self, votes: Mapping[int, tuple[int, int]], *accused: int) -> tuple[Any, ...]:
        """Return the call that proves listed voters to withhold."""
        order = sorted(votes)
        records = [_u16(order.index(m)) + b"".join(self.commitment(m, votes[m])) for m in accused]
        return ("proveWithheld", self.task, MOTION, self.pairs(votes), b"".join(records))

    def settle(self, votes: bytes, by: NodeKey = DEPLOYER, candidate: bytes = CANDIDATE) -> dict[str, Any]:
        """Settle and return the event."""
        receipt = self.chain.send("settle", self.task, PREVIOUS, candidate, votes, by=by)
        return self.settled(receipt)

    def settled(self, receipt: Receipt) -> dict[str, Any]:
        (_, event) = self.chain.events(receipt, "RoundSettled")[0]
        return event | {"outcome": Outcome(event["outcome"])}

    def to_votes(self) -> list[int]:
        """Take the task from IDLE to drawn voters, everybody proposing, and return the voters."""
        self.open()
        self.propose()
        return self.draw()

    def ballots(self, scores: Sequence[tuple[int, int]]) -> dict[int, tuple[int, int]]:
        """Return these scores of the drawn voters, in order."""
        return dict(zip(self.drawn_voters, scores, strict=True))

    def play(self, *scores: tuple[int, int]) -> dict[str, Any]:
        """Play a whole round in which everybody acts; voters score in order, all accept if none are given."""
        voters = self.to_votes()
        votes = self.ballots(scores or [ACCEPT] * len(voters))
        self.commit(votes)
        return self.settle(self.records(votes))

    def leave_signature(self, key: NodeKey, task: int | None = None) -> tuple[bytes, bytes]:
        signed = Leave(self.task if task is None else task).sign(key, self.chain.domain)
        return signed[:32], signed[32:]

    def finish_by_abandoning(self) -> None:
        """End the task the slow way, from whatever phase it is in."""
        self.chain.wait_until(self.chain.now + 60 * 86_400)
        self.chain.send("abandon", self.task)

    def pay_out(self) -> None:
        """Withdraw everything from a finished task; nothing may be left in it."""
        for index, member in enumerate(self.members):
            if member[2]:
                self.chain.send("withdraw", self.task, index)
        head, waiting = self.chain.read("queue", self.task)
        for position, queued in enumerate(waiting, head):
            if queued[1]:
                self.chain.send("withdrawQueued", self.task, position)
        if self.pool:
            self.chain.send("withdrawPool", self.task)
        for account in sorted(self.chain.credited):
            if self.chain.read("creditGwei", account):
                self.chain.send("withdrawCredit", account)


def fixed(hash_of_list: bytes, motion: bytes = MOTION) -> bytes:
    """Return what the relayer posts of a motion and a list."""
    return keccak(motion + hash_of_list)


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


@contextmanager
def deployed_task(*stakes_fml: int) -> Iterator[Federation]:
    """The contracts on a chain of their own, with one started task whose members have these stakes."""
    w3 = connect("memory://")
    chain = Chain(w3, deploy(Sender(w3, DEPLOYER)))
    yield Federation.create(chain).start(*stakes_fml)
    close(w3)


@contextmanager
def behind_snapshot(deployed: Federation) -> Iterator[Chain]:
    """The chain as deployed, put back afterwards; by then the contract must hold exactly what it owes."""
    shared = deployed.chain
    mark = shared.rpc("evm_snapshot")
    chain = Chain(shared.w3, shared.deployment, credited=set(shared.credited))
    yield chain
    assert chain.is_conserved()
    shared.rpc("evm_revert", mark)
