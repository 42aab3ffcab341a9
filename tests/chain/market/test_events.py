"""A market's events, read from a node, from a chain file and from a receipt, are the same and in order."""

from collections import Counter
from pathlib import Path

import pytest
from fair import CREATOR, DAO, DATASET_B, DELEGATOR, FML, NODES, PARAMS, SALT, SUPPLY_WEI, TERMS, VALIDATORS, Fair, Task

from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import Contract, Deployment, deploy
from fl_alliance.chain.errors import ContractMissing, DataUnreadable
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.market_events import MarketEvent, arena_events, events_in_file, events_in_receipt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender, read_receipt


def played(task: Task) -> str:
    """Play the task with a delegator to its end, and return the pool."""
    fair = task.fair
    pool = fair.arena(NODES[0]).open_pool(task.number, 4_000)
    fair.pool(DELEGATOR, pool).deposit(500 * FML)
    task.submit()
    task.score(0, 100, 200)
    task.settle(0)
    task.close(0)
    for key in (*NODES, *VALIDATORS):
        fair.arena(key).claim(task.number, 0)
    fair.arena(CREATOR).reveal_dataset_b(task.number, DATASET_B, SALT)
    fair.arena(CREATOR).enter_final(task.number, [NODES[0].address])
    task.score(1, 100)
    task.settle(1)
    task.close(1)
    return pool


def test_every_event_of_a_task_comes_with_its_source_time_and_order(task: Task) -> None:
    fair = task.fair
    pool = played(task)
    found = list(arena_events(fair.rpc, fair.deployment, 0, fair.head))
    counts = Counter((event.source, event.name) for event in found)
    assert counts["Arena", "SubmissionCommitted"] == counts["Arena", "SubmissionRevealed"] == 2
    assert counts["Arena", "ScoresRevealed"] == 4
    assert counts["Arena", "SubmissionSettled"] == 3
    assert counts["Arena", "DayFinished"] == counts["Emission", "DayClosed"] - 1 == 2
    assert counts["DelegationPool", "Deposit"] == 1
    assert ("FML", "Approval") not in counts
    assert [event.block for event in found] == sorted(event.block for event in found)
    created = next(event for event in found if event.name == "TaskCreated")
    assert created.values == {"task": 1, "creator": CREATOR.address, "params": PARAMS, "fundWei": PARAMS.daily_wei}
    staked = [event.values for event in found if event.name == "Staked"]
    assert [values["role"] for values in staked] == [Role.NODE, Role.NODE, Role.VALIDATOR, Role.VALIDATOR]
    settled = next(event for event in found if event.name == "SubmissionSettled")
    assert settled.values == {
        "task": 1,
        "day": 0,
        "node": NODES[0].address,
        "place": 0,
        "verdict": Verdict.RANKED,
        "score": 100,
    }
    assert task.times(0).settle_at <= settled.timestamp < task.times(0).over_at
    block = fair.rpc("eth_getBlockByNumber", hex(settled.block), False)
    assert settled.timestamp == int(block["timestamp"], 16)
    assert settled.tx_hash in block["transactions"]
    assert {event.address for event in found if event.source == "DelegationPool"} == {pool}


def test_transfers_add_up_to_what_everybody_holds(task: Task) -> None:
    fair = task.fair
    pool = played(task)
    held: Counter[str] = Counter()
    for event in arena_events(fair.rpc, fair.deployment, 0, fair.head):
        if (event.source, event.name) == ("FML", "Transfer"):
            held[event.values["from"]] -= event.values["value"]
            held[event.values["to"]] += event.values["value"]
    holders = (*fair.balances(), DAO.address, pool, fair.deployment.arena, fair.deployment.emission)
    assert {holder: held.pop(holder) for holder in holders} == {
        holder: fair.fml(DAO).balance_wei(holder) for holder in holders
    }
    assert held == {"0x" + 40 * "0": -fair.fml(DAO).total_supply_wei}


def test_a_range_of_blocks_has_the_events_of_these_blocks(task: Task) -> None:
    """A pool that was opened before the range is known in it."""
    fair = task.fair
    played(task)
    everything = list(arena_events(fair.rpc, fair.deployment, 0, fair.head))
    deposit = next(event for event in everything if event.name == "Deposit")
    for first in (deposit.block, deposit.block + 1):
        later = list(arena_events(fair.rpc, fair.deployment, first, fair.head))
        assert later == [event for event in everything if event.block >= first]
    alone = list(arena_events(fair.rpc, fair.deployment, deposit.block, deposit.block))
    assert alone == [event for event in everything if event.block == deposit.block]
    assert {event.source for event in alone} == {"Arena", "DelegationPool", "FML"}


def test_long_ranges_are_asked_for_in_parts(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    fair = task.fair
    played(task)
    whole = list(arena_events(fair.rpc, fair.deployment, 0, fair.head))
    monkeypatch.setattr("fl_alliance.chain.market_events._SPAN", 7)
    assert list(arena_events(fair.rpc, fair.deployment, 0, fair.head)) == whole


def test_a_receipt_has_its_transactions_events(task: Task) -> None:
    fair = task.fair
    pool = played(task)
    by_transaction: dict[str, list[MarketEvent]] = {}
    for event in arena_events(fair.rpc, fair.deployment, 0, fair.head):
        by_transaction.setdefault(event.tx_hash, []).append(event)
    for tx_hash, expected in by_transaction.items():
        receipt = read_receipt(fair.rpc("eth_getTransactionReceipt", tx_hash))
        assert events_in_receipt(fair.rpc, fair.deployment, receipt, [pool.lower()]) == expected


def test_a_chain_file_tells_the_same_without_a_node(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    w3 = connect(f"file://{path}")
    dao = Sender(w3, DAO)
    start_at = int(Rpc(w3)("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 3_600
    fair = Fair(w3, deploy_market(dao, start_at, SUPPLY_WEI, TERMS), start_at, {DAO.address: dao})
    for key in (CREATOR, DELEGATOR, *NODES, *VALIDATORS):
        dao.send(key.address, b"", 21_000, "gas", 10**18)
        fair.fml(DAO).transfer(key.address, 5_000 * FML)
    task = Task.created(fair)
    fair.arena(NODES[0]).open_pool(task.number, 0)
    fair.wait_until(task.times(0).submit_at)
    task.commit(NODES[0])
    expected = list(arena_events(fair.rpc, fair.deployment, 0, fair.head))
    close(w3)
    with ChainFile(path) as file:
        assert list(events_in_file(file.blocks(), fair.deployment)) == expected
    assert expected[-1].name == "Transfer"


def test_what_is_no_event_of_a_contract_is_not_read_over(fair: Fair) -> None:
    """The manifest names the token as the Arena: `check` would have told."""
    fml = fair.deployment.contracts["FML"]
    wrong = Deployment(fair.deployment.chain_id, 1, fair.deployment.contracts | {"Arena": Contract(fml.address, "")})
    with pytest.raises(DataUnreadable, match="an event of Arena"):
        list(arena_events(fair.rpc, wrong, 0, fair.head))


def test_without_a_market_there_is_nothing_to_read(fair: Fair) -> None:
    alliance = deploy(fair.sender(DAO), 0)
    with pytest.raises(ContractMissing, match="needed Arena"):
        list(arena_events(fair.rpc, alliance, 0, fair.head))
