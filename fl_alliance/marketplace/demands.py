"""What a gateway asks to be paid by x402, held against the chain before anybody signs it.

Token, till and the most that a call may cost come from the chain; what a gateway says can only be refused.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.rpc import Rpc
from fl_alliance.marketplace.errors import ExtraMissing, GatewayFailed, SpendRefused
from fl_alliance.marketplace.facilitator import VALID_S, readable

if TYPE_CHECKING:
    from x402.schemas import PaymentPayload

LONGEST_VALID_S = VALID_S + 60
"""Seconds that a payment may be good for: what a gateway asks for, and what its clock may be ahead of ours."""
_TYPE = "TransferWithAuthorization"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payment may be: `most_wei` of a chain's token at most, into a model's till.

    `now` is the second of the chain's clock, or of ours where that is ahead.
    """

    chain_id: int
    token: str
    till: str
    most_wei: int
    now: int

    @classmethod
    def of(cls, rpc: Rpc, deployment: Deployment, till: str, most_wei: int) -> "Terms":
        """Return the terms of a payment in a market's FML, from now on."""
        return cls(deployment.chain_id, deployment.fml, till, most_wei, max(int(time.time()), rpc.second()))


class TypedDataSigner(Protocol):
    """Who pays, as x402's client asks."""

    @property
    def address(self) -> str:
        """The account."""

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        """Return a signature of EIP-712 data."""


def payment_of(header: str | None, terms: Terms, signer: TypedDataSigner) -> "PaymentPayload":
    """Return the payment that an answer of status 402 asks for, signed.

    Raises
    ------
    GatewayFailed
        The answer does not say what to pay.
    SpendRefused
        It asks for another payment than the terms allow; nothing was signed.
    ExtraMissing
    """
    try:
        from x402 import x402ClientSync
        from x402.client_base import SpendControlAsset
        from x402.http.utils import decode_payment_required_header
        from x402.mechanisms.evm.exact import ExactEvmScheme
        from x402.schemas import PaymentError, PaymentPayload
    except ImportError:
        raise ExtraMissing("payment by call", "x402[evm]") from None

    try:
        required = decode_payment_required_header(readable(header or ""))
        wanted = [str(getattr(needed, "pay_to", "")) for needed in required.accepts]
    except (ValueError, AttributeError):
        raise GatewayFailed("the gateway did not say what to pay, needed status 402 and what x402 needs") from None
    if any(each.lower() != terms.till.lower() for each in wanted):
        raise SpendRefused(f"the gateway wants to be paid elsewhere than at the model's till {terms.till}")
    network = f"eip155:{terms.chain_id}"
    allowed: SpendControlAsset = {
        "network": network,
        "asset": terms.token,
        "max_amount_per_payment": str(terms.most_wei),
    }
    client = x402ClientSync().register(network, ExactEvmScheme(_Bounded(terms, signer)))
    try:
        found = client.set_spend_controls({"allowed_assets": [allowed]}).create_payment_payload(required)
    except (PaymentError, ValueError) as error:
        raise SpendRefused(
            f"the gateway asks for something else than the listing says; nothing was signed ({error})"
        ) from None
    if not isinstance(found, PaymentPayload):
        raise GatewayFailed("the gateway asks for a payment of version 1 of x402, needed 2")
    return found


@dataclass(frozen=True, slots=True)
class _Bounded:
    """A signer that signs nothing but an ERC-3009 transfer within the terms."""

    terms: Terms
    signer: TypedDataSigner

    @property
    def address(self) -> str:
        return self.signer.address

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        terms, wanted = self.terms, "a transfer of FML to the model's till"
        if primary_type != _TYPE:
            raise SpendRefused(f"the gateway asks for a signature of {primary_type}, needed {wanted}")
        given = (domain.chain_id, domain.verifying_contract.lower(), message["to"].lower())
        if given != (terms.chain_id, terms.token.lower(), terms.till.lower()):
            raise SpendRefused(f"the gateway asks for a signature of another transfer, needed {wanted}")
        if not 0 < int(message["value"]) <= terms.most_wei:
            raise SpendRefused(f"the gateway asks for {message['value']} wei, the call costs {terms.most_wei} at most")
        if int(message["validBefore"]) > terms.now + LONGEST_VALID_S:
            raise SpendRefused(
                f"the gateway asks for a payment that is good for over {LONGEST_VALID_S} s, and could take it "
                "long after the call; nothing was signed"
            )
        return self.signer.sign_typed_data(domain, types, primary_type, message)
