"""The audit of a market: whole plays on the real contracts hold, and what a file's author changes is named."""

import json
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import arena_town
import pytest
import test_random_tasks
from arena_town import FML, Task, Town
from emissions import DAO
from forging import rewrite
from hypothesis import given, settings
from hypothesis import strategies as st
from market_play import forwarder, through
from test_random_tasks import DAYS, Chance

from fl_alliance.audit.everything import audit_everything
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, MarketAudited, NodeSource, audit_market
from fl_alliance.audit.market.contracts import creation
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena_types import Phase, Verdict
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import Contract, Deployment, deploy
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.market import MAX_SUPPLY_WEI, add_market
from fl_alliance.chain.node.block import Block, Receipt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.cli.main import main
from fl_alliance.config import load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.records import RunFolder


def audited(path: Path) -> MarketAudited:
    """The audit of a chain file by the rules alone."""
    return audit_market(FileSource.open(path, executes=False))


def manifest_of(path: Path, source: FileSource) -> Path:
    """Save the manifest of the market in a chain file."""
    deployment = creation(source, None)[0]
    hashed = {
        name: Contract(contract.address, "0x" + keccak(source.code(contract.address)).hex())
        for name, contract in deployment.contracts.items()
    }
    Deployment(deployment.chain_id, deployment.block, hashed).save(path)
    return path


# Whole plays


def test_a_market_in_which_everything_happens_holds_and_is_executed_again_in_seconds(market_chain: Path) -> None:
    began = time.process_time()
    found = audit_market(FileSource.open(market_chain))
    assert time.process_time() - began < 10
    assert found.executed
    books, counts = found.books, found.books.counts
    assert (counts.proofs, counts.days, counts.slashes, counts.draws, counts.emission_days) == (8, 5, 4, 2, 4)
    verdicts = Counter(place.verdict for place in books.tasks[1].day(0).places)
    assert verdicts == {Verdict.RANKED: 1, Verdict.WORST: 2, Verdict.COMMITTED: 1}
    assert books.tasks[2].fell_back
    assert books.tasks[3].phase is Phase.CANCELLED
    assert counts.unseen >= 1
    assert sum(books.money.balances.values()) == books.money.supply_wei
    assert books.money.minted_wei == daily_wei(0) + daily_wei(1) + 9 * daily_wei(2) // 10 + 9 * daily_wei(3) // 10


def test_a_node_tells_the_same_market_as_its_file(town: Town, deployed_market: tuple[Town, Path]) -> None:
    task = Task.create(town, day_count=1)
    task.join_nodes(1_000, 500)
    task.join_validators(1_000)
    task.delegate(task.nodes[0], 100)
    task.play(0, 100_000, 200_000)
    by_file = FileSource.open(deployed_market[1], executes=False)
    deployment = creation(by_file, None)[0]
    by_node = audit_market(NodeSource.connect(Rpc(town.w3)), deployment)
    books = audit_market(by_file).books
    assert by_node.books.money == books.money
    assert by_node.books.tasks == books.tasks
    assert not by_node.executed


def test_days_that_are_late_lapse_and_the_schedule_goes_on(town: Town, deployed_market: tuple[Town, Path]) -> None:
    task = Task.create(town, day_count=2)
    town.emission.send("verify", town.arena.address, task.number)
    task.join_nodes(1_000)
    task.join_validators(1_000)
    task.submit(0)
    task.score_alike(0, 100_000)
    task.to_settlement(0)
    task.send("settle", 0, 10)
    town.close_through(0)
    town.wait(3 * 86_400)
    town.close_through(3)
    town.wait(7 * 86_400)
    assert task.finish_event(0)["drawnWei"] == 0
    for day in range(4):
        town.emission.send("lapse", day)
    task.complete_idle()
    books = audited(deployed_market[1]).books
    assert books.emission.held_wei == 0
    assert books.emission.burned_wei == books.emission.minted_wei == sum(map(daily_wei, range(4)))


def test_settling_by_contracts_that_leaves_no_event_is_followed(town: Town, deployed_market: tuple[Town, Path]) -> None:
    """A place that nobody revealed is settled by a contract, the next ones by an account."""
    keeper = forwarder(town, town.arena.address)
    task = Task.create(town, day_count=1)
    task.join_nodes(1_000, 500, 700)
    task.join_validators(1_000)
    task.at(0)
    for node in task.nodes:
        task.commit(0, node)
    task.to_reveals(0)
    for node in task.nodes[1:]:
        task.reveal(0, node)
    task.score_alike(0, 1, 200_000, 300_000)
    task.to_settlement(0)
    through(town, keeper, "settle", task.number, 0, 1)
    assert audited(deployed_market[1]).books.tasks[task.number].day(0).settled == 1
    for _ in range(3):
        task.send("settle", 0, 1)
    task.at(1)
    task.send("finishDay", 0)
    task.complete_idle()
    assert audited(deployed_market[1]).books.counts.consensuses == 2


