"""What a study must show: a measure of its runs, summed up over attacks and seeds, against a limit."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from fl_alliance.lab.cell import Cell
from fl_alliance.lab.outcome import Outcome, Results

NONE, CLEAN = "none", "fedavg"


@dataclass(frozen=True, slots=True)
class Bar:
    """A statement that holds where a measure is at most a limit.

    Attributes
    ----------
    says : str
        The statement in words.
    measure : str
        A name in `MEASURES`; all measures are better when lower.
    most : float
        The limit.
    of : str
        What is held against it: the `worst` run, the `median` run, or the `attack` whose median over seeds is worst.
    data, attacks : sequence of str
        Only these, by the beginning of their names; empty: all. The honest run counts only where it is named.
    method : str
        The rule that must keep it.
    below : bool
        Whether the limit itself is already too much.
    """

    says: str
    measure: str
    most: float = 0.0
    of: str = "attack"
    data: Sequence[str] = ()
    attacks: Sequence[str] = ()
    method: str = "candidates"
    below: bool = False

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise ValueError(f"bar {self.says!r}: measure {self.measure!r}, needs one of {', '.join(MEASURES)}")
        if self.of not in ("worst", "attack", "median"):
            raise ValueError(f"bar {self.says!r}: of {self.of!r}, needs worst, attack or median")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar with what was measured; NaN and no verdict where nothing was."""

    bar: Bar
    median: float
    attack: float
    worst: float
    where: str
    runs: int

    @property
    def holds(self) -> bool | None:
        """Whether the statement is true of what was measured."""
        value = {"median": self.median, "attack": self.attack, "worst": self.worst}[self.bar.of]
        if math.isnan(value):
            return None
        return value < self.bar.most if self.bar.below else value <= self.bar.most


@dataclass
class Table:
    """The results by what they are of, so that one run finds those that it is compared with."""

    results: Results
    _found: dict[tuple[str, str, str, int], Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._found = {(c.data, c.attack, c.method, c.seed): outcome for c, outcome in self.results.items()}

    def clean(self, cell: Cell) -> Outcome | None:
        """Return plain averaging without any attacker on the same data and seed."""
        return self._found.get((cell.data, NONE, CLEAN, cell.seed))

    def beside(self, cell: Cell, method: str) -> Outcome | None:
        """Return another method under the same attack on the same data and seed."""
        return self._found.get((cell.data, cell.attack, method, cell.seed))

    def others(self, cell: Cell) -> list[Outcome]:
        """Return all other methods under the same attack on the same data and seed."""
        # The rule under another reward is no other method.
        names = {other.method for other in self.results if other.method.partition("-")[0] not in cell.method}
        return [found for name in names if (found := self.beside(cell, name)) is not None]


def judge(bar: Bar, table: Table) -> Verdict:
    """Return what the results say of a bar."""
    values: dict[str, list[tuple[float, Cell]]] = {}
    for cell, outcome in table.results.items():
        if _concerns(bar, cell):
            value = MEASURES[bar.measure](cell, outcome, table)
            if value is not None and not math.isnan(value):
                values.setdefault(f"{cell.data} {cell.attack}", []).append((value, cell))
    if not values:
        return Verdict(bar, math.nan, math.nan, math.nan, "", 0)
    all_values = [entry for group in values.values() for entry in group]
    worst, where = max(all_values, key=lambda entry: entry[0])
    attack = max(median(value for value, _ in group) for group in values.values())
    return Verdict(bar, median(value for value, _ in all_values), attack, worst, str(where), len(all_values))


def lost(outcome: Outcome, reference: Outcome) -> float:
    """Return how much worse a final figure is than another: points where higher is better, else a share of it."""
    if outcome.higher_is_better:
        return reference.final - outcome.final
    return outcome.final / reference.final - 1 if math.isfinite(outcome.final) else math.inf


def _concerns(bar: Bar, cell: Cell) -> bool:
    if cell.method != bar.method or (bar.data and not cell.data.startswith(tuple(bar.data))):
        return False
    return cell.attack.startswith(tuple(bar.attacks)) if bar.attacks else cell.attack != NONE


def _gap(cell: Cell, outcome: Outcome, table: Table) -> float | None:
    clean = table.clean(cell)
    return None if clean is None else lost(outcome, clean)


def _behind(cell: Cell, outcome: Outcome, table: Table) -> float | None:
    others = table.others(cell)
    return max(lost(outcome, other) for other in others) if others else None


def _wronged(cell: Cell, outcome: Outcome, table: Table) -> float | None:
    return outcome.honest.slashed[-1] / outcome.honest.members if outcome.honest.slashed else None


def _tokens(cell: Cell, outcome: Outcome, table: Table) -> float | None:
    honest, malicious = outcome.honest.tokens, outcome.malicious.tokens
    return malicious[-1] - honest[-1] if honest and malicious else None


def _voting(cell: Cell, outcome: Outcome, table: Table) -> float | None:
    return outcome.malicious.voting - outcome.honest.voting


def _less_than_majority(side: str, sign: int) -> "Measure":
    def measure(cell: Cell, outcome: Outcome, table: Table) -> float | None:
        other = table.beside(cell, "majority")
        ours = getattr(outcome, side).tokens
        theirs = getattr(other, side).tokens if other is not None else ()
        return sign * (theirs[-1] - ours[-1]) if ours and theirs else None

    return measure


Measure = Callable[[Cell, Outcome, Table], float | None]

MEASURES: Mapping[str, Measure] = {
    "gap": _gap,
    "behind": _behind,
    "wronged": _wronged,
    "backdoor": lambda cell, outcome, table: outcome.backdoor,
    "tokens": _tokens,
    "voting": _voting,
    "honest-below-majority": _less_than_majority("honest", 1),
    "malicious-above-majority": _less_than_majority("malicious", -1),
}
"""Name -> a run's measure, lower is better, None where the run has none.

`gap`: what the final figure has lost against clean FedAvg. `behind`: against the best other method under the same
attack. `wronged`: share of honest members that ever lost anything. `backdoor`: success of the trigger. `tokens`,
`voting`: what a malicious member owns, or earns by a vote, above an honest one, in FML. `honest-below-majority` and
`malicious-above-majority`: what an honest member owns less, and a malicious one more, than under the published rule.
"""
