"""What pages ask of an Alliance's index: tasks, members, and rounds, page by page, at the same cost however many."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.console.index import Index
from fl_alliance.console.paging import Page, Span, page_of

CURVE_POINTS = 200
"""Rounds that a chart draws at most."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stood in block `block`, at second `timestamp`; amounts are gwei. `state` is as `alliance` writes it.

    `counts` says how many rounds ended how; `paid` and `slashed` are of all of them.
    """

    number: int
    block: int
    timestamp: int
    state: dict[str, Any]
    counts: dict[str, int]
    paid: int
    slashed: int

    @property
    def ended(self) -> int:
        """How many rounds have ended."""
        return sum(self.counts.values())

    @property
    def of_candidates(self) -> bool:
        """Whether voters choose among candidates."""
        return bool(self.state["rule"] == "candidates")


@dataclass(frozen=True, slots=True)
class Curve:
    """Figures after some of the rounds; balances are of all members."""

    rounds: Sequence[int]
    figures: Sequence[float | None]
    pools: Sequence[int]
    balances: Sequence[Sequence[int]]


def tasks(index: Index) -> list[Task]:
    """Return every task, the newest first."""
    with index.reading() as db:
        return [_task(db, row) for row in db.execute("SELECT * FROM task ORDER BY task DESC")]


def task(index: Index, number: int) -> Task | None:
    """Return a task, or None."""
    with index.reading() as db:
        row = db.execute("SELECT * FROM task WHERE task = ?", (number,)).fetchone()
        return row and _task(db, row)


def members(index: Index, number: int) -> list[sqlite3.Row]:
    """Return a task's members, by their indexes."""
    with index.reading() as db:
        return db.execute("SELECT * FROM member WHERE task = ? ORDER BY member", (number,)).fetchall()


def rounds(index: Index, number: int, span: Span) -> Page:
    """Return a page of a task's rounds, the newest first."""
    with index.reading() as db:
        return page_of(db, "SELECT * FROM round WHERE task = ?", (number,), ("round",), span)


def round_of(index: Index, number: int, which: int) -> tuple[sqlite3.Row, list[sqlite3.Row]] | None:
    """Return a round with its lines, each with its member's address, or None."""
    with index.reading() as db:
        found = db.execute("SELECT * FROM round WHERE task = ? AND round = ?", (number, which)).fetchone()
        lines = db.execute(
            "SELECT line.*, address FROM line JOIN member USING (task, member) WHERE task = ? AND round = ? "
            "ORDER BY role = '', role, member",
            (number, which),
        ).fetchall()
    return (found, lines) if found else None


def line_of(index: Index, number: int, which: int, member: int) -> sqlite3.Row | None:
    """Return what a round did to a member, None where it did nothing."""
    with index.reading() as db:
        found: sqlite3.Row | None = db.execute(
            "SELECT * FROM line WHERE task = ? AND round = ? AND member = ?", (number, which, member)
        ).fetchone()
        return found


def history(index: Index, number: int, member: int, span: Span) -> Page:
    """Return a page of what rounds did to a member, the newest first."""
    query = (
        "SELECT line.*, outcome, decided, timestamp, tx FROM line JOIN round USING (task, round) "
        "WHERE line.task = ? AND line.member = ?"
    )
    with index.reading() as db:
        return page_of(db, query, (number, member), ("line.round",), span)


def memberships(index: Index, address: str) -> list[sqlite3.Row]:
    """Return what an account is in the tasks."""
    with index.reading() as db:
        return db.execute("SELECT * FROM member WHERE address = ? ORDER BY task", (address,)).fetchall()


def curve(index: Index, number: int) -> Curve:
    """Return the figures of at most `CURVE_POINTS` rounds, the last among them."""
    with index.reading() as db:
        (last,) = db.execute("SELECT max(round) FROM round WHERE task = ?", (number,)).fetchone()
        step = max(1, -(-(last or 0) // CURVE_POINTS))
        wanted = sorted({*range(step, (last or 0) + 1, step), last or 0})
        marks = ",".join("?" * len(wanted))
        rows = db.execute(
            f"SELECT round, figure, pool, balances FROM round WHERE task = ? AND round IN ({marks}) ORDER BY round",  # noqa: S608
            (number, *wanted),
        ).fetchall()
    return Curve(
        [row["round"] for row in rows],
        [row["figure"] for row in rows],
        [row["pool"] for row in rows],
        [strict_json.parse(row["balances"]) for row in rows],
    )


def _task(db: sqlite3.Connection, row: sqlite3.Row) -> Task:
    sums = db.execute(
        "SELECT outcome, count(*), sum(paid), sum(slashed) FROM round WHERE task = ? GROUP BY outcome", (row["task"],)
    ).fetchall()
    return Task(
        row["task"],
        row["block"],
        row["timestamp"],
        strict_json.parse(row["state"]),
        {outcome: count for outcome, count, _, _ in sums},
        sum(paid for _, _, paid, _ in sums),
        sum(slashed for _, _, _, slashed in sums),
    )
