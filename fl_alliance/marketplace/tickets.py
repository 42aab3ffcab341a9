"""Tickets of calls: finished with an answer, which is when it is charged, or cancelled, which costs nothing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fl_alliance.chain.errors import ChainError
from fl_alliance.marketplace.books import Books, Held
from fl_alliance.marketplace.errors import PaymentRefused
from fl_alliance.marketplace.facilitator import RESPONSE_HEADER, Facilitator, name_of

if TYPE_CHECKING:
    from x402.schemas import PaymentPayload, PaymentRequirements


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: of which model, what it costs at most, the digest of what was sent, and how it is to be paid."""

    model: int
    most_wei: int
    request: bytes
    headers: Mapping[str, str]


class Again(Exception):
    """The payment has bought an answer already: this one."""

    def __init__(self, answer: bytes, headers: Mapping[str, str]) -> None:
        super().__init__("answered before")
        self.answer, self.headers = answer, dict(headers)


class Ticket(Protocol):
    """A call that may be answered."""

    @property
    def means(self) -> str:
        """How it is paid: open, free, session, voucher or x402."""

    def hold(self) -> None:
        """See to it that what pays for the answer cannot be taken back while it is heard; raises `PaymentRefused`."""

    def finish(self, charged_wei: int, answer: bytes) -> Mapping[str, str]:
        """Charge an answer, and return headers that tell of it; raises `PaymentRefused` where it cannot be."""

    def cancel(self) -> None:
        """Charge nothing: there was no answer."""


@dataclass(frozen=True, slots=True)
class Open:
    """A call of a model without a price."""

    books: Books
    model: int
    means: str = "open"

    def hold(self) -> None:
        """Nothing pays for it."""

    def finish(self, charged_wei: int, answer: bytes) -> Mapping[str, str]:
        self.books.count(self.model, self.means)
        return {}

    def cancel(self) -> None:
        """Nothing was set aside."""


@dataclass(frozen=True, slots=True)
class Free:
    """A call of an account's free rate."""

    books: Books
    model: int
    payer: str
    day: int
    means: str = "free"

    def hold(self) -> None:
        """Nothing pays for it."""

    def finish(self, charged_wei: int, answer: bytes) -> Mapping[str, str]:
        self.books.count(self.model, self.means)
        return {}

    def cancel(self) -> None:
        self.books.give_back_free(self.payer, self.day)


@dataclass(frozen=True, slots=True)
class Owed:
    """A call that vouchers pay."""

    books: Books
    asked: Asked
    payer: str
    means: str
    payment: str = ""

    def hold(self) -> None:
        """A voucher cannot be taken back."""

    def finish(self, charged_wei: int, answer: bytes) -> Mapping[str, str]:
        with self.books.written():
            self.books.charge(self.payer, self.asked.model, self.asked.most_wei, charged_wei)
            self.books.count(self.asked.model, self.means)
            if self.payment:
                self.books.answer(self.payment, answer)
        return {}

    def cancel(self) -> None:
        with self.books.written():
            self.books.release(self.payer, self.asked.model, self.asked.most_wei)
            if self.payment:
                self.books.cancel(self.payment)


@dataclass(frozen=True, slots=True)
class Paid:
    """A call that x402 pays: settled once the answer is there, and not at all where it costs nothing.

    For an answer that is heard while it is computed the payment is held before: it is taken once the answer is there,
    and given back where there is none.
    """

    books: Books
    facilitator: Facilitator
    model: int
    name: str
    payment: "PaymentPayload"
    needed: "PaymentRequirements"
    means: str = field(default="x402")

    def hold(self) -> None:
        self.books.hold(self.name, self._held)  # before it is sent: a gateway that is killed here gives it back
        try:
            self.facilitator.hold(self.payment, self.needed)
        except PaymentRefused:
            if self.facilitator.is_held(self._held):
                return
            if not self.facilitator.is_paid(self.payment, self.needed):
                raise
            self.books.unhold(self.name)  # somebody else has sent it, so it is in the till

    def finish(self, charged_wei: int, answer: bytes) -> Mapping[str, str]:
        if not charged_wei:
            self.cancel()
            return {}
        with self.books.written():
            self.books.answer(self.name, answer)
            if self.books.earn(self.name):
                self._count()
                return {}
        return self.settle()

    def settle(self) -> Mapping[str, str]:
        """Put the payment on the chain, unless it is there: a gateway may have been killed right after it sent it.

        Raises
        ------
        PaymentRefused
            Its payer has cancelled it meanwhile, spent its nonce on something else, or has not the FML any more.
        """
        told: Mapping[str, str] = {}
        try:
            if self.facilitator.is_used(self.payment):
                raise PaymentRefused("the payment: was cancelled, or its nonce was used for another one")
            told = {RESPONSE_HEADER: self.facilitator.settle(self.payment, self.needed).header}
        except PaymentRefused:
            if not self.facilitator.is_paid(self.payment, self.needed):
                raise
        with self.books.written():
            self._count()
        return told

    def cancel(self) -> None:
        with self.books.written():
            self.books.cancel(self.name)
            is_held = self.books.fail(self.name)
        if is_held:
            with suppress(ChainError):  # it is tried again whenever earnings are turned in
                self.facilitator.give_back(self._held)
                self.books.unhold(self.name)

    @property
    def _held(self) -> Held:
        return Held(self.model, *name_of(self.payment))

    def _count(self) -> None:
        self.books.settled(self.name)
        self.books.count(self.model, self.means)
