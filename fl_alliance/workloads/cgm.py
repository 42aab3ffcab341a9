"""Continuous glucose monitoring: reading a CSV of sensor readings, and cutting it into windows."""

import csv
import gzip
import importlib.metadata
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fl_alliance.workloads.errors import WorkloadError

COLUMNS = ("patient", "time", "glucose_mg_dl")
STEP_MIN = 5
HISTORY = 24
"""Readings a prediction sees: two hours."""
TOLERANCE_MIN = 1.0
"""A step of 4 to 6 minutes is one sampling step; anything else is a gap, and no window crosses a gap."""
LOWEST_MG_DL, HIGHEST_MG_DL = 20.0, 600.0
"""Outside these no sensor reports; mmol/L, about 18 times smaller, falls outside."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One patient's readings in order of time: minutes since 1970, and glucose in mg/dL.

    `measured` says which of them a sensor gave, where some lie on a straight line between two that it gave.
    """

    patient: str
    minutes: NDArray[np.float64]
    glucose: NDArray[np.float32]
    measured: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one trace: `history` (n, HISTORY) and `target` (n,) in mg/dL, first and last minute of each."""

    history: NDArray[np.float32]
    target: NDArray[np.float32]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]


def shipped(name: str) -> Path:
    """Return where the shipped data file `name` is, or where it should be.

    A Flower bundle leaves data files out and hides the installed package behind its own copy, so every place this
    package could have been imported from is tried, the checkout of an editable install included.
    """
    relative = Path("fl_alliance", "workloads", "data", name)
    beside = Path(__file__).parent / "data" / name
    places = [beside, *(root / relative for root in (*map(Path, sys.path), *_checkouts()))]
    return next((place for place in places if place.is_file()), beside)


def _checkouts() -> Iterator[Path]:
    """Yield the folders that this project was installed from, as pip noted them (PEP 610)."""
    for distribution in importlib.metadata.distributions(name="fl-alliance"):
        origin = json.loads(distribution.read_text("direct_url.json") or "{}").get("url", "")
        if origin.startswith("file:"):
            yield Path(url2pathname(urlsplit(origin).path))


def read_traces(path: Path) -> tuple[Trace, ...]:
    """Return the traces of a CSV (gzipped or not) with the `COLUMNS`, ordered by patient; other columns are ignored.

    Raises
    ------
    WorkloadError
        Names the file, and the line where one is at fault.
    """
    if not path.is_file():
        raise WorkloadError(f"glucose data {path}: no such file; needed: a CSV with columns {','.join(COLUMNS)}")
    readings: dict[str, dict[float, float]] = {}
    try:
        with _opened(path) as file:
            for line, patient, minute, glucose in _rows(path, file):
                of_patient = readings.setdefault(patient, {})
                if minute in of_patient:
                    raise _bad(path, line, f"a second reading of patient {patient} at this time", "one reading a time")
                of_patient[minute] = glucose
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise WorkloadError(f"glucose data {path}: {error}; needed: UTF-8 CSV, gzipped if named .gz") from error
    if not readings:
        raise WorkloadError(f"glucose data {path}: no readings; needed: at least one patient")
    return tuple(_trace(patient, readings[patient]) for patient in sorted(readings))


def windows(trace: Trace, horizon_min: int) -> Windows:
    """Return every window of `HISTORY` readings and the reading `horizon_min` after its last one.

    A window's readings, the target among them, all belong to one run of unbroken sampling; runs are also left out where
    small irregularities add up to more than one sampling step. The last reading of the history and the target were
    measured: a value between two readings would tell of the one that is to be predicted, or be no reading at all.
    """
    length = HISTORY + horizon_min // STEP_MIN
    if len(trace.minutes) < length:
        return Windows(np.empty((0, HISTORY), np.float32), *(np.empty(0, kind) for kind in (np.float32, float, float)))
    broken = np.abs(np.diff(trace.minutes) - STEP_MIN) > TOLERANCE_MIN
    breaks_before = np.concatenate([[0], np.cumsum(broken)])
    starts, ends = trace.minutes[: 1 - length], trace.minutes[length - 1 :]
    whole = breaks_before[: 1 - length] == breaks_before[length - 1 :]
    regular = np.abs(ends - starts - (length - 1) * STEP_MIN) <= STEP_MIN
    kept = np.flatnonzero(whole & regular & _ends_measured(trace, length))
    readings = sliding_window_view(trace.glucose, length)[kept]
    return Windows(readings[:, :HISTORY].copy(), readings[:, -1].copy(), starts[kept], ends[kept])


def _ends_measured(trace: Trace, length: int) -> NDArray[np.bool_]:
    if trace.measured is None:
        return np.ones(len(trace.minutes) - length + 1, bool)
    last = trace.measured[HISTORY - 1 : HISTORY - 1 + len(trace.measured) - length + 1]
    return last & trace.measured[length - 1 :]


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _rows(path: Path, file: TextIO) -> Iterator[tuple[int, str, float, float]]:
    """Yield line number, patient, minute and glucose of every reading."""
    rows = csv.reader(file)
    header = next(rows, [])
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise _bad(path, 1, f"columns {','.join(header)}", f"also {','.join(missing)}")
    places = [header.index(column) for column in COLUMNS]
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise _bad(path, rows.line_num, f"{len(row)} fields", f"{len(header)}")
        patient, time, glucose = (row[place].strip() for place in places)
        if not patient:
            raise _bad(path, rows.line_num, "no patient", "a patient's name or number")
        yield rows.line_num, patient, _minute(path, rows.line_num, time), _glucose(path, rows.line_num, glucose)


def _minute(path: Path, line: int, text: str) -> float:
    """Return minutes since 1970; a time without an offset is taken as if it were UTC, since only differences matter."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(path, line, f"time {text!r}", "ISO 8601, e.g. 2014-02-03 03:42:12") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() / 60


def _glucose(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not LOWEST_MG_DL <= value <= HIGHEST_MG_DL:
        raise _bad(path, line, f"glucose_mg_dl {text!r}", f"{LOWEST_MG_DL:g} to {HIGHEST_MG_DL:g} (mg/dL, not mmol/L)")
    return value


def _bad(path: Path, line: int, given: str, needed: str) -> WorkloadError:
    return WorkloadError(f"glucose data {path}, line {line}: {given}; needed: {needed}")


def _trace(patient: str, readings: dict[float, float]) -> Trace:
    minutes = np.array(sorted(readings), np.float64)
    return Trace(patient, minutes, np.array([readings[minute] for minute in minutes.tolist()], np.float32))
