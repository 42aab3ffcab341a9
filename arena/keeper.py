"""The keeper: what moves a task on, which anybody may do. Several may race; who comes second finds it done."""

from collections.abc import Sequence

from fl_alliance.arena.calendar import Window
from fl_alliance.arena.events import DayFinished, DaysClosed, FinalEntered
from fl_alliance.arena.role import Desk, Role, claim_for
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.chain.rules.arena_consensus import WORST


class Keeper(Role):
    """Settles and finishes days, closes the emission's, enters the last day's submissions, and claims for others.

    Parameters
    ----------
    beneficiaries : sequence of str
        Accounts to claim for; they are paid, not the keeper.
    """

    def __init__(self, desk: Desk, task: Task, beneficiaries: Sequence[str] = ()) -> None:
        super().__init__(desk, task)
        self.beneficiaries = tuple(beneficiaries)

    def settle(self, day: int) -> None:
        """Settle what is left of a day and of those before it, in batches that fit a transaction."""
        for earlier in range(self.arena.state(self.number).finished_days, day + 1):
            self.arena.settle_all(self.number, earlier)

    def close(self, day: int) -> None:
        """Close the emission's days, finish the task's up to this one, and claim."""
        if self.arena.state(self.number).phase is Phase.ACTIVE:
            self.settle(day)
            self._close_emission()
            self._finish(day)
        for account in self.beneficiaries:
            claim_for(self.desk, self.number, account)

    def open_final(self) -> None:
        """Enter every node that has a submission to enter."""
        self.close(self.calendar.last - 1)
        last = self.calendar.last
        left = [node for node in self.finalists() if self.arena.entry_of(self.number, last, node) is None]
        if left:
            entered = self.arena.enter_final(self.number, left)
            self.desk.tell(FinalEntered(self.number, self.me, len(entered)))

    def leave(self) -> None:
        """Claim what the last day paid."""
        self.close(self.calendar.last)

    def missed(self, day: int, window: Window) -> None:
        """Say where the last day's submissions were not entered by anybody."""
        is_final = day == self.calendar.last and window is Window.SUBMIT
        if is_final and not self.arena.day_state(self.number, day).commits:
            what = "nobody entered the best submissions in time"
            self.tell_missed(day, what, "what was held of each day is paid by that day's own shares")

    def finalists(self) -> list[str]:
        """Return the nodes that have a submission with a consensus below the worst, the first to submit first."""
        nodes: dict[str, None] = {}
        for day in range(self.calendar.last):
            nodes |= dict.fromkeys(found.node for found in self.arena.submissions(self.number, day))
        stakes = {node: self.arena.stake_of(self.number, node) for node in nodes}
        return [node for node in nodes if stakes[node].role is StakeRole.NODE and stakes[node].best_score != WORST]

    def _close_emission(self) -> None:
        if closed := self.desk.emission.catch_up(self.desk.clock.now()):
            self.desk.tell(DaysClosed(self.number, self.me, closed))

    def _finish(self, day: int) -> None:
        emission = self.desk.emission
        if emission.is_paused and emission.has_earned(self.arena.address, self.number):
            return  # its share of a day waits, and is lost by who does not
        for due in range(self.arena.state(self.number).finished_days, day + 1):
            if self.desk.clock.now() < self.calendar.day(due).over_at:
                return
            result = self.arena.finish_day(self.number, due)
            self.desk.tell(DayFinished(self.number, self.me, due, result.reward_wei, result.drawn_wei))
