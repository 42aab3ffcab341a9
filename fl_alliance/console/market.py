"""A market followed by its events, and for every account what each transaction brought it or took, and why."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.arena_view import read_params
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, POOLS, TOKEN, Deployment
from fl_alliance.chain.errors import ArtifactMissing, DataUnreadable
from fl_alliance.chain.market_events import MarketEvent, spans
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.sender import read_log
from fl_alliance.console.blocks import Tip, tip_of
from fl_alliance.console.index import Index, put
from fl_alliance.console.reasons import Reasons
from fl_alliance.console.views import VIEW_SCHEMA, Views

SCHEMA = (
    """CREATE TABLE event (
    block INTEGER, place INTEGER, timestamp INTEGER NOT NULL, tx TEXT NOT NULL, source TEXT NOT NULL,
    address TEXT NOT NULL, name TEXT NOT NULL, task INTEGER, day INTEGER, account TEXT, fields TEXT NOT NULL,
    PRIMARY KEY (block, place)) WITHOUT ROWID""",
    "CREATE INDEX event_name ON event (source, name, task, day, account)",
    "CREATE INDEX event_time ON event (source, name, timestamp)",
    """CREATE TABLE posting (
    account TEXT, block INTEGER, place INTEGER, timestamp INTEGER NOT NULL, tx TEXT NOT NULL,
    delta_wei TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (account, block, place)) WITHOUT ROWID""",
    """CREATE TABLE pool (
    address TEXT PRIMARY KEY, block INTEGER NOT NULL, source TEXT NOT NULL, task INTEGER NOT NULL,
    delegate TEXT NOT NULL)""",
    *VIEW_SCHEMA,
)
TABLES = ("event", "posting", "pool", "view")
_OPENED = "PoolOpened"


class MarketFeed:
    """Keeps a market's index up to date.

    Parameters
    ----------
    deployment : Deployment
        Its contracts.
    rpc : Rpc
        A node of its chain.
    path : Path
        Where the index is, or is made.
    """

    def __init__(self, deployment: Deployment, rpc: Rpc, path: Path) -> None:
        self.deployment, self.rpc = deployment, rpc
        self.index = Index(path, SCHEMA, TABLES)
        self.views = Views(self.index, deployment)
        self._names = {contract.address: name for name, contract in deployment.contracts.items()}

    def follow(self) -> Tip:
        """Read the events of the next blocks, as many as a public node is asked for at a time, and return the newest.

        Raises
        ------
        ChainError
            The chain does not answer.
        """
        tip = tip_of(self.rpc)
        span = next(spans(self._common() + 1, tip.number), None)
        if span is None:
            return tip
        low, high = span
        end = tip if high == tip.number else tip_of(self.rpc, hex(high))
        found = self._events(low, high)
        # Else the chain forked between two requests: the next call finds where.
        if tip_of(self.rpc, hex(high)).hash == end.hash:
            with self.index.writing() as db:
                self._write(db, found)
                self.views.forget(db, (event for event, _ in found))
                self.index.advance(high, end.hash)
        return tip

    def _common(self) -> int:
        """Return the newest block that was read and that the chain still has; forget what was read of others."""
        known = self.index.known()
        for place in known:
            found = self.rpc("eth_getBlockByNumber", hex(place.number), False)
            if found and found["hash"] == place.hash:
                if place != known[0]:
                    self._roll_back(place.number)
                return place.number
        if known:
            self._roll_back(-1)
        return self.deployment.block - 1

    def _roll_back(self, number: int) -> None:
        self.index.roll_back(number)
        self.views.reload()

    def _events(self, low: int, high: int) -> list[tuple[MarketEvent, int]]:
        """Return the market's events in a span of blocks, each with its place among the block's logs."""
        with self.index.reading() as db:
            pools = {row["address"] for row in db.execute("SELECT address FROM pool")}
        pools |= {each.values["pool"] for each, _ in self._read(low, high, self._openers, self._opening_topics)}
        seconds: dict[int, int] = {}
        return list(self._read(low, high, [*self._names, *pools], [], seconds))

    @property
    def _openers(self) -> list[str]:
        return [address for address, name in self._names.items() if name in (ARENA, ALLIANCE_MARKET)]

    @property
    def _opening_topics(self) -> list[str]:
        names = {name for name in self._names.values() if name in (ARENA, ALLIANCE_MARKET)}
        events = (event for name in sorted(names) for event in interface(name).events.values())
        return ["0x" + event.topic.hex() for event in events if event.name == _OPENED]

    def _read(
        self, low: int, high: int, addresses: list[str], topics: list[str], seconds: dict[int, int] | None = None
    ) -> Iterator[tuple[MarketEvent, int]]:
        query = {
            "fromBlock": hex(low),
            "toBlock": hex(high),
            "address": addresses,
            "topics": [topics] if topics else [],
        }
        for entry in self.rpc("eth_getLogs", query):
            log, block = read_log(entry), int(entry["blockNumber"], 16)
            source = self._names.get(log.address, POOLS)
            told = _told(source, log.topics, log.data)
            if told is None:
                continue
            if seconds is not None and block not in seconds:
                seconds[block] = self.rpc.second(block)
            at = (seconds or {}).get(block, 0)
            event = MarketEvent(source, log.address, told[0], told[1], block, at, entry["transactionHash"])
            yield event, int(entry["logIndex"], 16)

    def _write(self, db: sqlite3.Connection, found: Iterable[tuple[MarketEvent, int]]) -> None:
        for _, group in groupby(found, lambda each: each[0].tx_hash):
            together = list(group)
            for event, place in together:
                self._write_event(db, event, place)
            self._write_postings(db, [event for event, _ in together], together[0][1])

    def _write_event(self, db: sqlite3.Connection, event: MarketEvent, place: int) -> None:
        values = event.values
        row = {
            "block": event.block,
            "place": place,
            "timestamp": event.timestamp,
            "tx": event.tx_hash,
            "source": event.source,
            "address": event.address,
            "name": event.name,
            "task": _whole(values.get("task", values.get("model"))),
            "day": _whole(values.get("day")),
            "account": values.get("account", values.get("to")),
            "fields": json.dumps(_plain(values)),
        }
        put(db, "event", row)
        if event.name == _OPENED:
            opened = {"source": event.source, "task": values["task"], "delegate": values["delegate"]}
            put(db, "pool", {"address": values["pool"], "block": event.block, **opened})

    def _write_postings(self, db: sqlite3.Connection, events: list[MarketEvent], place: int) -> None:
        """Write for every account in a transaction what it changed, and why."""
        deltas: defaultdict[str, int] = defaultdict(int)
        for event in events:
            if (event.source, event.name) == (TOKEN, "Transfer"):
                deltas[event.values["from"]] -= event.values["value"]
                deltas[event.values["to"]] += event.values["value"]
        reasons = Reasons(db, self._names)
        for account in {*deltas, *(each for event in events for each in _accounts(event.values))} - {ZERO_ADDRESS}:
            why = reasons.of(account, events)
            if deltas[account] or why:
                row = {
                    "account": account,
                    "block": events[0].block,
                    "place": place,
                    "timestamp": events[0].timestamp,
                    "tx": events[0].tx_hash,
                    "delta_wei": str(deltas[account]),
                    "why": json.dumps(why),
                }
                put(db, "posting", row)


def events_of(db: sqlite3.Connection, source: str, name: str = "", task: int | None = None) -> Iterator[MarketEvent]:
    """Yield the events of a contract in the chain's order; of one name, of one task or model where that is asked."""
    where, values = "source = ?", [source]
    for column, value in (("name", name), ("task", task)):
        if value:
            where, values = f"{where} AND {column} = ?", [*values, value]  # type: ignore[list-item]
    for row in db.execute(f"SELECT * FROM event WHERE {where} ORDER BY block, place", values):  # noqa: S608
        yield read_event(row)


