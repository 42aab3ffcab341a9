"""Gauge votes beside a role's work: after each step of a day it looks whether some are to be applied for its task."""

from dataclasses import dataclass

from fl_alliance.arena.events import Event
from fl_alliance.arena.role import Desk, Role
from fl_alliance.arena.task import Task
from fl_alliance.chain.deploy import Deployment
from fl_alliance.governance.vote_keeping import VoteKeeper


@dataclass(frozen=True, slots=True)
class VotesApplied(Event):
    """What gauge votes moved, or why they did not."""

    what: str

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return self.what


class VoteFollower(Role):
    """Applies gauge votes that raise its task's share; it follows the keeper that works at the same desk.

    Parameters
    ----------
    market : Deployment
        Which may have gauges.
    """

    def __init__(self, desk: Desk, task: Task, market: Deployment) -> None:
        super().__init__(desk, task)
        self._votes = VoteKeeper(desk.sender, market, lambda what: desk.tell(VotesApplied(task.number, desk.me, what)))

    def submit(self, day: int) -> None:
        """Look, as after every other step of a day."""
        del day
        self._votes.weigh_for(self.arena.address, self.number)

    reveal = score = reveal_scores = settle = close = submit
