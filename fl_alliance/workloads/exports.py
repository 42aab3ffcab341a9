"""Reading a hospital's own data: a folder with one export of a glucose sensor's portal per patient.

Read as they come: Dexcom Clarity's CSV (every 5 minutes) and LibreView's (every 15, FreeStyle Libre 3 every 5), in
mg/dL or mmol/L, separated by commas, semicolons or tabs. Only glucose and its time are read; names, birthdays and notes
that an export holds beside them are passed over. A patient is called what the file is.
"""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np

from fl_alliance.workloads.cgm import HIGHEST_MG_DL, LOWEST_MG_DL, STEP_MIN, TOLERANCE_MIN, Trace
from fl_alliance.workloads.errors import WorkloadError

MG_DL_PER_MMOL_L = 18.0156
"""Glucose weighs 180.156 g/mol."""
_COARSE_MIN, _COARSE_TOLERANCE_MIN = 15, 3.0
"""The other sampling: a step of 12 to 18 minutes."""
_HEADER_WITHIN = 5
"""Lines among which the header is: LibreView's comes after one or two that say whose export this is."""
_UNITS = {"mg/dL": 1.0, "mmol/L": MG_DL_PER_MMOL_L}
_TIME = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(?: ?([AaPp])[Mm])?"
)


@dataclass(frozen=True, slots=True)
class _Format:
    """A portal's export: which column says what, which rows are readings, and what stands for out of range (mg/dL)."""

    name: str
    time: str
    glucose: str
    kind: str
    reading: str
    out_of_range: dict[str, float]


