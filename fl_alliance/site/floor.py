"""The privacy that a site asks of a task before it trains or votes: its policy's section `privacy`."""

from collections.abc import Iterator
from dataclasses import dataclass

from fl_alliance.site.reading import ANY, Item
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import Facts

_UNITS = ("none", "record", "patient")
"""What `dp.unit` can be, from what protects nobody to what protects most."""
_MAX_EPSILON = 1e6
_SLACK = 1e-9
"""For what two ways of adding the same floats differ by."""


@dataclass(frozen=True, slots=True)
class PrivacyFloor:
    """What a task's settings must promise; None is `any` in the file.

    Attributes
    ----------
    unit : str or None
        Whom training must protect at least: `record`, or `patient`, which is more.
    epsilon, delta : float or None
        The largest promise of a task, over all its rounds, the noise of votes in it.
    masks : bool
        Whether updates must leave behind masks.
    score_epsilon : float or None
        The largest `rule.score_epsilon` of a round; 0, which is no noise at all, only with None.
    lifetime_epsilon : float or None
        What all tasks together may spend on one data set, at `delta`, by the data set's ledger.
    """

    unit: str | None
    epsilon: float | None
    delta: float | None
    masks: bool
    score_epsilon: float | None
    lifetime_epsilon: float | None

    def refusal(self, facts: Facts) -> Reason | None:
        """Ask whether a task promises enough."""
        if self.unit is not None and _UNITS.index(facts.unit) < _UNITS.index(self.unit):
            return Reason.UNIT
        if _exceeds(facts.epsilon, self.epsilon) or (self.unit is not None and _exceeds(facts.delta, self.delta)):
            return Reason.PROMISE
        if self.masks and not facts.masks:
            return Reason.MASKS
        if self.score_epsilon is not None and not 0 < facts.score_epsilon <= self.score_epsilon:
            return Reason.SCORES
        return None

    @property
    def asks_nothing(self) -> bool:
        """Whether any task promises enough."""
        return self == PrivacyFloor(None, None, self.delta, masks=False, score_epsilon=None, lifetime_epsilon=None)

    def told(self) -> Iterator[str]:
        """Yield what it asks for, in plain words."""
        if self.unit is None:
            yield "updates need no noise"
        else:
            most = f", epsilon of a task at most {self.epsilon:g}" if self.epsilon is not None else ""
            at = f" at delta at most {self.delta:g}" if self.delta is not None else ""
            yield f"updates need noise that protects each {self.unit}{most}{at}"
        if self.masks:
            yield "updates need masks"
        if self.score_epsilon is None:
            yield "votes need no noise"
        else:
            yield f"votes need noise: epsilon of a round at most {self.score_epsilon:g}"
        if self.lifetime_epsilon is not None:
            most = f"epsilon {self.lifetime_epsilon:g} at delta {self.delta:g}"
            yield f"all tasks together spend at most {most} on its data"


def read_floor(item: Item) -> PrivacyFloor:
    """Return the floor that a policy's section says; raises `PolicyInvalid`."""
    unit, epsilon, delta, masks, scores, lifetime = item.section(
        "unit", "epsilon", "delta", "masks", "score_epsilon", "lifetime_epsilon"
    )
    protected = unit.word((ANY, *_UNITS[1:]))
    floor = PrivacyFloor(
        None if protected == ANY else protected,
        _above_zero(epsilon, _MAX_EPSILON),
        _above_zero(delta, 0.1),
        masks.word((ANY, "yes")) == "yes",
        _above_zero(scores, _MAX_EPSILON),
        _above_zero(lifetime, _MAX_EPSILON),
    )
    is_bounded = floor.epsilon is not None or floor.lifetime_epsilon is not None
    if is_bounded and floor.unit is None:
        unit.fail("record or patient, for epsilon and lifetime_epsilon count nothing without noise on updates")
    if is_bounded and floor.delta is None:
        delta.fail("a number far below 1 / patients, for an epsilon says nothing without it")
    if floor.lifetime_epsilon is not None and floor.score_epsilon is None:
        scores.fail("a number, for a lifetime_epsilon counts nothing without noise on scores")
    return floor


def _above_zero(item: Item, most: float) -> float | None:
    if item.has_word(ANY):
        return None
    value = item.number(0, most)
    if value == 0:
        item.fail(f"{ANY}, or a number above 0")
    return value


def _exceeds(value: float, most: float | None) -> bool:
    return most is not None and value > most * (1 + _SLACK)
