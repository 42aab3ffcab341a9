"""Calldata, results and custom errors of our contracts, through codecs that are built once from the compiled ABI.

web3's contract objects resolve and check the ABI anew for every call, which costs more than the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from eth_abi.decoding import ByteStringDecoder, ContextFramesBytesIO, StringDecoder
from eth_abi.exceptions import DecodingError, InsufficientDataBytes
from eth_abi.registry import BaseEquals, registry

from fl_alliance.chain import artifacts
from fl_alliance.chain.errors import DataUnreadable
from fl_alliance.chain.rules.words import keccak


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract: how it is called and how its result reads; a view changes nothing."""

    name: str
    selector: bytes
    inputs: str
    outputs: str
    is_view: bool

    def encode(self, args: Sequence[Any]) -> bytes:
        """Return the calldata of a call with these arguments, structs as tuples."""
        # eth_abi does not know a tuple of nothing.
        return self.selector + (bytes(_encoder(self.inputs)(args)) if args else b"")

    def decode(self, calldata: bytes) -> tuple[Any, ...]:
        """Return the arguments in this function's calldata."""
        return _decode(self.inputs, calldata[4:])

    def with_bytes(self) -> "Function":
        """Return the same function, whose arguments that are strings read as their bytes."""
        return replace(self, inputs=_in_bytes(self.inputs))

    def result(self, data: bytes) -> tuple[Any, ...]:
        """Return the values in this function's return data."""
        return _decode(self.outputs, data)


@dataclass(frozen=True, slots=True)
class CustomError:
    """One custom error of a contract, with the names of its fields as the ABI spells them."""

    name: str
    fields: tuple[str, ...]
    inputs: str

    def values(self, data: bytes) -> tuple[Any, ...]:
        """Return the error's fields in revert data, selector included."""
        return _decode(self.inputs, data[4:])


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a contract; `layout` is (name, type, indexed) of each field."""

    name: str
    topic: bytes
    layout: tuple[tuple[str, str, bool], ...]

    def values(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Return the event's fields by their ABI names."""
        indexed = [(name, kind) for name, kind, is_indexed in self.layout if is_indexed]
        plain = [(name, kind) for name, kind, is_indexed in self.layout if not is_indexed]
        found = {name: _decode(f"({kind})", topic)[0] for (name, kind), topic in zip(indexed, topics[1:], strict=True)}
        rest = _decode(f"({','.join(kind for _, kind in plain)})", data) if plain else ()
        return found | dict(zip((name for name, _ in plain), rest, strict=True))

    def with_bytes(self) -> "Event":
        """Return the same event, whose strings read as their bytes: nothing asks a stranger for UTF-8."""
        return replace(self, layout=tuple((name, _in_bytes(kind), indexed) for name, kind, indexed in self.layout))


@dataclass(frozen=True, slots=True)
class Interface:
    """Everything that can be called on, or comes back from, one contract."""

    functions: Mapping[str, Function]
    by_selector: Mapping[bytes, Function]
    errors: Mapping[bytes, CustomError]
    events: Mapping[bytes, Event]

    def event(self, name: str) -> Event:
        """Return an event by its name; raises KeyError where there is none."""
        for found in self.events.values():
            if found.name == name:
                return found
        raise KeyError(name)


@cache
def interface(contract: str) -> Interface:
    """Return the codecs of a compiled contract, by its name.

    Raises
    ------
    ArtifactMissing
        No such contract was compiled.
    """
    abi = artifacts.load(contract).abi
    functions = [_function(entry) for entry in abi if entry["type"] == "function"]
    errors = [_error(entry) for entry in abi if entry["type"] == "error"]
    events = [_event(entry) for entry in abi if entry["type"] == "event"]
    return Interface(
        functions={function.name: function for function in functions},
        by_selector={function.selector: function for function in functions},
        errors={keccak(f"{error.name}{error.inputs}".encode())[:4]: error for error in errors},
        events={event.topic: event for event in events},
    )


