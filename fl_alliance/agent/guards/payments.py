"""Payments of a model's call, read at the last moment before they are signed: whoever asks for one, this is what signs.

What is signed is ERC-3009's TransferWithAuthorization of FML to the model's till, whose address the chain tells; the
host's server only says how much.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import NotAsAsked, WouldFail
from fl_alliance.agent.tools import CallModel
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.governance.standing import quoted
from fl_alliance.market.place import Place
from fl_alliance.marketplace.typed_data import sign_typed_data

_TYPE = "TransferWithAuthorization"
_LONGEST_VALID_S = 3_600
Permit = Callable[[Sequence[str], int], None]
"""Shows lines and what they spend, in wei; raises where that is not allowed."""


class Authorizer:
    """Signs x402 payments, where they are what the call allows; what x402 calls a client signer.

    Parameters
    ----------
    place : Place
        The market and the account.
    book : Book
        For names beside addresses.
    permit : Permit
        Limits and the person's yes.
    now : callable
        Returns this machine's second, by which x402 says how long a payment is good.
    """

    def __init__(self, place: Place, book: Book, permit: Permit, now: Callable[[], int]) -> None:
        self._place, self._book, self._permit, self._now = place, book, permit, now
        self._call: CallModel | None = None
        self.paid_wei = 0

    @property
    def address(self) -> str:
        """The account."""
        return self._place.me

    def allow(self, call: CallModel) -> None:
        """Let the next payment be one for this call."""
        self._call = call

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        """Return the 65-byte signature of a payment; raises `NotAsAsked`, and what `permit` does."""
        call, self._call = self._call, None
        if call is None:
            raise NotAsAsked("a second payment for one question")
        amount_wei = self._read(call, domain, primary_type, message)
        self._permit(self._lines(call, amount_wei), amount_wei)
        self.paid_wei = amount_wei
        return sign_typed_data(self._place.sender.key, domain, types, primary_type, message)

    def _read(self, call: CallModel, domain: Any, primary_type: str, message: dict[str, Any]) -> int:
        """Return what a payment moves, where it is FML from this account to the model's till, within the budget."""
        till = RevenueView(self._place.rpc, self._place.market).till(call.model)
        wanted = (self._place.market.chain_id, self._place.market.fml, till, self.address)
        if primary_type != _TYPE or wanted != _parties(domain, message):
            raise NotAsAsked(f"the host asks for another payment than FML to the till {till} of model {call.model}")
        amount_wei = int(message["value"])
        if int(message["validBefore"]) - self._now() > _LONGEST_VALID_S:
            raise NotAsAsked(f"the host asks for a payment that stays good for over {_LONGEST_VALID_S} s")
        if not 0 < amount_wei <= call.budget_wei:
            raise NotAsAsked(f"the host asks for {exactly(amount_wei)}, the budget is {exactly(call.budget_wei)}")
        if (held_wei := self._place.arena.token.balance_wei()) < amount_wei:
            raise WouldFail(f"{self.address} holds {exactly(held_wei)}, the host asks for {exactly(amount_wei)}")
        return amount_wei

    def _lines(self, call: CallModel, amount_wei: int) -> list[str]:
        host = self._book.url_of(call.model)
        return [
            f"pays {exactly(amount_wei)} into the till of model {call.model}, once it is used",
            f"sends {quoted(call.question)} to {host}",
        ]


def _parties(domain: Any, message: dict[str, Any]) -> tuple[int, str, str, str]:
    """Return of which chain and token a payment is, to whom and from whom."""
    return domain.chain_id, *(checksum(each) for each in (domain.verifying_contract, message["to"], message["from"]))
