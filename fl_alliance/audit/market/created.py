"""Which of our contracts a chain's own transactions created."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.audit.contracts import compiled, created_address
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.chain.codec import constructor_args
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    BRAKE,
    DAO,
    DOCUMENTS,
    GAUGES,
    MARKET,
    MODELS,
    REVENUE,
    RULES,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
)
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.node.block import Block


@dataclass(slots=True)
class Created:
    """Which of our contracts a chain's own transactions created, by address, and with which arguments."""

    names: dict[str, str] = field(default_factory=dict)
    args: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """Return the address of the first contract of a name."""
        return next((address for address, known in self.names.items() if known == name), None)


def created_in(blocks: Iterable[Block]) -> Created:
    """Return what of the market was created in these blocks from our compiled code.

    Raises
    ------
    DoesNotHold
        One of ours is linked to something else than our libraries, or its arguments cannot be read.
    """
    found = Created()
    for block in blocks:
        transaction, receipt = block.transaction, block.receipt
        if transaction is None or receipt is None or receipt.status != 1 or transaction.to:
            continue
        name = next((name for name in ours() if compiled(name).differs_at(transaction.data) is None), None)
        if name is None:
            continue
        where, address = Where(block.number, f"creation of {name}"), checksummed(created_address(transaction))
        _check_links(name, transaction.data, found, where)
        try:
            found.args[address] = constructor_args(name, compiled(name).args(transaction.data))
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"its arguments cannot be read: {broken}") from broken
        found.names[address], found.blocks[address] = name, block.number
    return found


def _check_links(name: str, data: bytes, found: Created, where: Where) -> None:
    for at, library in compiled(name).links:
        linked = checksummed(data[at : at + 20])
        if found.names.get(linked) != library:
            raise DoesNotHold(where, f"it is linked to {linked}, which is not our {library} library")


def ours() -> tuple[str, ...]:
    """Return the names of what a market is made of; the treasury is created by the DAO's construction."""
    marketplace = (MODELS, REVENUE, DOCUMENTS)
    governance = (BRAKE, VOTES, GAUGES, DAO, TIMELOCK, TREASURY)
    mains = (*MARKET, *RULES.values(), ALLIANCE_MARKET, *governance, *marketplace)
    libraries = sorted({library for name in (TOKEN, *mains) for _, library in compiled(name).links})
    return (TOKEN, *libraries, *mains)
