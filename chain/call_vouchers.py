"""What a caller signs: a voucher with every call, over all that it owes a model so far; or a payment of one call."""

from dataclasses import dataclass

from fl_alliance.chain.messages import Domain, Signed, Signer, long_signature
from fl_alliance.chain.rules.words import hash_words, keccak

NAME = "FL Alliance revenue"


@dataclass(frozen=True, slots=True)
class CallVoucher(Signed):
    """A payer's debt to a model in all, in wei, and for how many calls; the newest one is worth all before it."""

    TYPE = keccak(b"Voucher(address payer,uint256 model,uint256 owedWei,uint256 calls)")
    payer: str
    model: int
    owed_wei: int
    calls: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.payer, self.model, self.owed_wei, self.calls)

    def signed(self, key: Signer, domain: Domain) -> "SignedVoucher":
        """Return it with its payer's signature."""
        return SignedVoucher(self, self.sign(key, domain))


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """A voucher and its payer's 64-byte signature (EIP-2098)."""

    voucher: CallVoucher
    signature: bytes

    @property
    def long_signature(self) -> bytes:
        """The signature in the 65 bytes r, s, v that OpenZeppelin's ECDSA takes."""
        return long_signature(self.signature)


@dataclass(frozen=True, slots=True)
class TillPayment(Signed):
    """ERC-3009's authorization to move FML from a payer to a model's till, once, between two seconds, neither included.

    It is signed for the token's domain, `messages.fml_domain`.
    """

    TYPE = keccak(
        b"TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
        b"bytes32 nonce)"
    )
    payer: str
    till: str
    amount_wei: int
    valid_after: int
    valid_before: int
    nonce: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        window = (self.valid_after, self.valid_before)
        return hash_words(self.TYPE, self.payer, self.till, self.amount_wei, *window, self.nonce)


def revenue_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of vouchers of a Revenue contract."""
    return Domain(chain_id, contract, NAME)
