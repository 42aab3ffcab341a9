"""Who may do what: roles as they were granted, and the DAO's calls by who holds its role."""

from typing import Any

from fl_alliance.audit.market.step import Books, Step
from fl_alliance.chain.rules.words import keccak

ADMIN = bytes(32)
DAO_ROLE = keccak(b"DAO_ROLE")
MARKET_ROLE = keccak(b"MARKET_ROLE")
GAUGE_ROLE = keccak(b"GAUGE_ROLE")


def granted(step: Step) -> None:
    """Somebody gets a role, by who may give it: at its construction a contract itself, later an administrator."""
    values, source = step.head.values, step.head.source
    step.reading.called(source, "grantRole", values["role"], values["account"])
    _by_administrator(step)
    held = has_role(step.books, source, values["role"], values["account"])
    step.require(not held, f"{values['account']} holds the role already")
    step.books.roles.setdefault((source, values["role"]), {})[values["account"]] = True
    _take(step)


def revoked(step: Step) -> None:
    """Somebody loses a role, or gives it back."""
    values, source = step.head.values, step.head.source
    is_own = values["sender"] == values["account"]
    name = step.reading.coming(source, ("revokeRole", "renounceRole"))
    if name is not None:
        step.reading.called(source, name, values["role"], values["account"])
    if not is_own:
        _by_administrator(step)
    held = has_role(step.books, source, values["role"], values["account"])
    step.require(held, f"{values['account']} does not hold the role")
    step.books.roles[(source, values["role"])][values["account"]] = False
    _take(step)


def has_role(books: Books, source: str, role: bytes, account: str) -> bool:
    """Return whether an account holds a role of a contract."""
    return books.roles.get((source, role), {}).get(account, False)


def as_dao(step: Step, source: str, name: str, *args: Any) -> None:
    """Match a call that only the DAO may make; where a contract makes it, that contract is in no calldata."""
    if step.reading.called(source, name, *args) is not None:
        sender = step.reading.taken.sender
        step.require(has_role(step.books, source, DAO_ROLE, sender), f"{sender} does not hold the DAO's role")


def _by_administrator(step: Step) -> None:
    giver, taken = step.head.values["sender"], step.reading.taken
    is_built = taken.to is None
    is_direct = is_built or step.reading.source == step.head.source
    step.require(not is_direct or giver == taken.sender, f"sent by {taken.sender}, its event says {giver}")
    step.require(is_built or has_role(step.books, step.head.source, ADMIN, giver), f"{giver} is no administrator")


def _take(step: Step) -> None:
    event = step.head
    step.reading.need(event.source, event.address, event.name, event.values)
