"""What an account's part in a task came to, day by day: claimed, and told in plain words.

A training node looks after its own claims when a day is over, but a day is finished by whoever keeps the task, which
may be later. So this role follows every step of the one that works, looks whether days were finished since, claims and
tells.
"""

from dataclasses import dataclass

from fl_alliance.arena.events import Event, fml
from fl_alliance.arena.role import Desk, Role, claim_for
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_states import DayState, Submission, Validation
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.market_events import arena_events
from fl_alliance.chain.rules.arena_pay import paid
from fl_alliance.market.units import losses, ordinal


@dataclass(frozen=True, slots=True)
class DayOver(Event):
    """What a finished day came to for the account."""

    day: int
    what: str
    earned_wei: int
    held_wei: int
    total_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        held = f", {fml(self.held_wei)} more are decided on the last day" if self.held_wei else ""
        return f"day {self.day} is over: {self.what}; earned {fml(self.earned_wei)}{held}; {fml(self.total_wei)} in all"


@dataclass(frozen=True, slots=True)
class Earned(Event):
    """What the account has from the task when it leaves."""

    total_wei: int
    balance_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"task {self.task} is over: earned {fml(self.total_wei)}, the account holds {fml(self.balance_wei)}"


class Bookkeeper(Role):
    """Claims what the account is due and tells what each day came to; it follows the role that works at the same desk.

    Parameters
    ----------
    market : Deployment
        Whose events tell what was claimed before this process began.
    """

    def __init__(self, desk: Desk, task: Task, market: Deployment) -> None:
        super().__init__(desk, task)
        self._market = market
        self._told: int | None = None

    # --- every step is followed by a look

    def join(self) -> None:
        """Note which days were told before: only later ones are news."""
        if self._told is None:
            entry = self.desk.journal.read("told")
            self._told = int(entry["days"]) if entry else 0
        self._look()

    def open_final(self) -> None:
        """Look."""
        self._look()

    def submit(self, day: int) -> None:
        """Look, as after every other step of a day."""
        self._look()

    reveal = score = reveal_scores = settle = close = submit

    def leave(self) -> None:
        """Look once more, and tell what the task came to."""
        self._look()
        total, balance = self.claimed_wei(), self.arena.token.balance_wei()
        self.desk.tell(Earned(self.number, self.me, total, balance))

    # --- how

    def _look(self) -> None:
        finished, told = self.arena.state(self.number).finished_days, self._told or 0
        if finished <= told:
            return
        claim_for(self.desk, self.number, self.me)
        total = self.claimed_wei()
        for day in range(told, finished):
            if (over := self._over(day, total)) is not None:
                self.desk.tell(over)
        self._told = finished
        self.desk.journal.write("told", {"days": finished})

    def _over(self, day: int, total_wei: int) -> DayOver | None:
        """Return what a day came to; None where the account was not in the task yet."""
        entry, state = self.arena.entry_of(self.number, day, self.me), self.arena.day_state(self.number, day)
        role = self.arena.my(self.number).role
        if entry is None:
            verb = "submitted" if role is StakeRole.NODE else "scored"
            return DayOver(self.number, self.me, day, f"{verb} nothing", 0, 0, total_wei)
        if role is StakeRole.NODE:
            submission = self.arena.submission(self.number, day, entry)
            parts = state.nodes_now_wei, state.nodes_held_wei
            return self._made(day, submission, parts, self._rank(day, entry, submission), total_wei)
        validation = self.arena.validation(self.number, day, entry)
        parts = state.validators_now_wei, state.validators_held_wei
        return self._made(day, validation, parts, _judged(validation, state), total_wei)

    def _made(
        self, day: int, part: Submission | Validation, pools_wei: tuple[int, int], what: str, total_wei: int
    ) -> DayOver:
        now, held = (paid(pool, part.share_wad) for pool in pools_wei)
        return DayOver(self.number, self.me, day, what, now, held if day < self.calendar.last else 0, total_wei)

    def _rank(self, day: int, place: int, submission: Submission) -> str:
        if submission.verdict is Verdict.COMMITTED:
            return "the model was not revealed, the fee is lost"
        if submission.verdict is Verdict.UNSCORED:
            return "no validator scored the model, the fee comes back"
        if submission.verdict is not Verdict.RANKED:
            return f"the model was refused: the fee is lost, and {self.params.slash_bps / 100:g} % of the stake"
        count = self.arena.day_state(self.number, day).commits
        ranking, said = self.arena.ranking(self.number, day), losses(self.spec, submission.score)
        if place in ranking:
            return f"{ordinal(ranking.index(place) + 1)} of {count}, {said}"
        return f"not among the {len(ranking)} that are paid, {said}"

    def claimed_wei(self) -> int:
        """Return what the account itself was paid in this task so far, fees that came back apart."""
        last = self.arena.rpc.number("eth_blockNumber")
        return sum(
            event.values["paidWei"]
            for event in arena_events(self.arena.rpc, self._market, self._market.block, last)
            if event.name == "Claimed" and event.values["task"] == self.number and event.values["account"] == self.me
        )


def _judged(validation: Validation, state: DayState) -> str:
    if not validation.is_revealed:
        return "the scores were not revealed, a part of the stake is lost"
    share = validation.share_wad / 10**16
    return f"scored {validation.scored} of {state.commits} models, {share:.1f} % of what validators earn"
