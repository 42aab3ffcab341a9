"""Rows of numbers as people have them: a CSV file, or words on the command line."""

import csv
from pathlib import Path

from fl_alliance.marketplace.errors import InputRefused


def read_rows(path: str | None, words: list[str]) -> list[list[float]]:
    """Return the rows of a file and of words, in this order; raises `InputRefused`."""
    found: list[list[str]] = []
    if path is not None:
        try:
            with Path(path).open(newline="") as file:
                found += [row for row in csv.reader(file) if row]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputRefused(f"--csv {path}: {error}; needed a readable CSV") from None
    found += [word.split(",") for word in words]
    if not found:
        raise InputRefused("needs rows: --csv FILE, or --row N,N,...")
    return [_numbers(number, row) for number, row in enumerate(found, start=1)]


def _numbers(number: int, row: list[str]) -> list[float]:
    try:
        return [float(value) for value in row]
    except ValueError as error:
        raise InputRefused(f"row {number}: {error}; needed numbers") from None
