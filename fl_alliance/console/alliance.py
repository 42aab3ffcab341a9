"""An Alliance followed block by block: its tasks, rounds, and why each member was paid, kept in an index.

Every step is replayed by the rules, which also say why; the chain's events are compared with what they say.
"""

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from statistics import median_low
from typing import Any

from fl_alliance.amounts import loss_of
from fl_alliance.bookkeeping import Bookkeeper, empty_models
from fl_alliance.books import Round
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.history import Call
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.console.blocks import Blocks, Tip
from fl_alliance.console.index import Cursor, Index, put
from fl_alliance.ledger_view import decided, story
from fl_alliance.outcomes import outcome_name

BATCH = 500
"""Blocks that are written at a time: pages show them, and a stop loses no more."""
SCHEMA = (
    """CREATE TABLE task (
    task INTEGER PRIMARY KEY, block INTEGER NOT NULL, timestamp INTEGER NOT NULL, state TEXT NOT NULL)""",
    """CREATE TABLE member (
    task INTEGER, member INTEGER, block INTEGER NOT NULL, address TEXT NOT NULL, stake INTEGER NOT NULL,
    won INTEGER NOT NULL, lost INTEGER NOT NULL, balance INTEGER NOT NULL, escrow INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL, standing TEXT NOT NULL, PRIMARY KEY (task, member)) WITHOUT ROWID""",
    "CREATE INDEX member_address ON member (address)",
    """CREATE TABLE round (
    task INTEGER, round INTEGER, block INTEGER NOT NULL, timestamp INTEGER NOT NULL, tx TEXT NOT NULL,
    sender TEXT NOT NULL, outcome TEXT NOT NULL, decided TEXT NOT NULL, leaders TEXT NOT NULL, reward INTEGER NOT NULL,
    paid INTEGER NOT NULL, slashed INTEGER NOT NULL, bounty INTEGER NOT NULL, pool INTEGER NOT NULL,
    model TEXT NOT NULL, figure REAL, balances TEXT NOT NULL, PRIMARY KEY (task, round)) WITHOUT ROWID""",
    "CREATE INDEX round_sums ON round (task, outcome, paid, slashed)",
    """CREATE TABLE line (
    task INTEGER, round INTEGER, member INTEGER, block INTEGER NOT NULL, standing TEXT NOT NULL, role TEXT NOT NULL,
    delta INTEGER NOT NULL, escrow INTEGER NOT NULL, balance INTEGER NOT NULL, told TEXT NOT NULL,
    story TEXT NOT NULL, PRIMARY KEY (task, round, member)) WITHOUT ROWID""",
    "CREATE INDEX line_member ON line (task, member, round)",
)
TABLES = ("task", "member", "round", "line")


class AllianceFeed:
    """Keeps an Alliance's index up to date.

    Parameters
    ----------
    deployment : Deployment
        Has the Alliance.
    blocks : Blocks
        Its chain.
    path : Path
        Where the index is, or is made.
    """

    def __init__(self, deployment: Deployment, blocks: Blocks, path: Path) -> None:
        self.deployment, self._blocks = deployment, blocks
        self.index = Index(path, SCHEMA, TABLES)
        self._books: _Books | None = None

    def follow(self) -> Tip:
        """Read up to `BATCH` more blocks and return the chain's newest.

        Raises
        ------
        ChainError
            The chain does not answer, is damaged, or did what the rules refuse (`ModelDiverged`).
        """
        tip = self._blocks.tip()
        at = self._common()
        first = (at.number if at else self.deployment.block - 1) + 1
        if first > tip.number:
            return tip
        try:
            with self.index.writing() as db:
                self._read(db, first, min(tip.number, first + BATCH - 1), at)
        except BaseException:
            self._books = None
            raise
        return tip

    def _common(self) -> Cursor | None:
        """Return the newest block that was read and that the chain still has; forget those that it has not."""
        known = self.index.known()
        for place in known:
            if self._blocks.hash_of(place.number) == place.hash:
                if place != known[0]:
                    self._forget(place.number)
                return place
        if known:
            self._forget(-1)
        return None

    def _forget(self, above: int) -> None:
        """Take back what was read above a block; where tasks and members stood then is written anew from a replay."""
        self._books = None
        self.index.roll_back(above)
        if above >= 0:
            self._books = self._replayed(above)
            with self.index.writing() as db:
                self._books.write_touched(db)

    def _read(self, db: sqlite3.Connection, first: int, last: int, at: Cursor | None) -> None:
        before = at.hash if at else None
        for seen in self._blocks.read(first, last):
            if before not in (None, seen.parent):
                break  # the chain forked between two requests: the next call finds where
            if seen.calls:
                books = self._books = self._books or self._replayed(first - 1)
                for call in seen.calls:
                    books.take(call, db)
            before = seen.tip.hash
            self.index.advance(seen.tip.number, seen.tip.hash)
        if self._books is not None:
            self._books.write_touched(db)

    def _replayed(self, last: int) -> "_Books":
        """Return the books after block `last`, with nothing written."""
        books = _Books(self.deployment)
        for seen in self._blocks.read(self.deployment.block, last):
            for call in seen.calls:
                books.take(call)
        return books