def test_a_slash_takes_the_delegated_stake_after_the_own_one(town: Town, deployed_market: tuple[Town, Path]) -> None:
    task = Task.create(town, day_count=1, slash_bps=9_000)
    task.join_nodes(200)
    task.join_validators(1_000)
    task.delegate(task.nodes[0], 800)
    task.submit(0)
    task.score_alike(0, WORST)
    task.finish(0)
    task.complete_idle()
    account = audited(deployed_market[1]).books.tasks[task.number].account(task.nodes[0].address)
    assert (account.own_wei, account.delegated_wei) == (0, 100 * FML)


PLAYED: Counter[str] = Counter()


@settings(max_examples=6, deadline=None, derandomize=True)
@given(data=st.data())
def play(town: Town, path: Path, data: st.DataObject) -> None:
    with arena_town.behind_snapshot(town) as copy:
        is_verified = data.draw(st.booleans())
        task = Task.create(
            copy,
            day_count=DAYS,
            slash_bps=data.draw(st.sampled_from([0, 1_000, 10_000])),
            now_bps=data.draw(st.integers(0, 10_000)),
            floor_bps=data.draw(st.integers(0, 5_000)),
            delegated_bps=data.draw(st.integers(0, 10_000)),
            power_halves=data.draw(st.integers(0, 4)),
        )
        if is_verified:
            copy.emission.send("verify", copy.arena.address, task.number)
        task.join_nodes(*(data.draw(st.integers(100, 2_000)) for _ in range(4)))
        task.join_validators(*(data.draw(st.integers(250, 2_000)) for _ in range(3)))
        chance = Chance(task, data)
        for day in range(DAYS):
            chance.submit(day)
            chance.score(day)
            task.at(day + 1)
            copy.close_through(task.params["first_day"] + day)
            chance.finish(day)
        chance.enter()
        chance.score(DAYS)
        chance.finish(DAYS)
        chance.close()
        counts = audited(path).books.counts
        PLAYED.update(consensuses=counts.consensuses, claims=counts.claims, draws=counts.draws, slashes=counts.slashes)


def test_whatever_happens_in_a_task_the_rules_give_the_same(deployed_market: tuple[Town, Path]) -> None:
    PLAYED.clear()
    test_random_tasks.DONE.clear()
    play(*deployed_market)
    assert all(PLAYED[kind] >= least for kind, least in {"consensuses": 8, "claims": 10, "slashes": 4}.items()), PLAYED


# A chain file that its author changed


def block_of(path: Path, name: str) -> int:
    """The first block in which the Arena told of something."""
    topic = interface("Arena").event(name).topic
    with ChainFile(path) as file:
        return next(
            block.number
            for block in file.blocks()
            if block.receipt and any(log.topics[:1] == (topic,) for log in block.receipt.logs)
        )


def finding(path: Path, executes: bool) -> str:
    with pytest.raises(DoesNotHold) as found:
        audit_market(FileSource.open(path, executes=executes))
    return str(found.value)


