"""What views of the contracts have answered, kept in the index until an event says that the answer may be another one.

Each view that is kept depends on one subject: a proposal, a model, a task, a day of a task. An event about that subject
has its answers forgotten, and they are asked again in the background. What changes by time alone is not kept.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import (
    ARENA,
    BRAKE,
    DAO,
    DOCUMENTS,
    EMISSION,
    GAUGES,
    MODELS,
    REVENUE,
    TIMELOCK,
    TOKEN,
    VOTES,
    Deployment,
)
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.stages import Stage
from fl_alliance.console.index import Index, put

VIEW_SCHEMA = (
    """CREATE TABLE view (
    address TEXT, calldata TEXT, block INTEGER NOT NULL, subject TEXT NOT NULL, answer BLOB NOT NULL,
    PRIMARY KEY (address, calldata)) WITHOUT ROWID""",
    "CREATE INDEX view_subject ON view (subject)",
)
Key = tuple[str, str]
"""A contract's address and calldata, in hex."""
ANYTHING, TERMS, PROPOSED = "anything", "terms", "proposed"
"""Subjects of their own: every event, what a proposal can set, and that there is one proposal more."""
_FOR_EVER = "for ever"
_FINAL_STAGES = tuple(stage for stage in Stage if stage.is_final)


class Views:
    """The answers of one market's views: written by the thread that follows its chain, read by all.

    Parameters
    ----------
    index : Index
        With `VIEW_SCHEMA` in it.
    deployment : Deployment
        The market's contracts.
    """

    def __init__(self, index: Index, deployment: Deployment) -> None:
        self._index = index
        self._names = {contract.address: name for name, contract in deployment.contracts.items()}
        self._answers: dict[Key, bytes] = {}
        self._versions = Counter[str]()
        self.reload()

    def __getitem__(self, key: Key) -> bytes:
        """Return a view's answer; raises KeyError where it is not known."""
        return self._answers[key]

    def version(self, *subjects: str) -> int:
        """Return a number that is another one after every event about one of these subjects."""
        return sum(self._versions[subject] for subject in (_FOR_EVER, *subjects))

    def subject(self, key: Key, answer: bytes) -> str | None:
        """Return on what a view's answer depends, None where it is not to be kept."""
        name, data = self._names.get(key[0], ""), bytes.fromhex(key[1][2:])
        function = interface(name).by_selector.get(data[:4]) if name else None
        if function is None:
            return None
        rule = _SUBJECTS.get((name, function.name))
        return rule(function.decode(data), answer) if rule else None

    def keep(self, block: int, found: Mapping[Key, tuple[str, bytes]]) -> None:
        """Keep answers that were read up to this block, each with its subject."""
        with self._index.writing() as db:
            for (address, calldata), (subject, answer) in found.items():
                row = {"address": address, "calldata": calldata, "block": block, "subject": subject}
                put(db, "view", row | {"answer": answer})
        self._answers.update({key: answer for key, (_, answer) in found.items()})

    def forget(self, db: sqlite3.Connection, events: Iterable[MarketEvent]) -> None:
        """Forget, inside `writing`, what depends on the subjects of events."""
        for subject in {subject for event in events for subject in subjects_of(event)}:
            self._versions[subject] += 1
            where = "subject GLOB ?" if subject.endswith("*") else "subject = ?"
            gone = db.execute(f"SELECT address, calldata FROM view WHERE {where}", (subject,)).fetchall()  # noqa: S608
            if gone:
                db.execute(f"DELETE FROM view WHERE {where}", (subject,))  # noqa: S608  our own conditions
            for address, calldata in gone:
                self._answers.pop((address, calldata), None)

    def reload(self) -> None:
        """Read what the index has, after the start and after a fork."""
        with self._index.reading() as db:
            rows = db.execute("SELECT address, calldata, answer FROM view").fetchall()
        self._answers = {(address, calldata): answer for address, calldata, answer in rows}
        self._versions[_FOR_EVER] += 1


class ViewingRpc(Rpc):
    """Requests to a node; a view whose answer is kept is not asked again."""

    def __init__(self, rpc: Rpc, views: Views) -> None:
        self._asked, self._views = rpc, views
        self._own = threading.local()

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a request; see `Rpc`."""
        return self._asked(method, *params)

    def bytes(self, method: str, *params: Any) -> bytes:
        """Return the result of a request that answers with bytes; see `Rpc`."""
        if method != "eth_call":
            return self._asked.bytes(method, *params)
        key, noted = (params[0]["to"], params[0]["data"]), getattr(self._own, "noted", None)
        with suppress(KeyError):
            return self._views[key]
        if noted is not None and key in noted:
            return bytes(noted[key][1])
        answer = self._asked.bytes(method, *params)
        if noted is not None and (subject := self._views.subject(key, answer)) is not None:
            noted[key] = (subject, answer)
        return answer

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Keep what this thread asks, from now until the block ends; it is the one that follows the chain."""
        noted: dict[Key, tuple[str, bytes]] = {}
        self._own.noted = noted
        try:
            yield
        finally:
            del self._own.noted
        if noted:
            self._views.keep(self._asked.number("eth_blockNumber"), noted)