def constructor(contract: str, args: Sequence[Any]) -> bytes:
    """Return the encoded arguments of a contract's constructor, to follow its bytecode."""
    inputs = [entry["inputs"] for entry in artifacts.load(contract).abi if entry["type"] == "constructor"]
    return bytes(_encoder(_tuple(inputs[0]))(args)) if inputs and inputs[0] else b""


def constructor_args(contract: str, data: bytes) -> tuple[Any, ...]:
    """Return a contract's constructor's arguments from what follows its bytecode."""
    inputs = [entry["inputs"] for entry in artifacts.load(contract).abi if entry["type"] == "constructor"]
    return _decode(_tuple(inputs[0]), data) if inputs and inputs[0] else ()


def _function(entry: Mapping[str, Any]) -> Function:
    name, inputs, outputs = str(entry["name"]), _tuple(entry["inputs"]), _tuple(entry["outputs"])
    is_view = entry["stateMutability"] in ("view", "pure")
    return Function(name, keccak(f"{name}{inputs}".encode())[:4], inputs, outputs, is_view)


def _error(entry: Mapping[str, Any]) -> CustomError:
    return CustomError(entry["name"], tuple(field["name"] for field in entry["inputs"]), _tuple(entry["inputs"]))


def _event(entry: Mapping[str, Any]) -> Event:
    layout = tuple((field["name"], _type(field), bool(field["indexed"])) for field in entry["inputs"])
    return Event(entry["name"], keccak(f"{entry['name']}{_tuple(entry['inputs'])}".encode()), layout)


def _in_bytes(kind: str) -> str:
    return kind.replace("string", "bytes")


def _tuple(fields: Sequence[Mapping[str, Any]]) -> str:
    return f"({','.join(map(_type, fields))})"


def _type(field: Mapping[str, Any]) -> str:
    """Return the canonical type, a struct as the tuple of its fields."""
    kind = str(field["type"])
    return _tuple(field["components"]) + kind.removeprefix("tuple") if kind.startswith("tuple") else kind


class _PaddedAnyhow(ByteStringDecoder):
    """Byte strings whatever follows them: contracts do not look at the padding, so readers must not stumble over it."""

    def read_data_from_stream(self, stream: Any) -> bytes:
        length = int.from_bytes(stream.read(32), "big")
        data = bytes(stream.read(length))
        if len(data) < length:
            raise InsufficientDataBytes(f"a byte string of {length} bytes, only {len(data)} are there")
        return data


class _TextAnyhow(_PaddedAnyhow, StringDecoder):
    """Strings whatever is in them: no contract asks for UTF-8, and one stranger's bytes must not hide all others'."""

    def __init__(self) -> None:
        StringDecoder.__init__(self, handle_string_errors="replace")  # type: ignore[no-untyped-call]


_LENIENT = registry.copy()  # type: ignore[no-untyped-call]
_LENIENT.unregister_decoder("bytes")
_LENIENT.register_decoder(BaseEquals("bytes", with_sub=False), _PaddedAnyhow, label="bytes")  # type: ignore[no-untyped-call]
_LENIENT.unregister_decoder("string")
_LENIENT.register_decoder(BaseEquals("string", with_sub=False), _TextAnyhow, label="string")  # type: ignore[no-untyped-call]


@cache
def _encoder(kind: str) -> Any:
    return registry.get_encoder(kind)


@cache
def _decoder(kind: str) -> Any:
    return _LENIENT.get_decoder(kind)


def _decode(kind: str, data: bytes) -> tuple[Any, ...]:
    if kind == "()":
        return ()  # eth_abi knows no empty tuple
    try:
        values: tuple[Any, ...] = _decoder(kind)(ContextFramesBytesIO(data))  # type: ignore[no-untyped-call]
    except DecodingError as reason:
        raise DataUnreadable(kind, str(reason)) from reason
    return values
