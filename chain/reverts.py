"""Revert data as Python errors: each custom error of our contracts has a class of its name in one of `_REFUSALS`."""

from functools import cache

from eth_abi.abi import decode

from fl_alliance.chain import (
    alliance_refusals,
    artifacts,
    dao_refusals,
    evidence_refusals,
    market_refusals,
    marketplace_refusals,
    refusals,
    site_refusals,
)
from fl_alliance.chain.codec import CustomError, interface
from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.refusals import Refused

_REFUSALS = (
    refusals,
    alliance_refusals,
    market_refusals,
    site_refusals,
    evidence_refusals,
    dao_refusals,
    marketplace_refusals,
)
_TEXT, _PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")


@cache
def custom_errors() -> dict[bytes, CustomError]:
    """Return every custom error of every contract in this package, by selector."""
    return {selector: error for name in artifacts.names() for selector, error in interface(name).errors.items()}


def error_class(name: str) -> type[Refused]:
    """Return the class of a custom error.

    Raises
    ------
    KeyError
        There is none: the classes are behind the contracts.
    """
    found = next((names[name] for names in map(vars, _REFUSALS) if name in names), None)
    if not (isinstance(found, type) and issubclass(found, Refused)):
        raise KeyError(name)
    return found


def explained(reverted: TransactionReverted, label: str) -> TransactionReverted:
    """Return the error that the revert data of `reverted` stands for; unknown data stays as it is."""
    data = reverted.data
    error = custom_errors().get(data[:4])
    if error is not None:
        return error_class(error.name)(*error.values(data), call=label, data=data)
    if data[:4] == _TEXT:
        return TransactionReverted(label, str(decode(("string",), data[4:])[0]), data)
    if data[:4] == _PANIC:
        return TransactionReverted(label, f"panic 0x{int.from_bytes(data[4:], 'big'):02x}", data)
    return TransactionReverted(label, reverted.reason, data)