def subjects_of(event: MarketEvent) -> Iterator[str]:
    """Yield the subjects of which an event may have changed something; one that ends with `*` stands for several."""
    source, values = event.source, event.values
    yield ANYTHING
    yield source
    if event.name.endswith(_SETTING):
        yield TERMS
    if event.name == "ProposalCreated":
        yield PROPOSED
    if event.name in _KINDS:
        yield GAUGES
    if source == TOKEN:
        yield from (f"{TOKEN}:{values[name]}" for name in ("from", "to") if name in values)
    if (named := next((name for name in _NAMED if name in values), None)) is not None:
        yield f"{source}:{values[named]}"
    if source == ARENA and event.name in _WHOLE_TASK:
        yield f"{ARENA}:{values['task']}:*"
    elif source == ARENA and "day" in values:
        yield f"{ARENA}:{values['task']}:{values['day']}"


Rule = Callable[[tuple[Any, ...], bytes], str | None]
"""From a view's arguments and answer to its subject."""


def _first(contract: str) -> Rule:
    """Return the rule of a view that depends on what its first argument names."""
    return lambda arguments, _: f"{contract}:{arguments[0]}"


def _task(arguments: tuple[Any, ...], _: bytes) -> str:
    """Return what the emission knows of a task of whichever source."""
    return f"{EMISSION}:{arguments[1]}"


def _day(arguments: tuple[Any, ...], _: bytes) -> str:
    return f"{ARENA}:{arguments[0]}:{arguments[1]}"


def _stage(arguments: tuple[Any, ...], answer: bytes) -> str | None:
    """Return a proposal once its stage is final; until then it changes by time."""
    return f"{DAO}:{arguments[0]}" if int.from_bytes(answer) in _FINAL_STAGES else None


def _same(subject: str) -> Rule:
    """Return the rule of a view that depends on one thing, whatever it is asked."""
    return lambda _, __: subject


def _rules(contract: str, rule: Rule, *views: str) -> dict[tuple[str, str], Rule]:
    return {(contract, view): rule for view in views}


_SUBJECTS: Mapping[tuple[str, str], Rule] = {
    **_rules(ARENA, _first(ARENA), "state", "stakeOf"),
    **_rules(ARENA, _day, "dayState", "submission", "validation", "entryOf", "ranking"),
    **_rules(ARENA, _same(ARENA), "taskCount"),
    **_rules(ARENA, _same(_FOR_EVER), "params"),
    **_rules(ARENA, _same(TERMS), "minCreatorStakeWei", "limits"),
    **_rules(BRAKE, _same(TERMS), "guardian"),
    **_rules(DAO, _stage, "state"),
    **_rules(DAO, _first(DAO), "reviewOf", "isCondemned", "appearanceOf", "proposalVotes", "hasVoted"),
    **_rules(DAO, _first(DAO), "proposalDeadline", "proposalEta", "flagsUntil"),
    **_rules(DAO, _same(_FOR_EVER), "quorum"),  # of a second that is over: others are refused
    **_rules(DAO, _same(TERMS), "votingDelay", "votingPeriod", "lateQuorumVoteExtension", "quorumNumerator"),
    **_rules(DAO, _same(TERMS), "reviewTerms"),
    **_rules(DOCUMENTS, _first(DOCUMENTS), "documentOf"),
    **_rules(DOCUMENTS, _same(TERMS), "stakeWei", "quorumWei"),
    **_rules(EMISSION, _task, "isVerified", "kindOf"),
    **_rules(EMISSION, _same(_FOR_EVER), "startAt"),
    **_rules(GAUGES, _same(TERMS), "terms"),
    **_rules(GAUGES, _same(GAUGES), "votesWei", "castWei", "paidWei", "shareBps"),
    **_rules(GAUGES, _same(_FOR_EVER), "startAt", "countedAt"),
    **_rules(MODELS, _first(MODELS), "listingOf", "ratingOf"),
    **_rules(MODELS, _same(MODELS), "count"),
    **_rules(MODELS, _same(TERMS), "minStakeWei", "releaseS"),
    **_rules(REVENUE, _first(REVENUE), "earnedBy"),
    **_rules(REVENUE, _same(_FOR_EVER), "tillOf"),
    **_rules(REVENUE, _same(TERMS), "split"),
    **_rules(TIMELOCK, _same(TERMS), "getMinDelay"),
    **_rules(VOTES, _same(_FOR_EVER), "getPastTotalSupply"),  # likewise
    **_rules(VOTES, _same(TERMS), "unlockDelayS"),
}
"""(contract, view) -> on what its answer depends."""
_SETTING = ("Set", "Lowered", "Updated", "Change")
"""How events of what a proposal sets end."""
_NAMED = ("proposalId", "document", "model", "task")
"""The field of an event that says what it is about."""
_KINDS = ("TaskVerified", "TaskUnverified")
"""Events of the emission that say which gauges there are, and of which kind."""
_WHOLE_TASK = ("FinalEntered", "DatasetBRevealed", "TaskCompleted", "TaskCancelled")
"""Events of a task that say something of its other days too."""