_FORMATS = (
    _Format("Dexcom Clarity", "Timestamp", "Glucose Value", "Event Type", "EGV", {"low": 40.0, "high": 400.0}),
    _Format("LibreView", "Device Timestamp", "Historic Glucose", "Record Type", "0", {"lo": 40.0, "hi": 500.0}),
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A file's header: its format, where its columns are, its unit, separator, and the rows behind it."""

    format: _Format
    time: int
    glucose: int
    kind: int
    factor: float
    unit: str
    separator: str
    line: int


def read_exports(folder: Path) -> tuple[Trace, ...]:
    """Return the trace of every export in a folder, ordered by file name.

    Raises
    ------
    WorkloadError
        Names the file, the line where one is at fault, what was found there and what is needed.
    """
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    foreign = [path for path in files if path.suffix.lower() != ".csv" or not path.is_file()]
    if foreign:
        raise WorkloadError(f"glucose data {foreign[0]}: no CSV file; needed: nothing but one .csv export per patient")
    if not files:
        raise WorkloadError(f"glucose data {folder}: no .csv file; needed: one export per patient")
    stems = [path.stem for path in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise WorkloadError(f"glucose data {folder}: two files called {twice}; needed: one export per patient")
    return tuple(read_export(path) for path in files)


def read_export(path: Path) -> Trace:
    """Return the trace in one export, in mg/dL, at one reading every 5 minutes; raises as `read_exports`.

    Readings 15 minutes apart get two between them on a straight line. Those serve as history only: `measured` says
    which were really there, and no window ends in, or predicts, one that was not.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkloadError(f"glucose data {path}: {error.reason} at byte {error.start}; needed: UTF-8") from None
    try:
        layout = _layout(path, text)
        readings = _readings(path, layout, text)
    except csv.Error as error:
        raise WorkloadError(f"glucose data {path}: {error}; needed: a CSV file as the portal exports it") from None
    return _sampled(path, layout, sorted(readings.items()))


def _layout(path: Path, text: str) -> _Layout:
    head = text.splitlines()[:_HEADER_WITHIN]
    for line, content in enumerate(head, start=1):
        for separator in (",", ";", "\t"):
            columns = [column.strip() for column in next(csv.reader([content], delimiter=separator), [])]
            for format_ in _FORMATS:
                if any(column.startswith(format_.glucose) for column in columns):
                    return _places(path, line, separator, columns, format_)
    found = head[0][:80] if head else "nothing"
    names = " or ".join(f"{format_.glucose!r} ({format_.name})" for format_ in _FORMATS)
    raise _bad(path, 1, repr(found), f"a header with a column {names} in the first {_HEADER_WITHIN} lines")


def _places(path: Path, line: int, separator: str, columns: Sequence[str], format_: _Format) -> _Layout:
    def place(name: str) -> int:
        found = [index for index, column in enumerate(columns) if column == name or column.startswith(f"{name} ")]
        if len(found) != 1:
            raise _bad(path, line, f"{len(found)} columns {name!r}", f"one, in an export of {format_.name}")
        return found[0]

    glucose = place(format_.glucose)
    unit = next((unit for unit in _UNITS if unit.lower() in columns[glucose].lower()), None)
    if unit is None:
        raise _bad(path, line, f"column {columns[glucose]!r}", "its unit, mg/dL or mmol/L")
    time, kind = place(format_.time), place(format_.kind)
    return _Layout(format_, time, glucose, kind, _UNITS[unit], unit, separator, line)


def _readings(path: Path, layout: _Layout, text: str) -> dict[float, float]:
    """Return minutes since 1970 -> mg/dL."""
    rows = list(_rows(path, layout, text))
    order = _date_order(path, [(line, time) for line, time, _ in rows])
    readings: dict[float, float] = {}
    for line, time, glucose in rows:
        minute, value = _minute(path, line, time, order), _glucose(path, line, glucose, layout)
        if readings.setdefault(minute, value) != value:  # the same reading twice is one reading
            raise _bad(path, line, f"a second, different reading at {time!r}", "one reading at a time, of one patient")
    return readings


def _rows(path: Path, layout: _Layout, text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, time and glucose of every row that is a reading of the sensor."""
    rows = csv.reader(StringIO(text, newline=""), delimiter=layout.separator)
    least = max(layout.time, layout.glucose, layout.kind) + 1
    for row in rows:
        if rows.line_num <= layout.line or not any(row):
            continue
        if len(row) < least:
            raise _bad(path, rows.line_num, f"{len(row)} fields", f"at least {least}, as the header has")
        if row[layout.kind].strip() == layout.format.reading:
            yield rows.line_num, row[layout.time].strip(), row[layout.glucose].strip()


def _date_order(path: Path, times: Sequence[tuple[int, str]]) -> Callable[[int, int, int], tuple[int, int, int]]:
    """Return how the three numbers of this file's dates become year, month and day."""
    day_first, month_first = None, None
    is_iso = True
    for line, text in times:
        match = _matched(path, line, text)
        first, second = int(match[1]), int(match[2])
        if len(match[1]) == 4:
            continue
        is_iso = False
        day_first = line if first > 12 else day_first
        month_first = line if second > 12 else month_first
    if is_iso:
        return lambda year, month, day: (year, month, day)
    if day_first and month_first:
        raise _bad(path, max(day_first, month_first), "a date with month and day the other way", "one order in a file")
    if not day_first and not month_first:
        line, text = times[0]
        raise _bad(
            path, line, f"date {text!r}", "a day after the 12th somewhere, else month and day cannot be told apart"
        )
    if day_first:
        return lambda day, month, year: (year, month, day)
    return lambda month, day, year: (year, month, day)


def _matched(path: Path, line: int, text: str) -> re.Match[str]:
    match = _TIME.fullmatch(text)
    if match is None:
        raise _bad(path, line, f"time {text!r}", "date and time, such as 2024-05-31T13:05:00 or 31-05-2024 13:05")
    return match


def _minute(path: Path, line: int, text: str, order: Callable[[int, int, int], tuple[int, int, int]]) -> float:
    """Return minutes since 1970, of local time as if it were UTC, since only differences matter."""
    match = _matched(path, line, text)
    hour, half = int(match[4]), (match[7] or "").lower()
    if half and not 1 <= hour <= 12:
        raise _bad(path, line, f"time {text!r}", "an hour from 1 to 12 before AM or PM")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        year, month, day = order(int(match[1]), int(match[2]), int(match[3]))
        time = datetime(year, month, day, hour, int(match[5]), int(match[6] or 0), tzinfo=UTC)
    except ValueError as error:
        raise _bad(path, line, f"time {text!r} ({error})", "a time that exists") from None
    return time.timestamp() / 60


def _glucose(path: Path, line: int, text: str, layout: _Layout) -> float:
    """Return mg/dL; what the sensor calls out of range is taken as the end of its range."""
    bound = layout.format.out_of_range.get(text.lower())
    if bound is not None:
        return bound
    try:
        value = float(text.replace(",", ".") if layout.separator != "," else text) * layout.factor
    except ValueError:
        value = math.nan
    if not LOWEST_MG_DL <= value <= HIGHEST_MG_DL:
        lowest, highest = (round(bound / layout.factor, 1) for bound in (LOWEST_MG_DL, HIGHEST_MG_DL))
        words = " or ".join(word.capitalize() for word in layout.format.out_of_range)
        raise _bad(path, line, f"glucose {text!r}", f"{lowest:g} to {highest:g} {layout.unit}, or {words}")
    return value


def _sampled(path: Path, layout: _Layout, readings: Sequence[tuple[float, float]]) -> Trace:
    if len(readings) < 2:
        kind = f"{layout.format.kind} {layout.format.reading}"
        raise WorkloadError(f"glucose data {path}: {len(readings)} readings ({kind}); needed: days of them")
    minutes, glucose = (np.array(column, np.float64) for column in zip(*readings, strict=True))
    typical = float(np.median(np.diff(minutes)))
    if abs(typical - STEP_MIN) <= TOLERANCE_MIN:
        return Trace(path.stem, minutes, glucose.astype(np.float32))
    if abs(typical - _COARSE_MIN) > _COARSE_TOLERANCE_MIN:
        needed = f"{STEP_MIN} or {_COARSE_MIN}"
        raise WorkloadError(f"glucose data {path}: readings {typical:g} min apart; needed: {needed}")
    steps = np.diff(minutes)
    filled = np.flatnonzero(np.abs(steps - _COARSE_MIN) <= _COARSE_TOLERANCE_MIN)
    between = np.concatenate([minutes[filled] + steps[filled] * share / 3 for share in (1, 2)])
    whole = np.concatenate([minutes, between])
    order = np.argsort(whole, kind="stable")
    measured = np.concatenate([np.ones(len(minutes), bool), np.zeros(len(between), bool)])[order]
    at = whole[order]
    return Trace(path.stem, at, np.interp(at, minutes, glucose).astype(np.float32), measured)


def _bad(path: Path, line: int, given: str, needed: str) -> WorkloadError:
    return WorkloadError(f"glucose data {path}, line {line}: {given}; needed: {needed}")
