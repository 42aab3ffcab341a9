"""What a caller shows: vouchers in a header, and a session's key for clients that know nothing of this marketplace.

A session's key is text that goes where other services take an API key. It holds the account's signature over the host
and an end, which proves whose stake the free calls go by; and, where the caller allows spending, a ladder of vouchers,
each worth a step more, of which the host turns in the lowest that covers what it has answered. Whoever has the key can
use it up to its cap, and no further; at another host it opens nothing.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.call_vouchers import CallVoucher, SignedVoucher
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import Domain, Signed, Signer, checksum
from fl_alliance.chain.rules.words import hash_words, keccak
from fl_alliance.marketplace.errors import CredentialRefused, PaymentRefused

VOUCHER_HEADER = "FML-Voucher"
PREFIX = "fml-"
STEPS = 16
"""Rungs of a ladder: what a host can turn in beyond what it has answered is a step at most, if it is honest."""
_MOST_TEXT = 16_384
_MOST, _MOST_CALLS = 2**255, 2**63


@dataclass(frozen=True, slots=True)
class Session(Signed):
    """An account's word to one host that the bearer acts for it until a second of Unix time."""

    TYPE = keccak(b"Session(address account,address host,uint256 until)")
    account: str
    host: str
    until: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.account, self.host, self.until)


def session_domain(chain_id: int, models: str) -> Domain:
    """Return the domain of sessions of a marketplace."""
    return Domain(chain_id, models, "FL Alliance gateway")


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A session with its signature, and vouchers from the lowest to the highest; its repr shows neither."""

    session: Session
    signature: bytes
    ladder: tuple[SignedVoucher, ...] = ()

    def __repr__(self) -> str:
        return f"SessionKey(of {self.session.account} at {self.session.host} until {self.session.until})"

    def encode(self) -> str:
        """Return it as an API key."""
        one = self.session
        rungs = [
            [str(r.voucher.model), str(r.voucher.owed_wei), r.voucher.calls, r.signature.hex()] for r in self.ladder
        ]
        return PREFIX + _packed([one.account, one.host, one.until, self.signature.hex(), rungs])

    @classmethod
    def decode(cls, text: str) -> "SessionKey":
        """Return what an API key holds, nothing of it checked yet; raises `CredentialRefused`."""
        try:
            account, host, until, signature, rungs = _unpacked(text.removeprefix(PREFIX))
            session = Session(_address(account), _address(host), _whole(until))
            ladder = tuple(
                SignedVoucher(
                    CallVoucher(session.account, _whole(model, _MOST_CALLS), _whole(owed), _whole(calls, _MOST_CALLS)),
                    bytes.fromhex(signed),
                )
                for model, owed, calls, signed in rungs
            )
            if len(ladder) > STEPS:
                raise ValueError("too many rungs")
            return cls(session, bytes.fromhex(signature), ladder)
        except (ValueError, TypeError):
            raise CredentialRefused(
                "the API key: is no session's key, needed one of `fl-alliance market key`"
            ) from None

    def check(self, domain: Domain, host: str, now: int) -> None:
        """Refuse a session that is not signed, over, or for another host; raises `CredentialRefused`."""
        if self.session.host != host:
            raise CredentialRefused(f"the API key: is for host {self.session.host}, this is {host}")
        if now >= self.session.until:
            raise CredentialRefused(f"the API key: ended at second {self.session.until}, it is {now}; make another one")
        try:
            signer = self.session.recover(domain, self.signature)
        except SignatureInvalid:
            signer = None
        if signer != self.session.account:
            raise CredentialRefused(f"the API key: is not signed by {self.session.account}")


def make_key(key: Signer, session: Session, domain: Domain, ladder: Sequence[SignedVoucher] = ()) -> SessionKey:
    """Return a session signed by its account's key."""
    return SessionKey(session, session.sign(key, domain), tuple(ladder))


def make_ladder(
    key: Signer, domain: Domain, payer: str, model: int, owed_wei: int, calls: int, cap_wei: int
) -> tuple[SignedVoucher, ...]:
    """Return vouchers for a model over what is owed already, the highest for `cap_wei` more.

    A rung counts as a call more than the one before: how many there will be nobody knows when they are signed.
    """
    steps = min(STEPS, cap_wei)
    amounts = [owed_wei + cap_wei * step // steps for step in range(1, steps + 1)]
    vouchers = (CallVoucher(payer, model, amount, calls + step) for step, amount in enumerate(amounts, start=1))
    return tuple(voucher.signed(key, domain) for voucher in vouchers)


def encode_voucher(signed: SignedVoucher) -> str:
    """Return a voucher as the value of `VOUCHER_HEADER`."""
    one = signed.voucher
    return _packed([one.payer, str(one.model), str(one.owed_wei), one.calls, signed.signature.hex()])


def decode_voucher(text: str) -> SignedVoucher:
    """Return the voucher in a header, its signature not checked yet; raises `PaymentRefused`."""
    try:
        payer, model, owed_wei, calls, signature = _unpacked(text)
        voucher = CallVoucher(_address(payer), _whole(model, _MOST_CALLS), _whole(owed_wei), _whole(calls, _MOST_CALLS))
        return SignedVoucher(voucher, bytes.fromhex(signature))
    except (ValueError, TypeError):
        raise PaymentRefused(f"{VOUCHER_HEADER}: cannot be read, needed a voucher's fields in base64") from None


def require_signed(signed: SignedVoucher, domain: Domain) -> None:
    """Refuse a voucher that its payer did not sign; raises `PaymentRefused`."""
    try:
        signer = signed.voucher.recover(domain, signed.signature)
    except SignatureInvalid:
        signer = None
    if signer != signed.voucher.payer:
        raise PaymentRefused(f"the voucher: is not signed by {signed.voucher.payer}")


def _packed(fields: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")


def _unpacked(text: str) -> list[Any]:
    if len(text) > _MOST_TEXT:
        raise ValueError("too long")
    found = strict_json.parse(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(found, list):
        raise ValueError("no list")
    return found


def _address(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no address")
    return checksum(value)


def _whole(value: Any, most: int = _MOST) -> int:
    """Return a whole number from 0 to below `most`, given as such or as its digits: JSON's numbers hold no amounts."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and value.isascii() and value.isdigit()):
        raise ValueError("no whole number")
    found = int(value)
    if not 0 <= found < most:
        raise ValueError("out of range")
    return found
