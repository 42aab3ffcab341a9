"""What answers: a listed model, loaded and checked against its listing, behind one of two small interfaces.

One caller at a time uses an engine; `Seat` sees to that.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from fl_alliance.marketplace.errors import EngineFailed

MOST_WAITING = 16
"""Callers that wait for a model at most; others are sent away at once."""


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Read:
    """How many tokens an engine has read, the template's among them, before it answered."""

    tokens: int


class Speaker(Protocol):
    """A model that speaks."""

    @property
    def most_tokens(self) -> int:
        """Of an answer at most."""

    def answer(self, messages: Sequence[Message], most_tokens: int, temperature: float) -> Iterator[str | Read]:
        """Yield the answer, one token's text at a time, and once, where it is known, what was read.

        Raises
        ------
        InputRefused, EngineFailed
        """


class Forecaster(Protocol):
    """A model that answers rows of numbers with numbers."""

    def check(self, rows: Any) -> None:
        """Refuse rows that it cannot answer; raises `InputRefused` naming what is wrong with which row."""

    def predict(self, rows: Any) -> Mapping[str, Any]:
        """Return its answer to checked rows as JSON; raises `EngineFailed`."""


Engine = Speaker | Forecaster


@dataclass(slots=True)
class Seat:
    """An engine, and the line before it."""

    engine: Engine
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_WAITING))

    @property
    def speaks(self) -> bool:
        """Whether it answers messages; otherwise rows of numbers."""
        return hasattr(self.engine, "answer")

    @contextmanager
    def taken(self) -> Iterator[Any]:
        """Have the engine to oneself; raises `EngineFailed` where too many wait already."""
        if not self._waiting.acquire(blocking=False):
            raise EngineFailed(f"the model is busy, {MOST_WAITING} callers wait; needed: try again later")
        try:
            with self._lock:
                yield self.engine
        finally:
            self._waiting.release()
