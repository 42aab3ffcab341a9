"""Run many cells, on as many processes as asked for, and keep every result as soon as it is there."""

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.folders import FolderError
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.outcome import Outcome, Results, append, read
from fl_alliance.lab.runner import run_cell

RESULTS = "results.jsonl"
PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; `left_s` is what the rest takes if it goes on as it did."""

    cell: Cell
    outcome: Outcome
    done: int
    all: int
    left_s: float


def run_all(cells: Sequence[Cell], folder: Path, workers: int, told: Callable[[Progress], None]) -> Results:
    """Return the results of all cells; those that the folder already holds are not run again.

    Results are written one by one, so whatever ends this, nothing that is done is lost.
    """
    path = folder / RESULTS
    known = {cell.key: outcome for cell, outcome in read(path).items()}
    results = {cell: known[cell.key] for cell in cells if cell.key in known}
    to_do, started = [cell for cell in cells if cell not in results], time.monotonic()
    for count, (cell, outcome) in enumerate(_outcomes(to_do, workers), start=1):
        append(path, cell, outcome)
        results[cell] = outcome
        left_s = (time.monotonic() - started) / count * (len(to_do) - count)
        told(Progress(cell, outcome, len(results), len(cells), left_s))
    return {cell: results[cell] for cell in cells}


def keep_plan(folder: Path, words: Sequence[str], study: str | None) -> None:
    """Write down what a sweep was asked for, so that it can go on."""
    (folder / PLAN).write_text(json.dumps({"words": list(words), "study": study}) + "\n")


def _outcomes(cells: Sequence[Cell], workers: int) -> Iterator[tuple[Cell, Outcome]]:
    if workers == 1 or len(cells) < 2:
        yield from ((cell, run_cell(cell)) for cell in cells)
        return
    # Processes of their own: torch and the chain's machine are not made to share one.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=_ignore_interrupts) as pool:
        yield from pool.imap_unordered(_run, cells)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that then ends this one


def _run(cell: Cell) -> tuple[Cell, Outcome]:
    return cell, run_cell(cell)


def read_plan(folder: Path) -> tuple[list[str], str | None]:
    """Return what a sweep was asked for; raises `FolderError` where the folder is none of a sweep."""
    try:
        content = json.loads((folder / PLAN).read_text())
        return list(content["words"]), content["study"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{folder}: no sweep to go on with ({folder / PLAN} cannot be read)") from error