def read_event(row: sqlite3.Row) -> MarketEvent:
    """Return an event as it was read from the chain."""
    fields = strict_json.parse(row["fields"])
    if row["source"] == ARENA:  # others call other things by these names
        for name, kind in (("role", Role), ("verdict", Verdict)):
            if isinstance(fields.get(name), int):
                fields[name] = kind(fields[name])
    return MarketEvent(row["source"], row["address"], row["name"], fields, row["block"], row["timestamp"], row["tx"])


def _told(source: str, topics: tuple[bytes, ...], data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return an event's name and fields, None where none of ours says that: a library's, or a contract's of later."""
    try:
        event = interface(source).events.get(topics[0]) if topics else None
        if event is None:
            return None
        values = event.values(topics, data)
    except (ArtifactMissing, DataUnreadable):
        return None
    return event.name, {name: _typed(name, kind, values[name]) for name, kind, _ in event.layout}


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind == "address":
        return checksum(value)
    if kind == "address[]":
        return [checksum(each) for each in value]
    return {"kind": read_params(value).kind} if name == "params" and kind.startswith("(") else value


def _plain(value: Any) -> Any:
    """Return values as JSON keeps them; Python's JSON keeps whole numbers of any size."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _whole(value: Any) -> int | None:
    """Return a number as SQLite holds one, None where it is none or too large to be a task's or a day's."""
    return value if isinstance(value, int) and value < 2**63 else None


def _accounts(values: Mapping[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str) and len(value) == 42 and value[:2] == "0x"]
