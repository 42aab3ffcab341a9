"""What happens to one member of a task, in plain words, from its chain alone."""

from collections.abc import Callable

from fl_alliance.amounts import fml
from fl_alliance.bookkeeping import Bookkeeper
from fl_alliance.books import Member, Round
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.history import calls_on_chain
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.reasons import by_member
from fl_alliance.chain.types import Phase, Standing

_DID = {
    Standing.SILENT_PROPOSER: "was drawn to train and sent nothing",
    Standing.PROPOSED: "trained and proposed its update",
    Standing.SILENT_VOTER: "was drawn to vote and did not",
    Standing.VOTED_YES: "voted",
    Standing.VOTED_NO: "voted",
    Standing.WITHHELD: "committed to a vote and did not reveal it",
    Standing.COMMITTED: "committed to a vote and did not reveal it",
    Standing.LATE: "committed to a vote too late",
    Standing.LATE_YES: "voted, too late to count for pay",
    Standing.LATE_NO: "voted, too late to count for pay",
}


class Watch:
    """Follows a task and tells what concerns one address.

    Parameters
    ----------
    rpc : Rpc
        The hospital's own endpoint of the chain.
    deployment : Deployment
        Where the contracts are.
    task : int
    address : str
        The member's.
    say : callable
        Told each thing once.
    """

    def __init__(
        self, rpc: Rpc, deployment: Deployment, task: int, address: str, say: Callable[[str], None] = print
    ) -> None:
        self._rpc, self._deployment, self._say = rpc, deployment, say
        self.task, self.address = task, address
        self._keeper = Bookkeeper(deployment, task)
        self._next = deployment.block
        self._told: set[tuple[str, int]] = set()
        self._rounds = 0

    @property
    def model(self) -> TaskModel:
        """The task as its rules say it stands; raises `UnknownTask`."""
        return self._keeper.models.task(self.task)

    @property
    def member(self) -> Member | None:
        """The member, None before it is one."""
        if self.task not in self._keeper.models.tasks:
            return None
        return next((one for one in self._keeper.members() if one.address == self.address), None)

    @property
    def rounds(self) -> int:
        """How many rounds have ended."""
        return self._rounds

    @property
    def is_paid_out(self) -> bool:
        """Whether the task is over and everything that was the member's has left the contract."""
        member = self.member
        return member is not None and self.model.stored_phase is Phase.FINISHED and member.held_gwei == 0

    @property
    def is_too_late(self) -> bool:
        """Whether the task has begun, or ended, without this address."""
        return self.member is None and self.model.stored_phase is not Phase.REGISTRATION

    def catch_up(self) -> None:
        """Read what the chain has, and say in one line what concerns the past."""
        say, self._say = self._say, lambda words: None
        self.look()
        self._say = say
        if self._rounds and (member := self.member) is not None:
            say(f"rounds ended so far: {self._rounds}; {self._account(member)}")

    def look(self) -> None:
        """Read the chain's new blocks and tell what is new; raises as the chain does."""
        latest = self._rpc.number("eth_blockNumber")
        while self._next <= latest:
            for call in calls_on_chain(self._rpc, self._deployment.alliance, self._next, self._next):
                self._keeper.take(call)
                self._tell()
            self._next += 1

    def _tell(self) -> None:
        member = self.member
        if member is None:
            return
        model = self.model
        self._once("joined", 0, f"registered as member {member.index} with a stake of {fml(member.stake_gwei)} FML")
        if model.stored_phase is not Phase.REGISTRATION:
            self._once("started", 0, f"the task has begun: {len(model.balances)} members, {model.params.rounds} rounds")
        for ended in self._keeper.rounds[self._rounds :]:
            self._rounds = ended.number
            self._say(self._ended(ended, member))
        self._tell_draws(model, member)
        if self.is_paid_out:
            self._once("paid", 0, self.payout(member))

    def _tell_draws(self, model: TaskModel, member: Member) -> None:
        committee, phase = model.committee, model.stored_phase
        if phase in (Phase.PROPOSING, Phase.LOCKED, Phase.COMMITTING, Phase.REVEALING):
            standing = committee.standings.get(member.index, Standing.NONE)
            if standing.is_proposer:
                self._once("drawn", committee.number, f"round {committee.number}: drawn as proposer; training")
            if standing.is_voter:
                self._once("drawn", committee.number, f"round {committee.number}: drawn as voter; judging the models")

    def _ended(self, ended: Round, member: Member) -> str:
        standing = ended.standings.get(member.index)
        did = _DID[standing] if standing else "was not drawn"
        deltas, reasons = by_member(ended.lines)
        won = deltas.get(member.index, 0)
        pay = f", {fml(won, sign=True)} FML ({reasons[member.index]})" if won else ""
        return f"round {ended.number} ended, {ended.outcome}: this hospital {did}{pay}; {self._account(member)}"

    def _account(self, member: Member) -> str:
        earned = fml(member.won_gwei - member.lost_gwei, sign=True)
        escrow = f" and {fml(member.escrow_gwei)} held back" if member.escrow_gwei else ""
        return f"balance {fml(member.balance_gwei)} FML{escrow}, earned {earned} FML in all"

    def payout(self, member: Member) -> str:
        """Return what came of the member's stake."""
        earned = fml(member.won_gwei - member.lost_gwei, sign=True)
        return (
            f"the task is over: {fml(member.withdrawn_gwei)} FML paid out to {self.address}, "
            f"staked {fml(member.stake_gwei)}, earned {earned}"
        )

    def _once(self, what: str, number: int, words: str) -> None:
        if (what, number) not in self._told:
            self._told.add((what, number))
            self._say(words)
