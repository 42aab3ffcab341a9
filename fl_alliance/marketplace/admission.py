"""How a call is paid: nothing for a model without a price, the free rate, a session's ladder, a voucher, or x402.

Each way gives a ticket. A ticket is finished with an answer, which is when it is charged, or cancelled, which costs
nothing: whoever is not answered does not pay.
"""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fl_alliance.arena.events import fml
from fl_alliance.chain.call_vouchers import SignedVoucher
from fl_alliance.marketplace.books import Books
from fl_alliance.marketplace.credentials import (
    PREFIX,
    VOUCHER_HEADER,
    SessionKey,
    decode_voucher,
    require_signed,
    session_domain,
)
from fl_alliance.marketplace.errors import PaymentRefused
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER, Facilitator, name_of, ticket_of
from fl_alliance.marketplace.pricing import free_calls
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.tickets import Again, Asked, Free, Open, Owed, Paid, Ticket

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class FreeRate:
    """What an account has free a day: a call for every `wei_a_call` that it has locked, `most` at most.

    An answer of a free call has `tokens` tokens at most.
    """

    wei_a_call: int
    most: int
    tokens: int


class PaymentNeeded(PaymentRefused):
    """A call without a payment; what it would have to be is told."""


class Admission:
    """Who is answered, and how that is paid.

    Parameters
    ----------
    stall : Stall
        The marketplace as the host acts in it.
    books : Books
    facilitator : Facilitator
    free : FreeRate
    """

    def __init__(self, stall: Stall, books: Books, facilitator: Facilitator, free: FreeRate) -> None:
        self.books, self.facilitator, self.free = books, facilitator, free
        self._stall = stall
        self._sessions = session_domain(stall.place.market.chain_id, stall.models.address)

    def admit(self, asked: Asked) -> Ticket:
        """Return the ticket of a call.

        Raises
        ------
        PaymentNeeded
            Nothing pays for it.
        PaymentRefused
            What is to pay for it does not.
        CredentialRefused
            The session's key is none, or has ended.
        Again
            The payment has bought the answer before.
        """
        if asked.most_wei == 0:
            return Open(self.books, asked.model)
        if header := asked.headers.get(PAYMENT_HEADER.lower()):
            return self._paid(asked, header)
        if header := asked.headers.get(VOUCHER_HEADER.lower()):
            return self._vouched(asked, header)
        if key := self.session(asked.headers):
            return self._in_session(asked, key)
        raise PaymentNeeded(
            "the call is not paid for, needed an API key of `fl-alliance market key`, or a payment by voucher or x402"
        )

    def session(self, headers: Mapping[str, str]) -> SessionKey | None:
        """Return the session whose key was sent, checked; None where there is none; raises `CredentialRefused`."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.startswith(PREFIX):
            return None
        key = SessionKey.decode(text)
        key.check(self._sessions, self._stall.me, int(time.time()))
        return key

    def _is_by(self, account: str, headers: Mapping[str, str]) -> bool:
        """Return whether a call comes with a session of an account."""
        key = self.session(headers)
        return key is not None and key.session.account == account

    def _in_session(self, asked: Asked, key: SessionKey) -> Ticket:
        payer, day = key.session.account, int(time.time()) // DAY_S
        allowed = free_calls(self._stall.locked_wei(payer), self.free.wei_a_call, self.free.most)
        if allowed and self.books.take_free(payer, day, allowed):
            return Free(self.books, asked.model, payer, day)
        ladder = [signed for signed in key.ladder if signed.voucher.model == asked.model]
        if not ladder:
            raise PaymentNeeded(f"{payer} has no free call left today, and the API key allows no spending here")
        new = [] if ladder[-1] in self.books.vouchers(payer, asked.model) else ladder
        most_calls = self.books.account(payer, asked.model).calls + len(new)
        for signed in new:
            require_signed(signed, self._stall.revenue.domain)
            if signed.voucher.calls > most_calls:
                raise PaymentRefused(f"the API key: tells of {signed.voucher.calls} calls, needed {most_calls} at most")
        self._reserve(asked, payer, ladder[-1].voucher.owed_wei, new)
        return Owed(self.books, asked, payer, "session")

    def _vouched(self, asked: Asked, header: str) -> Ticket:
        signed = decode_voucher(header)
        voucher = signed.voucher
        if voucher.model != asked.model:
            raise PaymentRefused(f"the voucher: is for model {voucher.model}, needed {asked.model}")
        require_signed(signed, self._stall.revenue.domain)
        payment = f"voucher:{voucher.payer}:{voucher.model}:{voucher.calls}"
        with self.books.written():
            if self.books.has(payment) and not self._is_by(voucher.payer, asked.headers):
                raise PaymentRefused(
                    f"the voucher: was used before; to have its answer again {voucher.payer} is to send an API key "
                    "of its own beside it: `fl-alliance market key`"
                )
            found = self.books.begin(payment, asked.request, int(time.time()))
        if found is not None:
            raise Again(found.answer, {})
        try:
            account = self.books.account(voucher.payer, voucher.model)
            if voucher.calls != account.calls + 1:
                raise PaymentRefused(f"the voucher: is of {voucher.calls} calls, needed {account.calls + 1}")
            self._reserve(asked, voucher.payer, voucher.owed_wei, [signed])
        except BaseException:
            self.books.cancel(payment)
            raise
        return Owed(self.books, asked, voucher.payer, "voucher", payment)

    def _paid(self, asked: Asked, header: str) -> Ticket:
        needed = self.facilitator.requirements(asked.model, asked.most_wei)
        payment = self.facilitator.read(header, needed)
        payer, nonce = name_of(payment)
        name = f"x402:{payer}:{nonce.hex()}"
        found = self.books.begin(name, _with_ticket(asked.request, ticket_of(payment)), int(time.time()))
        ticket = Paid(self.books, self.facilitator, asked.model, name, payment, needed)
        if found is not None:
            raise Again(found.answer, {} if found.is_settled else ticket.settle())
        try:
            self.facilitator.verify(payment, needed)
        except BaseException:
            self.books.cancel(name)
            raise
        return ticket

    def _reserve(self, asked: Asked, payer: str, covered_wei: int, vouchers: Sequence[SignedVoucher]) -> None:
        """Keep vouchers whose signatures were checked and set a call's price aside, both or neither.

        Raises
        ------
        PaymentRefused
            The vouchers do not cover it, or the payer's account could not pay those that would be turned in: one over
            more than the account holds is worth nothing to the host.
        """
        revenue = self._stall.revenue
        paid_wei = {model: revenue.paid_wei(model, payer) for model in {asked.model, *self.books.debts(payer)}}
        account = revenue.account(payer)  # read last: what is turned in meanwhile is missing here, and still owed there
        if account.leaves_at:
            raise PaymentRefused(f"{payer} has asked for its balance, needed an account that stays; pay by x402")
        with self.books.written():
            for signed in vouchers:
                self.books.keep(signed)
            self.books.reserve(payer, asked.model, asked.most_wei, covered_wei)
            owed_wei = sum(
                max(0, self.books.claimed_wei(payer, model) - paid_wei.get(model, 0))
                for model in self.books.debts(payer)
            )
            if account.balance_wei < owed_wei:
                raise PaymentRefused(
                    f"{payer} has {fml(account.balance_wei)} in its account, needed {fml(owed_wei)}: "
                    "`fl-alliance market deposit`"
                )


def _with_ticket(request: bytes, ticket: str) -> bytes:
    """Return what names a request of whoever has a ticket: without one nobody else's, and never the same again."""
    return hashlib.sha256(request + (ticket.encode("utf-8", "replace") or secrets.token_bytes(32))).digest()


def request_digest(path: str, body: bytes) -> bytes:
    """Return what names a request: where it went, and what it said."""
    return hashlib.sha256(path.encode() + b"\0" + body).digest()
