"""Pages of a table by its key: a page is found by where the last one ended, never by counting what comes before it."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

ROWS = 50
"""Rows of a page."""
Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Which page: the rows just before a key, or just after one; the newest rows where neither is given."""

    before: Key | None = None
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a table, the newest first; `newer` and `older` name the pages beside it, empty where there are none."""

    rows: list[sqlite3.Row]
    newer: str = ""
    older: str = ""


def span_of(before: str = "", after: str = "") -> Span:
    """Return the page that a link names; what is no key is passed over."""
    return Span(_key(before), _key(after))


def page_of(db: sqlite3.Connection, query: str, values: Sequence[object], key: Sequence[str], span: Span) -> Page:
    """Return a page.

    Parameters
    ----------
    query, values : str, sequence
        A SELECT with a WHERE, and what stands for its question marks.
    key : sequence of str
        The columns by which its rows are in order.
    span : Span
        Which page; a key that has not as many parts as the table's is passed over.
    """
    names, marks = ", ".join(key), ", ".join("?" * len(key))
    bound = span.before or span.after
    if bound is None or len(bound) != len(key):
        bound, span = (), Span()
    is_upwards = span.after is not None and span.before is None
    limit = f" AND ({names}) {'>' if is_upwards else '<'} ({marks})" if bound else ""
    order = ", ".join(f"{name} {'ASC' if is_upwards else 'DESC'}" for name in key)
    found = db.execute(f"{query}{limit} ORDER BY {order} LIMIT {ROWS + 1}", [*values, *bound]).fetchall()
    has_more, rows = len(found) > ROWS, found[:ROWS]
    if is_upwards:
        rows.reverse()
    has_newer, has_older = (has_more, True) if is_upwards else (bool(bound), has_more)
    columns = [name.rpartition(".")[2] for name in key]

    def written(row: sqlite3.Row) -> str:
        return ".".join(str(row[column]) for column in columns)

    if not rows:
        return Page([])
    return Page(rows, written(rows[0]) if has_newer else "", written(rows[-1]) if has_older else "")


def _key(text: str) -> Key | None:
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text):
        return None
    return tuple(map(int, text.split(".")))
