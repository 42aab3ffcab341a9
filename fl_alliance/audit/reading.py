"""Reading the events in a chain's receipts, and refusing what cannot be read."""

from collections.abc import Iterator, Sequence
from typing import Any

from eth_abi.exceptions import DecodingError

from fl_alliance.audit.events import Event
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.node.block import Block

UNREADABLE = (ChainError, DecodingError, ValueError, IndexError, KeyError, TypeError, OverflowError)
"""What reading or applying bytes that no honest contract took can raise: all of it means that they do not hold."""


class Events:
    """The Alliance's events of one transaction, compared one after another."""

    def __init__(self, block: Block, contract: str, address: bytes) -> None:
        self._found = _read_events(block, contract, address)

    def need(self, expected: Sequence[Event], where: Where) -> None:
        """Refuse other events than these next."""
        for name, values in expected:
            found = self._next(where)
            # The rules know more of a step than its event tells.
            told = found[1] if found is not None and found[0] == name else values
            needed = (name, {key: _plain(values.get(key)) for key in told})
            if found != needed:
                raise DoesNotHold(
                    where, f"the contract says {_told(found, needed)}, the rules say {_told(needed, found)}"
                )

    def need_no_more(self, where: Where) -> None:
        """Refuse an event that no step accounts for."""
        found = self._next(where)
        if found is not None:
            raise DoesNotHold(where, f"the contract says {found[0]}, which follows from no step")

    def _next(self, where: Where) -> tuple[str, dict[str, Any]] | None:
        try:
            return next(self._found, None)
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"an event that cannot be read: {broken}") from broken


def _read_events(block: Block, contract: str, address: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    known = interface(contract).events
    for log in block.receipt.logs if block.receipt is not None else ():
        if log.address != address:
            continue
        event = known[log.topics[0]]
        yield event.name, {key: _plain(value) for key, value in event.values(log.topics, log.data).items()}


def _plain(value: Any) -> Any:
    """Return a value as events are compared: addresses in lower case, lists as tuples."""
    if isinstance(value, str):
        return value.lower()
    return tuple(value) if isinstance(value, list) else value


def _told(event: tuple[str, dict[str, Any]] | None, other: tuple[str, dict[str, Any]] | None) -> str:
    """Return an event in words; where only values differ, those."""
    if event is None:
        return "nothing"
    name, values = event
    if other is not None and other[0] == name:
        values = {key: value for key, value in values.items() if other[1].get(key) != value}
    shown = ", ".join(f"{key} {value.hex() if isinstance(value, bytes) else value}" for key, value in values.items())
    return f"{name}({shown})"
