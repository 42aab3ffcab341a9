"""What a check found: one line a check, and what to do where something is wrong."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a check ended; `UNKNOWN` where what it needs is wrong already."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result.

    Attributes
    ----------
    name : str
        What was checked.
    state : State
    found : str
        In words, with the figures.
    todo : str
        How it is put right; empty where nothing is wrong.
    """

    name: str
    state: State
    found: str
    todo: str = ""

    @property
    def line(self) -> str:
        """The finding as it is printed."""
        todo = f" -> {self.todo}" if self.todo else ""
        return f"{self.state:<8}{self.name:<14}{self.found}{todo}"

    def as_json(self) -> dict[str, Any]:
        """Return it for tools."""
        return asdict(self)


def ok(name: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(name, State.OK, found)


def wrong(name: str, found: str, todo: str) -> Finding:
    """Return that something is wrong, and what to do."""
    return Finding(name, State.WRONG, found, todo)


def unknown(name: str, why: str) -> Finding:
    """Return that it could not be looked at."""
    return Finding(name, State.UNKNOWN, why)
