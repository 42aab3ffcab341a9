"""Who may do what: roles as they were granted, and the DAO's calls by who holds its role."""

from typing import Any

from fl_alliance.audit.market.step import Books, Step
from fl_alliance.chain.rules.words import keccak

ADMIN = bytes(32)
DAO_ROLE = keccak(b"DAO_ROLE")
MARKET_ROLE = keccak(b"MARKET_ROLE")


def granted(step: Step) -> None:
    """Somebody gets a role, by who may give it: at its construction a contract itself, later an administrator."""
    _by_administrator(step)
    values = step.head.values
    step.books.roles.setdefault((step.head.source, values["role"]), set()).add(values["account"])
    _take(step)


def revoked(step: Step) -> None:
    """Somebody loses a role, or gives it back."""
    values = step.head.values
    if values["sender"] != values["account"]:
        _by_administrator(step)
    step.books.roles.get((step.head.source, values["role"]), set()).discard(values["account"])
    _take(step)


def has_role(books: Books, source: str, role: bytes, account: str) -> bool:
    """Return whether an account holds a role of a contract."""
    return account in books.roles.get((source, role), ())


def as_dao(step: Step, source: str, name: str, *args: Any) -> None:
    """Match a call that only the DAO may make; where a contract makes it, that contract is in no calldata."""
    if step.reading.called(source, name, *args) is not None:
        sender = step.reading.taken.sender
        step.require(has_role(step.books, source, DAO_ROLE, sender), f"{sender} does not hold the DAO's role")


def _by_administrator(step: Step) -> None:
    giver = step.head.values["sender"]
    is_built = step.reading.taken.to is None
    step.require(is_built or has_role(step.books, step.head.source, ADMIN, giver), f"{giver} is no administrator")


def _take(step: Step) -> None:
    event = step.head
    step.reading.need(event.source, event.address, event.name, event.values)
