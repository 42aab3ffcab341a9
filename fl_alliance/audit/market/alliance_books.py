"""What the rules make of an Alliance's tasks that the emission pays: their members' delegators, days and rewards.

The Alliance itself is a model here too (`chain/mirror.py`), kept in step with every call on the chain: seats, own
balances and the second of the last acceptance are recomputed, not asked for.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fl_alliance.audit.market.emission import EmissionBooks, at
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.alliance_pay import delegators_share
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.types import WEI_PER_GWEI, Phase

if TYPE_CHECKING:
    from fl_alliance.audit.market.step import Addresses

MOST_STEPS = 64
"""Rewards that one claim goes through at most."""
_FOREVER = 2**40 - 1
"""When a task ends that has not: it does not tell."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What a task's delegators were paid for a day, and their weights' sum at its end."""

    day: int
    delegated_wei: int
    weight: int


@dataclass(slots=True)
class Delegated:
    """A member's delegators: what counts of their pool, its weights by day, and how many rewards it has claimed."""

    pool: str
    member: int
    claimed: int
    counted_wei: int = 0
    supply: int = 0
    weights: dict[int, int] = field(default_factory=dict)

    def due_wei(self, rewards: list[Paid], end: int) -> int:
        """Return what it gets of the rewards from its next one to before `end`."""
        return sum(
            delegators_share(paid.delegated_wei, at(self.weights, paid.day), paid.weight)
            for paid in rewards[self.claimed : end]
        )


@dataclass(slots=True)
class AllianceTask:
    """A task of the Alliance, as its market keeps it.

    Attributes
    ----------
    accepted_at : dict of int to int
        Day of the emission -> second of an acceptance that was noted.
    first_day : int
        The first day that a pool can have earned something of.
    """

    number: int
    model: TaskModel
    first_day: int = 0
    delegations: dict[str, Delegated] = field(default_factory=dict)
    rewards: list[Paid] = field(default_factory=list)
    accepted_at: dict[int, int] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.model.stored_phase not in (Phase.REGISTRATION, Phase.FINISHED)

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.model.stored_phase is Phase.FINISHED

    @property
    def ends_at(self) -> int:
        """Second from which on nobody delegates."""
        return self.model.phase_at if self.is_finished else _FOREVER

    def seated_gwei(self, member: int) -> int:
        """Return what a member holds, if the task runs and that is a seat at least."""
        held = self.model.balances[member]
        return held if self.is_running and held >= self.model.params.min_stake_gwei else 0

    @property
    def own_gwei(self) -> int:
        """What all members with a seat hold."""
        return sum(map(self.seated_gwei, range(len(self.model.balances))))

    @property
    def counted_wei(self) -> int:
        """What counts of all pools."""
        return sum(delegated.counted_wei for delegated in self.delegations.values())

    @property
    def stake_gwei(self) -> int:
        """What the emission counts of it; nothing where no member has a seat."""
        own = self.own_gwei
        return own + self.counted_wei // WEI_PER_GWEI if own else 0

    def weight_at(self, day: int) -> int:
        """Return the sum of all pools' weights at the end of a day."""
        return sum(at(delegated.weights, day) for delegated in self.delegations.values())


@dataclass(slots=True)
class AllianceBooks:
    """The market of an Alliance's tasks.

    Attributes
    ----------
    address, alliance : str
        The market's and the Alliance's.
    owed_wei : int
        What came for delegators and was not claimed, with what rounding left of claims.
    funded : list of (int, int)
        Task and gwei of what the running transaction has paid into pools of tasks, by the rules.
    """

    address: str
    alliance: str
    models: AllianceModel
    tasks: dict[int, AllianceTask] = field(default_factory=dict)
    pools: int = 0
    owed_wei: int = 0
    funded: list[tuple[int, int]] = field(default_factory=list)

    def task(self, number: int) -> AllianceTask:
        """Return a task; raises `UnknownTask`."""
        model = self.models.task(number)
        return self.tasks.setdefault(number, AllianceTask(number, model))

    def is_accepted(self, task: AllianceTask, day: int, emission: EmissionBooks) -> bool:
        """Return whether a round was accepted on a day, as far as that is still known."""
        begins_at = emission.start_at + day * DAY_S
        return any(begins_at <= second < begins_at + DAY_S for second in self._seconds(task, day))

    def is_due(self, task: AllianceTask, day: int, emission: EmissionBooks, now: int) -> bool:
        """Return whether a day that is over can still be drawn."""
        key = (self.address, task.number)
        if not self.is_accepted(task, day, emission) or key not in emission.records or not emission.stake(key, day):
            return False
        if day >= len(emission.days):
            return daily_wei(day) > 0
        return emission.drawable(key, day, now) > 0

    @staticmethod
    def _seconds(task: AllianceTask, day: int) -> tuple[int, int]:
        return task.model.accepted_at, task.accepted_at.get(day, -1)


def alliance_of(addresses: "Addresses") -> AllianceBooks | None:
    """Return empty books of the market of an Alliance's tasks, None where there is none."""
    if addresses.alliance_market is None or addresses.alliance is None:
        return None
    domain = Domain(addresses.chain_id, addresses.alliance)
    return AllianceBooks(
        addresses.alliance_market, addresses.alliance, AllianceModel(domain, addresses.fml, addresses.rule)
    )
