"""The Arena on a chain, as whoever takes part in it calls it; the contract's interface (`IArena.sol`) says the rest.

FML that a call takes is approved before it, exactly as much, unless the Arena may take as much already.
"""

from collections.abc import Iterator, Sequence

from fl_alliance.chain.arena_gas import (
    FINAL_NODES,
    GAS,
    enter_gas,
    reveal_scores_gas,
    settle_gas,
    settlement_batch,
)
from fl_alliance.chain.arena_states import Claim, DayResult, StakeState
from fl_alliance.chain.arena_types import Role, TaskParams
from fl_alliance.chain.arena_view import ARTIFACT, ArenaView
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.commitments import (
    DayTimes,
    assigned_places,
    dataset_b_commitment,
    day_of,
    day_times,
    pack_scores,
    scores_commitment,
    submission_commitment,
    unpack_scores,
)
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.assignment import validator_quota
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.chain.vrf import Proof, output


class Arena(ArenaView):
    """One account's access to a deployed Arena.

    Every method that sends raises a subclass of `Refused` where the contract refuses: `UnknownTask` and `WrongPhase`,
    `TooEarly` and `TooLate` outside its time, and what the method names.

    Parameters
    ----------
    sender : Sender
        The account that takes part, who pays for what it sends. Its VRF key is its key's.
    address : str
        Where the contract is.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        super().__init__(sender.rpc, address)
        self._contract = BoundContract(sender, ARTIFACT, address)
        self._key, self.me = sender.key, sender.address
        self.token = Fml(sender, self.fml)

    # a task's life

    def create_task(self, params: TaskParams) -> int:
        """Create a task and return its number: stake `creator_stake_wei` and pay `daily_wei` for each day in.

        Raises
        ------
        BadParameter
            Day 0 is not after today, or the stake is below the creator's least.
        ERC20InsufficientBalance
        """
        self.token.allow(self.address, params.creator_stake_wei + params.fund_wei)
        receipt = self._contract.send(GAS["createTask"], "createTask", params.to_solidity())
        return int(self._contract.events(receipt, "TaskCreated")[0]["task"])

    def cancel(self, task: int) -> Receipt:
        """End a task before its day 0; only its creator, else `NotAllowed`."""
        return self._send("cancel", task)

    def stake(self, task: int, role: Role, amount_wei: int, lock_days: int = 0, vrf_x: int | None = None) -> StakeState:
        """Stake in a task, or add to what is there, which counts from the next day on; return what is there then.

        Parameters
        ----------
        role : Role
            NODE or VALIDATOR, and the same each time.
        amount_wei : int
            What comes in; the own stake must reach the role's least with it.
        lock_days : int
            For how long the whole own stake is locked from now, 0 to 365, no less than it was.
        vrf_x : int, optional
            A validator's key at its first stake, that of this account's key unless another is given; 0: none.

        Raises
        ------
        WrongRole, StakeTooLow, BadParameter, ERC20InsufficientBalance
        """
        if vrf_x is None:
            is_first = role is Role.VALIDATOR and self.my(task).role is Role.NONE
            vrf_x = self._key.vrf.public_x if is_first else 0
        self.token.allow(self.address, amount_wei)
        self._send("stake", task, int(role), amount_wei, lock_days, vrf_x)
        return self.my(task)

    def open_pool(self, task: int, sigma_bps: int) -> str:
        """Open this account's pool and return its address; raises `PoolExists`, `WrongRole`, `BadParameter`.

        `sigma_bps` is what the account takes of its delegators' earnings, of 10,000.
        """
        receipt = self._send("openPool", task, sigma_bps)
        return checksum(self._contract.events(receipt, "PoolOpened")[0]["pool"])

    def unlock(self, task: int, account: str | None = None) -> int:
        """Pay an account's stake out to it, this one's unless another is named, and return how much, in wei.

        A creator gets what is left of the daily rewards with it. Anybody may call, once the task is completed and the
        lock over, or the task is cancelled.

        Raises
        ------
        NothingThere
        """
        receipt = self._send("unlock", task, account or self.me)
        return int(self._contract.events(receipt, "Unlocked")[0]["amountWei"])

    def claim(self, task: int, day: int, account: str | None = None) -> Claim:
        """Pay an account, this one unless another is named, what it can claim for a day, and return that.

        Anybody may call. Raises `NothingThere` where nothing is left to pay, `UnknownDay`.
        """
        receipt = self._send("claim", task, day, account or self.me)
        found = self._contract.events(receipt, "Claimed")[0]
        return Claim(found["paidWei"], found["feeWei"], found["pushedWei"])

    # nodes

    def commit_submission(self, task: int, commitment: bytes) -> int:
        """Commit to a model by its `submission_commitment`, with the task's fee, and return its place of the day.

        Raises
        ------
        WrongRole, StakeTooLow, AlreadyDone, DayFull, ERC20InsufficientBalance
        """
        self.token.allow(self.address, self.params(task).submission_fee_wei)
        receipt = self._send("commitSubmission", task, commitment)
        return int(self._contract.events(receipt, "SubmissionCommitted")[0]["place"])

    def reveal_submission(self, task: int, digest: bytes, parameters: int, salt: bytes) -> bool:
        """Reveal it, and return whether it takes part: False where it is over the limit or a copy.

        A copy may also turn out to be one later, when what it copies is revealed.

        Raises
        ------
        WrongOpening, AlreadyDone
        """
        receipt = self._send("revealSubmission", task, digest, parameters, salt)
        return bool(self._contract.events(receipt, "SubmissionRevealed")[0]["verdict"] == 1)

    # validators

    def prove(self, task: int, day: int) -> Proof:
        """Return this account's VRF proof for a day; its output is final once the reveals are over."""
        return self._key.vrf.prove(self.score_alpha(task, day))

    def quota(self, task: int) -> int:
        """Return how many submissions this account would score today; 0 where its stake is too small or no validator's.

        That of a day is at most the number of its places.
        """
        params, mine = self.params(task), self.my(task)
        if mine.role is not Role.VALIDATOR:
            return 0
        return validator_quota(mine.weight_gwei * WEI_PER_GWEI, params.min_validator_stake_wei, params.validator_limit)

    def assignment(self, task: int, day: int) -> tuple[int, ...]:
        """Return the places that this account scores today, in their order, once the reveals are over."""
        return assigned_places(output(self.prove(task, day)), self.quota(task), self.day_state(task, day).commits)

    def commit_scores(self, task: int, commitment: bytes) -> int:
        """Commit to scores by their `scores_commitment`, and return how many places the validator is to score.

        Raises
        ------
        WrongRole, StakeTooLow, NoQuota, NothingToScore, AlreadyDone, DayFull
        """
        receipt = self._send("commitScores", task, commitment)
        return int(self._contract.events(receipt, "ScoresCommitted")[0]["quota"])

    def reveal_scores(self, task: int, proof: Proof, scores: Sequence[int], salt: bytes) -> Receipt:
        """Reveal scores, one for each place of the day, with the `prove` of that day.

        Raises
        ------
        ValueError
            A score is out of its range.
        WrongOpening, WrongLength, VrfProofRejected, AlreadyDone
        """
        words = pack_scores(scores)
        gas = reveal_scores_gas(len(words))
        return self._contract.send(gas, "revealScores", task, proof.to_solidity(), words, salt)

    # settlement, which anybody may do

    def settle(self, task: int, day: int, count: int) -> int:
        """Settle the next `count` places and, after them, validators of a day, and return how many are left.

        `settle_all` chooses batches that fit a transaction.

        Raises
        ------
        NothingThere, UnknownDay
        """
        gas = settle_gas(count, self.day_state(task, day).revealed)
        self._contract.send(gas, "settle", task, day, count)
        return self.day_state(task, day).left

    def settle_all(self, task: int, day: int) -> int:
        """Settle all that is left of a day, and return in how many transactions; none where nothing is."""
        state, sent = self.day_state(task, day), 0
        left = state.left
        while left:
            left = self.settle(task, day, min(left, settlement_batch(state.revealed)))
            sent += 1
        return sent

    def finish_day(self, task: int, day: int) -> DayResult:
        """Finish a day that is over and settled, and return what it came to.

        Raises
        ------
        WrongDay
            Days are finished in order.
        NotSettled
            `settle` first.
        DayNotClosed
            The emission's day must be closed (`Emission.catch_up`).
        """
        receipt = self._send("finishDay", task, day)
        found = self._contract.events(receipt, "DayFinished")[0]
        names = ("rewardWei", "drawnWei", "nodesNowWei", "nodesHeldWei", "validatorsNowWei", "validatorsHeldWei")
        return DayResult(*(found[name] for name in names))

    def reveal_dataset_b(self, task: int, digest: bytes, salt: bytes) -> Receipt:
        """Open the commitment to dataset B, in the first two windows of the B day; by whoever can.

        Raises
        ------
        WrongOpening, AlreadyDone
        """
        return self._send("revealDatasetB", task, digest, salt)

    def enter_final(self, task: int, nodes: Sequence[str]) -> dict[str, int]:
        """Enter nodes' best submissions into the B day, and return the place of each that was not there before.

        In as many transactions as it takes, in the first two windows of the B day, once all other days are finished.

        Raises
        ------
        WrongDay
            Another day is not finished.
        NothingToEnter
            One of them has no submission with a consensus below the worst.
        """
        entered: dict[str, int] = {}
        for portion in _portions(nodes):
            receipt = self._contract.send(enter_gas(len(portion)), "enterFinal", task, portion)
            for event in self._contract.events(receipt, "FinalEntered"):
                entered[checksum(event["node"])] = event["place"]
        return entered

    def set_min_creator_stake(self, min_wei: int) -> Receipt:
        """Set the least stake of a creator, in wei; only the DAO, else `AccessControlUnauthorizedAccount`."""
        return self._contract.send(GAS["setMinCreatorStake"], "setMinCreatorStake", min_wei)

    # what is read

    def my(self, task: int) -> StakeState:
        """Return this account's part in a task."""
        return self.stake_of(task, self.me)

    def _send(self, name: str, *args: object) -> Receipt:
        return self._contract.send(GAS[name], name, *args)


def _portions(nodes: Sequence[str]) -> Iterator[list[str]]:
    for first in range(0, len(nodes), FINAL_NODES):
        yield list(nodes[first : first + FINAL_NODES])


__all__ = [
    "Arena",
    "ArenaView",
    "DayTimes",
    "assigned_places",
    "dataset_b_commitment",
    "day_of",
    "day_times",
    "pack_scores",
    "scores_commitment",
    "submission_commitment",
    "unpack_scores",
]
