"""What the indexes say is what the books and the token say, however the chain was read, and whatever became of it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import assembly
import bazaar
import console_stage
import players
import pytest

from fl_alliance.bookkeeping import keep_books
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import TOKEN, deploy
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console import rounds
from fl_alliance.console.alliance import AllianceFeed
from fl_alliance.console.blocks import Blocks, FileBlocks, NodeBlocks
from fl_alliance.console.errors import IndexBusy
from fl_alliance.console.index import Index
from fl_alliance.console.market import MarketFeed
from fl_alliance.console.paging import ROWS, span_of
from fl_alliance.console.postings import postings

if TYPE_CHECKING:
    from fl_alliance.console.index import Cursor

TABLES = ("task", "member", "round", "line")


@pytest.fixture
def federation(tmp_path: Path) -> Iterator["players.Federation"]:
    """A started task of seven nodes on a chain file."""
    with connected(f"file://{tmp_path / 'chain.db'}") as w3:
        ledger = Alliance(w3, deploy(Sender(w3, players.DEVELOPER)), players.DEVELOPER)
        task = ledger.create_task(players.task_params(ledger.sender.address, rounds=50), 1000 * WEI_PER_FML)
        found = players.Federation(ledger, task)
        ledger.send(*(found.registration(NodeKey.derive(7, index)) for index in range(7)))
        ledger.send(Start(task))
        yield found


def feed(federation: "players.Federation", path: Path, blocks: Blocks | None = None) -> AllianceFeed:
    ledger = federation.ledger
    return AllianceFeed(ledger.deployment, blocks or NodeBlocks(ledger.rpc, ledger.address), path)


def everything(index: Index, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    with index.reading() as db:
        found = {name: db.execute(f"SELECT * FROM {name}") for name in tables or TABLES}  # noqa: S608
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}


def at_once(federation: "players.Federation", path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What an index has that read the whole chain in one go."""
    found = feed(federation, path)
    found.follow()
    rows = everything(found.index)
    found.index.close()
    return rows


def test_the_index_says_what_the_books_say(federation: "players.Federation", tmp_path: Path) -> None:
    for bad in ((), (0, 1, 2, 3), ()):
        federation.run_round(bad=bad)
    found = feed(federation, tmp_path / "index.db")
    found.follow()
    ledger = federation.ledger
    books = keep_books(ledger.rpc, ledger.deployment, federation.task)
    members = rounds.members(found.index, federation.task)
    assert [(m["address"], m["stake"], m["won"], m["lost"], m["balance"], m["withdrawn"]) for m in members] == [
        (m.address, m.stake_gwei, m.won_gwei, m.lost_gwei, m.balance_gwei, m.withdrawn_gwei) for m in books.members
    ]
    page = rounds.rounds(found.index, federation.task, span_of())
    assert [(row["round"], row["pool"], row["reward"], row["tx"]) for row in reversed(page.rows)] == [
        (entry.number, entry.pool_gwei, entry.reward_gwei, entry.ended.tx_hash) for entry in books.rounds
    ]
    for entry in books.rounds:
        _, lines = rounds.round_of(found.index, federation.task, entry.number) or (None, [])
        assert sum(line["delta"] for line in lines) == sum(line.delta_gwei for line in entry.lines)
        assert {line["member"] for line in lines} == entry.standings.keys()
        assert all(line["balance"] == entry.balances[line["member"]] for line in lines)


def test_reading_block_by_block_from_node_or_file_gives_the_same_index(
    federation: "players.Federation", tmp_path: Path
) -> None:
    stepwise = feed(federation, tmp_path / "stepwise.db")
    file = tmp_path / "chain.db"
    from_file = feed(federation, tmp_path / "file.db", FileBlocks(file, federation.ledger.address))
    for bad in ((), (0, 1, 2, 3, 4, 5, 6)):
        federation.open_round()
        stepwise.follow()
        federation.propose()
        federation.draw_voters()
        stepwise.follow()
        from_file.follow()
        candidate, voters = federation.digest(f"model {federation.model.round}"), federation.model.committee.voters
        votes = federation.votes(candidate, voters, bad)
        federation.commit(candidate, votes)
        federation.settle(candidate, votes)
        stepwise.follow()
    from_file.follow()
    needed = at_once(federation, tmp_path / "once.db")
    assert needed["round"]
    assert everything(stepwise.index) == everything(from_file.index) == needed


def test_a_fork_takes_back_what_it_replaced(federation: "players.Federation", tmp_path: Path) -> None:
    federation.run_round()
    found = feed(federation, tmp_path / "index.db")
    found.follow()
    mark = federation.ledger.rpc("evm_snapshot")
    federation.run_round(bad=range(7))
    federation.run_round()
    found.follow()
    assert len(everything(found.index)["round"]) == 3
    federation.ledger.rpc("evm_revert", mark)
    federation.ledger = Alliance(federation.ledger.w3, federation.ledger.deployment, players.DEVELOPER)
    found.follow()
    assert len(everything(found.index)["round"]) == 1
    federation.tick()
    federation.run_round()
    found.follow()
    assert everything(found.index) == at_once(federation, tmp_path / "once.db")