@pytest.mark.parametrize("column", ["header", "hash", "tx", "receipt", "writes"])
def test_a_flipped_byte_of_a_row_is_found_at_its_block(copied: Path, column: str) -> None:
    number = block_of(copied, "SubmissionSettled")
    with closing(sqlite3.connect(copied, isolation_level=None)) as db:
        value = bytearray(db.execute(f"SELECT {column} FROM block WHERE number=?", (number,)).fetchone()[0])  # noqa: S608
        value[len(value) // 2] ^= 1
        db.execute(f"UPDATE block SET {column}=? WHERE number=?", (bytes(value), number))  # noqa: S608
    said = finding(copied, executes=False)
    assert said.startswith(f"block {number}: a stored byte")


@pytest.mark.parametrize("executes", [True, False])
@pytest.mark.parametrize("name", ["SubmissionSettled", "DayFinished", "Claimed", "Slashed"])
def test_an_amount_that_the_author_tells_otherwise_is_named(copied: Path, name: str, executes: bool) -> None:
    topic = interface("Arena").event(name).topic

    def change(block: Block) -> Block:
        assert block.receipt is not None
        logs = tuple(
            replace(log, data=log.data[:-1] + bytes([log.data[-1] ^ 1])) if log.topics[0] == topic else log
            for log in block.receipt.logs
        )
        return replace(block, receipt=Receipt.of(block.receipt.status, block.receipt.gas_used, logs))

    number = block_of(copied, name)
    rewrite(copied, number, change)
    said = finding(copied, executes)
    assert said.startswith(f"block {number}")
    assert ("the events" if executes else f"Arena.{name}: the chain says") in said


@pytest.mark.parametrize("executes", [True, False])
def test_storage_that_is_written_otherwise_is_named(copied: Path, executes: bool) -> None:
    """One bit more in every slot that the end of a task wrote: balances among them."""

    def enrich(block: Block) -> Block:
        writes, at = bytearray(block.writes), 0
        while at < len(writes):
            size = 32 + (52 if writes[at] == 4 else 20)
            if writes[at] == 4:
                writes[at + size] ^= 1
            at += 1 + size
        return replace(block, writes=bytes(writes))

    number = block_of(copied, "TaskCompleted")
    rewrite(copied, number, enrich)
    said = finding(copied, executes)
    assert ("the state" if executes else "the contract says") in said


def test_a_contract_that_is_not_ours_is_no_market(copied: Path) -> None:
    """One byte of the emission's code is another."""

    def change(block: Block) -> Block:
        assert block.transaction is not None
        data = bytearray(block.transaction.data)
        data[1_000] ^= 1
        return replace(block, transaction=replace(block.transaction, data=bytes(data)))

    source = FileSource.open(copied, executes=False)
    deployment = creation(source, None)[0]
    number = next(
        block.number
        for block in source.blocks
        if block.receipt and block.transaction and not block.transaction.to and block.number == 2
    )
    source.blocks = [change(block) if block.number == number else block for block in source.blocks]
    with pytest.raises(DoesNotHold, match=r"created Emission at 0x.* from our compiled code"):
        audit_market(source, deployment)


# Folders, and the command


@pytest.fixture
def folder(market_chain: Path, tmp_path: Path) -> Path:
    """A market's folder: its chain and its manifest."""
    root = tmp_path / "market"
    root.mkdir()
    shutil.copy(market_chain, root / "chain.db")
    manifest_of(root / "market.json", FileSource.open(market_chain, executes=False))
    return root


def test_the_command_recognises_a_markets_folder_and_says_what_it_recomputed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(folder), "--verbose"]) == 0
    said = capsys.readouterr().out
    assert "the market holds" in said
    assert "every block executed again" in said
    assert "580,000,000 FML at first" in said
    assert "day 2 (B)" in said


def test_a_chain_file_alone_is_looked_through_for_a_market(market_chain: Path) -> None:
    found = audit_everything(market_chain, executes=False)
    assert found.run is None
    assert found.market is not None


def test_a_folder_with_a_run_and_a_market_on_one_chain_has_both_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["rule=majority", "workload=linear", "rounds=1", "nodes=4", "alliance.proposers=2", "alliance.voters=2"]
    words.append("baselines=false")
    # A run's token has all of the cap, of which an emission needs its part.
    monkeypatch.setattr("fl_alliance.contracts.deploy", partial(deploy, supply_wei=MAX_SUPPLY_WEI))
    folder = RunFolder(tmp_path / "run")
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    with connected(f"file://{folder.chain}") as w3:
        deployer = Sender(w3, NodeKey(DEVELOPMENT_SECRET, is_public=True))
        start_at = w3.eth.get_block("latest")["timestamp"] + 3_600
        deployment = add_market(deployer, Deployment.load(folder.manifest), start_at)
        deployment.save(folder.root / "market.json")
        advance_to(w3, start_at + 86_400)
        Emission(deployer, deployment.emission).close_days()
    found = audit_everything(folder.root)
    assert found.run is not None
    assert found.market is not None
    assert found.market.executed
    assert found.market.books.money.minted_wei == daily_wei(0)
    assert main(["audit", str(folder.root)]) == 0
    said = capsys.readouterr().out
    assert "everything holds" in said
    assert "the market holds" in said


def test_a_manifest_that_names_something_else_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads((folder / "market.json").read_text())

    def said_of(**changes: Any) -> str:
        changed = {name: contract | changes.get(name, {}) for name, contract in content["contracts"].items()}
        (folder / "market.json").write_text(json.dumps(content | {"contracts": changed}))
        assert main(["audit", str(folder), "--no-execute"]) == 1
        return capsys.readouterr().err

    assert "no transaction on it created Arena" in said_of(Arena={"address": DAO.address})
    assert "the manifest says code hash" in said_of(FML={"code_hash": "0x" + "00" * 32})


def test_a_markets_folder_without_a_chain_asks_for_its_node(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chain.db").unlink()
    assert main(["audit", str(folder)]) == 2
    assert "--chain URL" in capsys.readouterr().err