class _Books:
    """The models of an Alliance, and the keepers of its tasks' books."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.models: AllianceModel = empty_models(deployment)
        self.keepers: dict[int, Bookkeeper] = {}
        self._touched: dict[int, tuple[int, int]] = {}

    def take(self, call: Call, db: sqlite3.Connection | None = None) -> None:
        """Follow a transaction, and write down the rounds that it has ended where there is somewhere to."""
        for taken, lines in self.models.follow(call):
            if created := self.models.tasks.keys() - self.keepers.keys():
                self.keepers |= {task: Bookkeeper(self._deployment, task, self.models) for task in created}
            for task, keeper in self.keepers.items():
                keeper.book(taken, lines)
                if keeper.rounds and db is not None:
                    self._write_rounds(db, task, keeper.rounds, call.timestamp)
                keeper.rounds.clear()
            self._touched[getattr(taken.step, "task", len(self.keepers))] = (call.block, call.timestamp)

    def write_touched(self, db: sqlite3.Connection) -> None:
        """Write where the tasks stand that were touched since the last time, as of the block that touched them last."""
        for task in self._touched.keys() & self.keepers.keys():
            self.write_state(db, task, *self._touched[task])
        self._touched.clear()

    def write_state(self, db: sqlite3.Connection, task: int, block: int, timestamp: int) -> None:
        """Write where a task and its members stand."""
        model, keeper = self.models.task(task), self.keepers[task]
        state = json.dumps(_state(model, timestamp))
        put(db, "task", {"task": task, "block": block, "timestamp": timestamp, "state": state})
        is_running = Phase.PROPOSING <= model.phase(timestamp) <= Phase.REVEALING
        running = model.committee.standings if is_running else {}
        for member in keeper.members():
            drawn = running.get(member.index)
            row = {
                "task": task,
                "member": member.index,
                "block": block,
                "address": member.address,
                "stake": member.stake_gwei,
                "won": member.won_gwei,
                "lost": member.lost_gwei,
                "balance": member.balance_gwei,
                "escrow": member.escrow_gwei,
                "withdrawn": member.withdrawn_gwei,
                "standing": _did(drawn, model.terms is not None) if drawn else "",
            }
            put(db, "member", row)

    def _write_rounds(self, db: sqlite3.Connection, task: int, rounds: list[Round], timestamp: int) -> None:
        for entry in rounds:
            put(db, "round", _round_row(task, entry, timestamp))
            for row in _line_rows(task, entry):
                put(db, "line", row)


def _state(model: TaskModel, now: int) -> dict[str, Any]:
    params = model.params
    return {
        "phase": model.phase(now).name.lower(),
        "round": model.round,
        "creator": model.creator,
        "relayer": params.relayer,
        "rule": "majority" if model.terms is None else "candidates",
        "pool": model.pool_gwei,
        "model": model.model.hex(),
        "rounds": params.rounds,
        "proposers": params.proposers,
        "voters": params.voters,
        "slash_bps": params.slash_bps,
        "slash": params.slash_gwei,
        "min_stake": params.min_stake_gwei,
        "code": params.code_digest.hex(),
        "config": params.config_digest.hex(),
    }


def _round_row(task: int, entry: Round, timestamp: int) -> dict[str, Any]:
    gains = [line.total_gwei for line in entry.lines]
    return {
        "task": task,
        "round": entry.number,
        "block": entry.ended.block,
        "timestamp": timestamp,
        "tx": entry.ended.tx_hash,
        "sender": entry.ended.sender,
        "outcome": outcome_name(entry.outcome, entry.choice is not None),
        "decided": decided(entry),
        "leaders": json.dumps(entry.leaders),
        "reward": entry.reward_gwei,
        "paid": sum(gain for gain in gains if gain > 0),
        "slashed": -sum(gain for gain in gains if gain < 0),
        "bounty": entry.bounty_gwei,
        "pool": entry.pool_gwei,
        "model": entry.model.hex(),
        "figure": _figure(entry),
        "balances": json.dumps([sum(held) for held in zip(entry.balances, entry.escrows, strict=True)]),
    }


def _figure(entry: Round) -> float | None:
    """Return what the voter in the middle found of the model that the round ended with: a score, or a loss."""
    winner = entry.choice.winner if entry.choice else int(entry.outcome == "accepted")
    told = [scores[winner] for scores in entry.scores.values() if len(scores) > winner]
    if not told:
        return None
    return loss_of(median_low(told)) if entry.choice else median_low(told) / 1e6


def _line_rows(task: int, entry: Round) -> Iterator[dict[str, Any]]:
    """Yield a row for every member that was drawn, or that the round paid or took from."""
    lines = {
        member: list(found)
        for member, found in groupby(sorted(entry.lines, key=lambda line: line.member), lambda line: line.member)
    }
    for member in sorted(lines.keys() | entry.standings.keys()):
        mine = lines.get(member, [])
        standing = entry.standings.get(member)
        yield {
            "task": task,
            "round": entry.number,
            "member": member,
            "block": entry.ended.block,
            "standing": _did(standing, entry.choice is not None) if standing else "not drawn",
            "role": "proposer" if standing and standing.is_proposer else "voter" if standing else "",
            "delta": sum(line.delta_gwei for line in mine),
            "escrow": sum(line.escrow_gwei for line in mine),
            "balance": entry.balances[member],
            "told": json.dumps(_told(entry, member)),
            "story": json.dumps(list(story(entry, member, mine))),
        }


def _did(standing: Standing, of_candidates: bool) -> str:
    """Return what a drawn member did; where candidates are judged, who has revealed is noted as a yes."""
    if of_candidates and standing is Standing.VOTED_YES:
        return "scored"
    return standing.name.lower().replace("_", " ")


def _told(entry: Round, member: int) -> list[float]:
    """Return what a voter found of the old model and of the one beside it, each as a score or a loss."""
    scores = entry.scores.get(member)
    if scores is None:
        return []
    if entry.choice is None:
        return [score / 1e6 for score in scores[:2]]
    return [loss_of(scores[at]) for at in (0, entry.choice.winner or 1) if at < len(scores)]
