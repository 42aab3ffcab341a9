"""FML as its transfers make it: who holds how much, and which calls of the token the rules can tell by themselves."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from fl_alliance.audit.events import Transfer
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.engine import Log
from fl_alliance.chain.node.transaction import Transaction
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes

_QUIET = ("approve", "permit", "delegate", "delegateBySig", "grantRole", "revokeRole", "renounceRole")


class Token:
    """FML after the transfers followed so far.

    Attributes
    ----------
    holders : dict of str to int
        Every account that ever held FML, checksummed, and its wei.
    supply_wei : int
        Minted less burned.
    """

    def __init__(self) -> None:
        self.holders: dict[str, int] = defaultdict(int)
        self.supply_wei = 0

    def held(self, account: str) -> int:
        """Return an account's wei."""
        return self.holders.get(account, 0)

    def follow(self, block: Block, token: str | None, where: Where) -> tuple[Transfer, ...]:
        """Book a block's transfers and return them in order.

        Raises
        ------
        DoesNotHold
            Somebody sends more than it holds, or an event cannot be read.
        """
        if token is None or block.receipt is None:
            return ()
        try:
            moved = tuple(_transfers(block.receipt.logs, address_bytes(token)))
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"an event of FML that cannot be read: {broken}") from broken
        for transfer in moved:
            self._book(transfer, where)
        return moved

    def moved_by(self, transaction: Transaction) -> Sequence[Transfer] | None:
        """Return the transfers that a successful call of the token makes, None where only execution tells."""
        function = interface(TOKEN).by_selector.get(transaction.data[:4])
        name = function.name if function is not None else ""
        if function is None or not self.tells(transaction):
            return None
        if function.is_view or name in _QUIET:
            return ()
        args: tuple[Any, ...] = function.decode(transaction.data)
        sender = checksummed(transaction.sender)
        if name == "transfer":
            return ((sender, checksum(args[0]), args[1]),)
        if name == "mint":
            return ((ZERO_ADDRESS, checksum(args[0]), args[1]),)
        return ((checksum(args[0]), checksum(args[1]), args[2]),)

    def tells(self, transaction: Transaction) -> bool:
        """Return whether the calldata of a call of the token says what it moves."""
        function = interface(TOKEN).by_selector.get(transaction.data[:4])
        moving = ("transfer", "transferFrom", "mint")
        return function is not None and (function.is_view or function.name in (*_QUIET, *moving))

    def _book(self, transfer: Transfer, where: Where) -> None:
        sender, recipient, wei = transfer
        if sender == ZERO_ADDRESS:
            self.supply_wei += wei
        elif self.holders[sender] < wei:
            raise DoesNotHold(where, f"{sender} sends {wei} wei of FML and holds {self.holders[sender]}")
        else:
            self.holders[sender] -= wei
        if recipient == ZERO_ADDRESS:
            self.supply_wei -= wei
        else:
            self.holders[recipient] += wei


def _transfers(logs: Sequence[Log], token: bytes) -> list[Transfer]:
    transfer = interface(TOKEN).event("Transfer")
    found = []
    for log in logs:
        if log.address == token and log.topics[0] == transfer.topic:
            sender, recipient, wei = transfer.values(log.topics, log.data).values()
            found.append((checksum(sender), checksum(recipient), int(wei)))
    return found
