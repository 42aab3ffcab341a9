"""Ten thousand rounds: every page of a task answers within 200 ms, the first and the last alike."""

import sqlite3
import statistics
import time
from pathlib import Path

import console_stage
import pytest

from fl_alliance.console import rounds
from fl_alliance.console.paging import span_of
from fl_alliance.console.serving import served

ROUNDS = 10_000
MOST_MS = 200
REPEATS = 5


def repeat_history(db: sqlite3.Connection, count: int) -> None:
    """Follow two real rounds by copies of them under other numbers, until there are `count`."""
    for table in ("round", "line"):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "round"]
        names = ", ".join(columns)
        db.execute(
            f"INSERT INTO {table} (round, {names}) WITH RECURSIVE more(n) AS "  # noqa: S608  names of our own
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {count // 2 - 1}) "
            f"SELECT round + 2 * n, {names} FROM {table}, more"
        )


@pytest.mark.slow
def test_pages_of_ten_thousand_rounds_answer_within_200_ms(stage: "console_stage.Stage", tmp_path: Path) -> None:
    sources = stage.sources(tmp_path)
    console_stage.read_all(sources)
    index = sources.alliances["run"].feed.index
    with index.writing() as db:
        repeat_history(db, ROUNDS)
    task = rounds.task(index, 1)
    assert task is not None
    assert task.ended == ROUNDS
    pages = ["", f"?before={ROUNDS // 2}", "?before=40", "?after=40", f"/rounds/{ROUNDS - 1}", "/members/0"]
    pages += ["/members/0?before=5000", f"/rounds/{ROUNDS // 2}/members/{_drawn(index, ROUNDS // 2)}"]
    took: dict[str, float] = {}
    with served(sources) as url:
        for path in [*(f"alliance/run/1{page}" for page in pages), "alliance", ""]:
            console_stage.ask(f"{url}{path}")
            took[f"/{path}"] = statistics.median(_ms(f"{url}{path}") for _ in range(REPEATS))
    for source in sources.followed:
        source.feed.index.close()
    for path, milliseconds in took.items():
        print(f"{path:<45} {milliseconds:6.1f} ms")
    assert max(took.values()) < MOST_MS, took


def _drawn(index: object, number: int) -> int:
    found = rounds.round_of(index, 1, number)  # type: ignore[arg-type]
    assert found is not None
    return int(found[1][0]["member"])


def _ms(url: str) -> float:
    began = time.perf_counter()
    assert console_stage.ask(url).code == 200
    return (time.perf_counter() - began) * 1000


def test_a_page_costs_the_same_wherever_it_is(stage: "console_stage.Stage", tmp_path: Path) -> None:
    sources = stage.sources(tmp_path)
    console_stage.read_all(sources)
    index = sources.alliances["run"].feed.index
    with index.writing() as db:
        repeat_history(db, ROUNDS)
    with index.reading() as db:
        for query in (
            "SELECT * FROM round WHERE task = 1 AND (round) < (5000) ORDER BY round DESC LIMIT 51",
            "SELECT * FROM line WHERE line.task = 1 AND line.member = 0 AND (line.round) < (5000) "
            "ORDER BY line.round DESC LIMIT 51",
        ):
            plan = " ".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "SEARCH" in plan, plan
            assert "TEMP B-TREE" not in plan, plan
    assert len(rounds.rounds(index, 1, span_of(before="5000")).rows) == 50
    for source in sources.followed:
        source.feed.index.close()