def test_who_starts_again_goes_on_and_reads_nothing_that_is_there(
    federation: "players.Federation", tmp_path: Path
) -> None:
    federation.run_round()
    first = feed(federation, tmp_path / "index.db")
    first.follow()
    first.index.close()
    counting = Counting(NodeBlocks(federation.ledger.rpc, federation.ledger.address))
    again = feed(federation, tmp_path / "index.db", counting)
    again.follow()
    assert counting.read_blocks == 0
    federation.run_round()
    again.follow()
    assert everything(again.index) == at_once(federation, tmp_path / "once.db")


class Counting:
    """Blocks that count how many of them are read."""

    def __init__(self, inner: Blocks) -> None:
        self.inner, self.read_blocks = inner, 0

    def tip(self) -> Any:
        return self.inner.tip()

    def hash_of(self, number: int) -> str | None:
        return self.inner.hash_of(number)

    def read(self, first: int, last: int) -> Iterator[Any]:
        for seen in self.inner.read(first, last):
            self.read_blocks += 1
            yield seen


@pytest.mark.parametrize("damage", ["missing", "garbage", "page", "version"])
def test_an_index_that_cannot_be_used_is_made_anew(
    federation: "players.Federation", tmp_path: Path, damage: str
) -> None:
    federation.run_round()
    path = tmp_path / "index.db"
    first = feed(federation, path)
    first.follow()
    before: Cursor | None = first.index.cursor
    rows = everything(first.index)
    first.index.close()
    if damage == "missing":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif damage == "page":
        content = bytearray(path.read_bytes())
        content[4096:8192] = bytes(4096)
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    again = feed(federation, path)
    assert again.index.cursor is None
    again.follow()
    assert (again.index.cursor, everything(again.index)) == (before, rows)


def test_one_console_writes_an_index(federation: "players.Federation", tmp_path: Path) -> None:
    found = feed(federation, tmp_path / "index.db")
    with pytest.raises(IndexBusy, match="--index FOLDER"):
        feed(federation, tmp_path / "index.db")
    found.index.close()
    feed(federation, tmp_path / "index.db").index.close()


def test_pages_of_a_table_go_through_all_of_it_and_back(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.db", console_rows(), ("round",))
    numbers = list(range(1, 2 * ROWS + 8))
    with index.writing() as db:
        db.executemany("INSERT INTO round VALUES (1, ?, 0)", [(number,) for number in numbers])
    found, older = [], ""
    while True:
        page = rounds.rounds(index, 1, span_of(before=older))
        found += [row["round"] for row in page.rows]
        if not page.older:
            break
        older = page.older
    assert found == numbers[::-1]
    back = []
    while page.newer:
        back = [row["round"] for row in page.rows]
        page = rounds.rounds(index, 1, span_of(after=page.newer))
        assert [row["round"] for row in page.rows] == sorted((row["round"] for row in page.rows), reverse=True)
    assert page.rows[0]["round"] == numbers[-1]
    assert back
    assert [row["round"] for row in rounds.rounds(index, 1, span_of(before="x'--")).rows] == numbers[: -ROWS - 1 : -1]
    index.close()


def console_rows() -> tuple[str, ...]:
    return ("CREATE TABLE round (task INTEGER, round INTEGER, block INTEGER, PRIMARY KEY (task, round))",)


def test_an_accounts_postings_add_up_to_what_the_token_says(stage: "console_stage.Stage", tmp_path: Path) -> None:
    found = MarketFeed(stage.deployment, stage.dao.rpc, tmp_path / "market.db")
    found.follow()
    with found.index.reading() as db:
        accounts = [row["account"] for row in db.execute("SELECT DISTINCT account FROM posting")]
    assert len(accounts) > 10
    token = stage.dao.bound(TOKEN)
    for account in accounts:
        rows = postings(found.index, account, span_of()).rows
        assert len(rows) < ROWS
        assert sum(int(row["delta_wei"]) for row in rows) == token.read("balanceOf", account), account
        assert all(json.loads(row["why"]) for row in rows)
    found.index.close()


def test_a_fork_takes_back_events_too(stage: "console_stage.Stage", tmp_path: Path) -> None:
    found = MarketFeed(stage.deployment, stage.dao.rpc, tmp_path / "market.db")
    found.follow()
    before = everything(found.index, "event", "posting", "pool")
    mark = stage.dao.rpc("evm_snapshot")
    stage.propose()
    found.follow()
    assert len(everything(found.index, "event")["event"]) > len(before["event"])
    stage.dao.rpc("evm_revert", mark)
    found.follow()
    assert everything(found.index, "event", "posting", "pool") == before
    found.index.close()


def test_what_happened_is_told_in_words(stage: "console_stage.Stage", tmp_path: Path) -> None:
    stage.propose()
    found = MarketFeed(stage.deployment, stage.dao.rpc, tmp_path / "market.db")
    found.follow()
    told = {
        key.address: [
            text for row in postings(found.index, key.address, span_of()).rows for text in json.loads(row["why"])
        ]
        for key in (assembly.PROPOSER, assembly.LARGE, bazaar.HOST, bazaar.CONTRIBUTOR)
    }
    assert "made proposal 1, with a stake" in told[assembly.PROPOSER.address]
    assert "found document 1 relevant with 600,000.0000 FML" in told[assembly.LARGE.address]
    assert "listed model 1, with a stake" in told[bazaar.HOST.address]
    contributed = "contributed document 1 to the knowledge base of model 1, with a stake"
    assert contributed in told[bazaar.CONTRIBUTOR.address]
    found.index.close()
