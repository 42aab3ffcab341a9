"""Who may do what: roles as they were granted, and the DAO's calls by who holds its role."""

from typing import Any

from fl_alliance.audit.market.step import Books, Step
from fl_alliance.audit.market.taken import Call
from fl_alliance.chain.deploy import ARENA, EMISSION, TIMELOCK
from fl_alliance.chain.rules.words import keccak

ADMIN = bytes(32)
DAO_ROLE = keccak(b"DAO_ROLE")
MARKET_ROLE = keccak(b"MARKET_ROLE")
GAUGE_ROLE = keccak(b"GAUGE_ROLE")
PROPOSER_ROLE, EXECUTOR_ROLE, CANCELLER_ROLE = map(keccak, (b"PROPOSER_ROLE", b"EXECUTOR_ROLE", b"CANCELLER_ROLE"))
ROLES = {
    ARENA: (ADMIN, DAO_ROLE),
    EMISSION: (ADMIN, DAO_ROLE, MARKET_ROLE, GAUGE_ROLE),
    TIMELOCK: (ADMIN, PROPOSER_ROLE, EXECUTOR_ROLE, CANCELLER_ROLE),
}
"""The roles of each contract that has some."""


def granted(step: Step) -> None:
    """Somebody gets a role, by who may give it: at its construction a contract itself, later an administrator."""
    values, source = step.head.values, step.head.source
    _by_administrator(step, step.reading.call(source, "grantRole", values["role"], values["account"]))
    held = has_role(step.books, source, values["role"], values["account"])
    step.require(not held, f"{values['account']} holds the role already")
    step.books.roles.setdefault((source, values["role"]), {})[values["account"]] = True
    _take(step)


def revoked(step: Step) -> None:
    """Somebody loses a role, or gives it back."""
    values, source = step.head.values, step.head.source
    is_own = values["sender"] == values["account"]
    name = step.reading.coming(source, ("revokeRole", "renounceRole"))
    call = None if name is None else step.reading.call(source, name, values["role"], values["account"])
    if not is_own:
        _by_administrator(step, call)
    held = has_role(step.books, source, values["role"], values["account"])
    step.require(held, f"{values['account']} does not hold the role")
    step.books.roles[(source, values["role"])][values["account"]] = False
    _take(step)


def left_nothing(step: Step, call: Call) -> None:
    """Refuse a role that is given or taken without an event, unless it was held, or not, already."""
    role, account = call.first(2)
    step.require(
        has_role(step.books, call.source, role, account) is (call.name == "grantRole"),
        f"the call of {call.name} left no event that the rules give",
    )


def has_role(books: Books, source: str, role: bytes, account: str) -> bool:
    """Return whether an account holds a role of a contract."""
    return books.roles.get((source, role), {}).get(account, False)


def as_dao(step: Step, source: str, name: str, *args: Any) -> None:
    """Match a call that only the DAO may make: its time lock by a proposal, or another contract, in no calldata."""
    found, dao = step.reading.call(source, name, *args), step.books.dao
    if found is not None:
        step.require(
            has_role(step.books, source, DAO_ROLE, found.sender), f"{found.sender} does not hold the DAO's role"
        )
    elif dao is not None:
        holders = {account for account, is_held in step.books.roles.get((source, DAO_ROLE), {}).items() if is_held}
        step.require(bool(holders - {dao.at.timelock}), f"{source}.{name} by no call of an executed proposal")


def decided(step: Step, source: str, name: str, *args: Any) -> None:
    """Match a call that the owner of a contract alone may make: where that is the DAO, an executed proposal's."""
    dao = step.books.dao
    if dao is None or step.head.address not in dao.at.owned or step.reading.taken.to is None:
        step.reading.called(source, name, *args)
        return
    found = step.reading.call(source, name, *args, by=dao.at.timelock)
    step.require(found is not None, f"{source}.{name} by no call of an executed proposal")


def _by_administrator(step: Step, call: Call | None) -> None:
    giver, taken, dao = step.head.values["sender"], step.reading.taken, step.books.dao
    is_decided = dao is None or giver != dao.at.timelock or call is not None
    step.require(is_decided, f"by the time lock, and by no call of an executed proposal: {step.head.name}")
    is_built = taken.to is None
    sender = taken.sender if is_built else giver if call is None else call.sender
    step.require(giver == sender, f"sent by {sender}, its event says {giver}")
    step.require(is_built or has_role(step.books, step.head.source, ADMIN, giver), f"{giver} is no administrator")


def _take(step: Step) -> None:
    event = step.head
    step.reading.need(event.source, event.address, event.name, event.values)
