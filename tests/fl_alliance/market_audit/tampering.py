"""Chains that say something else than what happened, one figure at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, Source, audit_market
from fl_alliance.audit.market.contracts import creation
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.arena_types import TaskParams
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.words import keccak

NOBODY = "0x" + 40 * "0"
STRANGER = "0x00000000000000000000000000000000DeaDBeef"


def other(value: Any) -> Any:
    """Return a value like this one, and not this one."""
    if isinstance(value, TaskParams):
        return replace(value, daily_wei=value.daily_wei + 1)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return type(value)(value + 1 if type(value) is int or value == 0 else value - 1)
    if isinstance(value, bytes):
        return keccak(value)
    if isinstance(value, tuple | list):
        return type(value)((*value[:-1], other(value[-1]))) if value else type(value)([1])
    return STRANGER if value != STRANGER else NOBODY


@dataclass
class Altered:
    """A chain behind a reader that changes what it tells.

    Attributes
    ----------
    events : callable
        What to make of a transaction; None leaves it out.
    answers : callable
        What to make of a view's answer: contract, name, arguments and values.
    told : list of Taken, optional
        The chain's transactions, where they have been read.
    """

    behind: Source
    events: Callable[[Taken], Taken | None] = lambda taken: taken
    answers: Callable[[str, str, tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]] = lambda c, n, a, values: values
    executed: bool = False
    told: list[Taken] | None = None

    @property
    def chain_id(self) -> int:
        return self.behind.chain_id

    @property
    def head(self) -> tuple[int, bytes, int]:
        return self.behind.head

    @property
    def blocks(self) -> Any:
        return self.behind.blocks  # type: ignore[attr-defined]

    def transactions(self, deployment: Deployment) -> Iterator[Taken]:
        for taken in self.behind.transactions(deployment) if self.told is None else self.told:
            changed = self.events(taken)
            if changed is not None:
                yield changed

    def code(self, address: str) -> bytes:
        return self.behind.code(address)

    def read(self, contract: str, address: str, name: str, *args: Any) -> tuple[Any, ...]:
        return self.answers(contract, name, args, self.behind.read(contract, address, name, *args))


def with_event(at: tuple[str, int], change: Callable[[MarketEvent], list[MarketEvent]]) -> Callable[[Taken], Taken]:
    """Change one event, given by its transaction and its number there."""

    def apply(taken: Taken) -> Taken:
        if taken.tx_hash != at[0]:
            return taken
        events = list(taken.events)
        events[at[1] : at[1] + 1] = change(events[at[1]])
        return replace(taken, events=tuple(events))

    return apply


def with_field(at: tuple[str, int], field: str) -> Callable[[Taken], Taken]:
    """Change one field of one event."""
    return with_event(at, lambda event: [replace(event, values={**event.values, field: other(event.values[field])})])


@dataclass
class Recorded:
    """A chain as an audit reads it."""

    source: FileSource
    deployment: Deployment
    told: list[Taken]

    @classmethod
    def of(cls, path: Path) -> "Recorded":
        """Read a chain file, executed again, and the first market on it."""
        source = FileSource.open(path)
        deployment, _ = creation(source, None)
        return cls(source, deployment, list(source.transactions(deployment)))

    def finding(self, change: Callable[[Taken], Taken | None]) -> str:
        """What the audit reports of a changed chain; it must report something."""
        try:
            audit_market(Altered(self.source, change, told=self.told), self.deployment)
        except DoesNotHold as found:
            return str(found)
        return pytest.fail("not found")

    def spots(self, *sources: str) -> Iterator[tuple[tuple[str, int], MarketEvent]]:
        """Every event of these contracts, and where it is."""
        for taken in self.told:
            for number, event in enumerate(taken.events):
                if event.source in sources:
                    yield (taken.tx_hash, number), event
