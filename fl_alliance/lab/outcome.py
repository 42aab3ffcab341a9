"""What a run of the laboratory measured, as one line of JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fl_alliance.folders import FolderError
from fl_alliance.lab.cell import Cell

LAST = 3
"""Rounds whose mean is the final figure: a single round's is noisy where few sites train."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side, the honest or the malicious, had of a run.

    Attributes
    ----------
    members : int
    tokens : sequence of float
        Mean of what a member owns on the task, in FML, from before the first round on.
    slashed : sequence of int
        How many of them had lost anything until then.
    proposing, voting : float
        Mean income of a seat in FML, slashes included; NaN where none of the side sat there.
    """

    members: int
    tokens: Sequence[float] = ()
    slashed: Sequence[int] = ()
    proposing: float = float("nan")
    voting: float = float("nan")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run's measures.

    Attributes
    ----------
    metric, higher_is_better
        The workload's headline figure.
    values : sequence of float
        The figure on everybody's test data, from the untrained model on.
    backdoor : float or None
        How often the trigger works in the end.
    rounds : mapping of str to int
        How many were accepted, rejected and void; empty where nobody judges.
    error : str
        Why the run stopped early; its last model counts as the final one.
    """

    metric: str
    higher_is_better: bool
    values: Sequence[float]
    honest: Side
    malicious: Side
    backdoor: float | None = None
    rounds: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""

    @property
    def final(self) -> float:
        """The mean of the last rounds' figures."""
        last = self.values[-LAST:]
        return sum(last) / len(last)


Results = dict[Cell, Outcome]


def append(path: Path, cell: Cell, outcome: Outcome) -> None:
    """Add a line to a file of results."""
    with path.open("a") as file:
        file.write(json.dumps({"cell": asdict(cell), "outcome": asdict(outcome)}) + "\n")


def read(path: Path) -> Results:
    """Return what a file of results holds; a line that a stopped run left half written is not counted.

    Raises
    ------
    FolderError
        A line is no result.
    """
    return dict(_lines(path)) if path.is_file() else {}


def _lines(path: Path) -> Iterator[tuple[Cell, Outcome]]:
    lines = path.read_text().split("\n")
    for number, line in enumerate(lines[:-1], start=1):  # what stands behind the last line break is half a line
        try:
            content = json.loads(line)
            cell, outcome = content["cell"], content["outcome"]
            outcome |= {name: Side(**outcome[name]) for name in ("honest", "malicious")}
            yield Cell(**{**cell, "words": tuple(cell["words"])}), Outcome(**outcome)
        except (ValueError, TypeError, KeyError) as error:
            raise FolderError(f"{path}:{number}: no result of the laboratory: {error}") from error
