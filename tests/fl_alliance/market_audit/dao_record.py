"""The chain of a DAO in which everything happened, and changes of what it tells."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tampering import NOBODY, Altered, Recorded, with_event

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import audit_market
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.deploy import DAO

EXECUTED, SCAM, BACK, MISSED, OUTVOTED, UNQUEUED, WAITING, BY_CONTRACT, MEETING, IN_REVIEW = range(10)
"""The proposals of the play, in their order."""


def number_of(recorded: Recorded, which: int) -> int:
    """The Governor's number of one of the play's proposals."""
    made = [event.values["proposalId"] for _, event in recorded.spots(DAO) if event.name == "ProposalCreated"]
    return int(made[which])


def spot_of(recorded: Recorded, name: str, which: int, **values: object) -> tuple[str, int]:
    """Where the first event of a name is that a proposal left, with these values."""
    wanted = {"proposalId": number_of(recorded, which), **values}
    return next(
        spot for spot, event in recorded.spots(DAO) if event.name == name and wanted.items() <= event.values.items()
    )


def at_second(spot: tuple[str, int], second: int) -> Callable[[Taken], Taken]:
    """Say that a transaction was taken at another second."""
    return lambda taken: replace(taken, timestamp=second) if taken.tx_hash == spot[0] else taken


def without(spot: tuple[str, int]) -> Callable[[Taken], Taken | None]:
    """Leave a transaction out."""
    return lambda taken: None if taken.tx_hash == spot[0] else taken


def with_values(spot: tuple[str, int], **values: object) -> Callable[[Taken], Taken]:
    """Say something else in one event."""
    return with_event(spot, lambda event: [replace(event, values={**event.values, **values})])


def by_a_contract(change: Callable[[Taken], Taken | None], spot: tuple[str, int]) -> Callable[[Taken], Taken | None]:
    """Make a change in a transaction whose calldata shows nothing of it, as where a contract acts for somebody."""

    def apply(taken: Taken) -> Taken | None:
        return change(replace(taken, to=NOBODY) if taken.tx_hash == spot[0] else taken)

    return apply


def made_at(recorded: Recorded, which: int) -> int:
    """The second in which a proposal was made."""
    created = spot_of(recorded, "ProposalCreated", which)
    return next(taken.timestamp for taken in recorded.told if taken.tx_hash == created[0])


def wrong_books(recorded: Recorded, listener: Callable[[Taken, Books], None]) -> str:
    """What the audit reports where its books are changed behind it after some transaction."""
    source = Altered(recorded.source, told=recorded.told)
    with pytest.raises(DoesNotHold) as found:
        audit_market(source, recorded.deployment, listener)
    return str(found.value)


def take_from(books: Books, account: str, wei: int) -> None:
    """Let an account hold less, and nobody more."""
    books.money.balances[account] -= wei
    books.money.balances[NOBODY] = books.money.held(NOBODY) + wei


def values_of(recorded: Recorded, spot: tuple[str, int]) -> Any:
    """What an event of the DAO says."""
    return next(event.values for at, event in recorded.spots(DAO) if at == spot)
