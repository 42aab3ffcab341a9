"""One transaction as the chain tells it, and the comparison of its events, in order, with what the rules give."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import DAO
from fl_alliance.chain.errors import DataUnreadable
from fl_alliance.chain.history import Call as Steps
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.messages import checksum

_MULTICALL = "multicall"


@dataclass(frozen=True, slots=True)
class Taken:
    """A successful transaction that left events of the market; `to` is None where it created a contract.

    `steps` are its calls of the Alliance whose tasks the market pays, with what contracts did in its course.
    """

    block: int
    timestamp: int
    tx_hash: str
    sender: str
    to: str | None
    data: bytes
    events: tuple[MarketEvent, ...]
    steps: tuple[Steps, ...] = ()

    @property
    def where(self) -> Where:
        """Its place in words."""
        return Where(self.block, f"transaction {self.tx_hash}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call whose calldata is on the chain: its transaction's own, or one of a proposal that it executes.

    Attributes
    ----------
    source : str
        The artifact of the contract that is called.
    sender : str
        Who calls it.
    is_sent : bool
        Whether it is the transaction's own.
    """

    source: str
    name: str
    args: tuple[Any, ...]
    sender: str
    is_sent: bool = True

    def first(self, count: int) -> tuple[Any, ...]:
        """Return its first arguments, addresses with their checksums."""
        return tuple(map(_readable, self.args[:count]))


@dataclass(slots=True)
class Reading:
    """The events of one transaction, taken one after another, and the calls in its own calldata.

    Attributes
    ----------
    source : str
        The artifact of the contract that the transaction calls; empty where that is none of the market's. What a
        contract then calls in its turn is in no calldata, but for the calls of proposals.
    calls : list of Call
        What of these calls is not matched with events yet.
    step : str
        What is being verified, in words.
    """

    taken: Taken
    source: str = ""
    calls: list[Call] = field(default_factory=list)
    at: int = 0
    step: str = ""

    @property
    def where(self) -> Where:
        """What is being verified, in words."""
        return self.taken.where.at_step(self.step)

    @property
    def progress(self) -> tuple[int, int]:
        """How many events are taken, and how many calls are left."""
        return self.at, len(self.calls)

    def peek(self) -> MarketEvent | None:
        """Return the next event."""
        return self.taken.events[self.at] if self.at < len(self.taken.events) else None

    def ahead(self, source: str, name: str) -> MarketEvent | None:
        """Return the first event of a name that is still to come."""
        coming = self.taken.events[self.at :]
        return next((event for event in coming if (event.source, event.name) == (source, name)), None)

    def need(self, source: str, address: str, name: str, values: Mapping[str, Any]) -> None:
        """Take the next event, which must be this one in every field.

        Raises
        ------
        DoesNotHold
            Naming what the chain says and what the rules give.
        """
        found = self.peek()
        if found is None or (found.source, found.address, found.name) != (source, address, name):
            raise DoesNotHold(
                self.where, f"the chain says {told(found)}, the rules give {source}.{name}({_shown(values)})"
            )
        differing = {key: values[key] for key, value in found.values.items() if value != values[key]}
        if differing:
            said = {key: found.values[key] for key in differing}
            raise DoesNotHold(
                self.where, f"{source}.{name}: the chain says {_shown(said)}, the rules give {_shown(differing)}"
            )
        self.at += 1

    def require(self, holds: bool, what: str) -> None:
        """Refuse what the rules do; `what` names what was given and what is needed."""
        if not holds:
            raise DoesNotHold(self.where, f"the chain took this, the rules refuse it: {what}")

    def coming(self, source: str, names: Collection[str]) -> str | None:
        """Return which of some functions is called next; None where no calldata calls any of them."""
        return next((call.name for call in self.calls if call.source == source and call.name in names), None)

    def called(self, source: str, name: str, *args: Any, by: str | None = None) -> tuple[Any, ...] | None:
        """Take a call, as `call`, and return its arguments."""
        found = self.call(source, name, *args, by=by)
        return None if found is None else found.args

    def call(self, source: str, name: str, *args: Any, by: str | None = None) -> Call | None:
        """Take the next call of a function; None where a contract made it that no proposal's calldata shows.

        Parameters
        ----------
        args : Any
            What the first of its arguments must be, by the event that it left.
        by : str, optional
            Who must have made it.

        Raises
        ------
        DoesNotHold
            The transaction calls this contract and makes no such call, with other arguments, or is somebody else's.
        """
        named = [call for call in self.calls if (call.source, call.name) == (source, name)]
        # A call may leave no event, so that of several the one that fits is meant.
        fitting = [call for call in named if call.first(len(args)) == args]
        found = next((call for call in fitting if by in (None, call.sender)), None)
        if found is None:
            if self.source != source:
                return None
            found = next((call for call in (*fitting, *named) if call.is_sent), None)
        if found is None:
            raise DoesNotHold(self.where, f"the transaction makes no call of {name} that could have left this event")
        self.calls.remove(found)
        given = found.first(len(args))
        self.require(given == args, f"its event says {_listed(args)}, the call of {name} {_listed(given)}")
        self.require(by in (None, found.sender), f"sent by {found.sender}, its event says {by}")
        return found


def calls_of(taken: Taken, source: str) -> list[Call]:
    """Return the calls in a transaction to a contract of this artifact, multicalls unwrapped; none of plain coin."""
    try:
        return list(calls_in(source, taken.data, taken.sender)) if taken.data else []
    except (DataUnreadable, KeyError) as broken:
        raise DoesNotHold(taken.where, f"a call of {source} that cannot be read: {broken}") from broken


def calls_in(source: str, data: bytes, sender: str, is_sent: bool = True) -> Iterator[Call]:
    """Yield the calls in calldata for a contract of this artifact; raises DataUnreadable, KeyError."""
    function = interface(source).by_selector[data[:4]]
    args = (function.with_bytes() if source == DAO else function).decode(data)
    if function.name != _MULTICALL:
        yield Call(source, function.name, args, sender, is_sent)
        return
    for inner in args[0]:
        yield from calls_in(source, inner, sender, is_sent)


def _readable(value: Any) -> Any:
    return checksum(value) if isinstance(value, str) and value.startswith("0x") else value


def told(event: MarketEvent | None) -> str:
    """Return an event in words."""
    return "nothing more" if event is None else f"{event.source}.{event.name}({_shown(event.values)})"


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(map(_plain, values))


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(value)
