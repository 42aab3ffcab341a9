"""Typed data, signatures and their one accepted form."""

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import (
    CURVE_ORDER,
    Commitment,
    Domain,
    Leave,
    MaskKey,
    MaskReveal,
    MaskSurvivors,
    Proposal,
    Scores,
    StakeTransfer,
    Vote,
    commitment,
    fml_domain,
    public_address,
    recover,
)

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
DOMAIN = Domain(31337, CONTRACT)
NODE = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
FIELDS = {
    Proposal: [("task", "uint256"), ("round", "uint32"), ("update", "bytes32")],
    Vote: [
        ("task", "uint256"),
        ("round", "uint32"),
        ("motion", "bytes32"),
        ("scoreOld", "uint32"),
        ("scoreNew", "uint32"),
    ],
    Scores: [("task", "uint256"), ("round", "uint32"), ("motion", "bytes32"), ("content", "bytes32")],
    Commitment: [("task", "uint256"), ("round", "uint32"), ("motion", "bytes32"), ("commitment", "bytes32")],
    MaskKey: [
        ("task", "uint256"),
        ("round", "uint32"),
        ("draw", "bytes32"),
        ("key", "bytes32"),
        ("commitment", "bytes32"),
    ],
    MaskSurvivors: [("task", "uint256"), ("round", "uint32"), ("draw", "bytes32"), ("survivors", "bytes32")],
    MaskReveal: [
        ("task", "uint256"),
        ("round", "uint32"),
        ("draw", "bytes32"),
        ("survivors", "bytes32"),
        ("content", "bytes32"),
    ],
    Leave: [("task", "uint256")],
    StakeTransfer: [
        ("from", "address"),
        ("to", "address"),
        ("value", "uint256"),
        ("validAfter", "uint256"),
        ("validBefore", "uint256"),
        ("nonce", "bytes32"),
    ],
}
MESSAGES = [
    Proposal(7, 3, b"\x11" * 32),
    Vote(7, 3, b"\x22" * 32, 912_345, 1_000_000),
    Commitment(7, 3, b"\x22" * 32, b"\x33" * 32),
    Scores(7, 3, b"\x22" * 32, b"\x55" * 32),
    MaskKey(7, 3, b"\x66" * 32, b"\x77" * 32, b"\x88" * 32),
    MaskSurvivors(7, 3, b"\x66" * 32, b"\x77" * 32),
    MaskReveal(7, 3, b"\x66" * 32, b"\x77" * 32, b"\x88" * 32),
    Leave(7),
    StakeTransfer(NODE, CONTRACT, 64 * 10**18, 0, 2**40, b"\x44" * 32),
]
secrets = st.integers(1, CURVE_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


class RawKey:
    """A signer over coincurve, written apart from the package's own."""

    def __init__(self, secret: bytes) -> None:
        self.key = PrivateKey(secret)
        self.address = public_address(self.key.public_key)

    def sign_digest(self, digest: bytes) -> bytes:
        raw = self.key.sign_recoverable(digest, hasher=None)
        return raw[:32] + bytes([raw[32] | raw[64] << 7]) + raw[33:64]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("domain", [DOMAIN, fml_domain(1, CONTRACT)], ids=["alliance", "fml"])
def test_a_digest_is_the_one_that_eth_account_computes(message: Proposal, domain: Domain) -> None:
    kind = type(message)
    names = [name for name, _ in FIELDS[kind]]
    values = [getattr(message, slot) for slot in kind.__slots__]
    name = "ReceiveWithAuthorization" if kind is StakeTransfer else kind.__name__
    signable = encode_typed_data(
        full_message={
            "domain": {
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": domain.contract,
            },
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                name: [{"name": field, "type": type_} for field, type_ in FIELDS[kind]],
            },
            "primaryType": name,
            "message": dict(zip(names, values, strict=True)),
        }
    )
    assert message.digest(domain) == keccak(b"\x19" + signable.version + signable.header + signable.body)
    signature = Account.sign_message(signable, b"\x01" * 32)
    assert message.sign(RawKey(b"\x01" * 32), domain)[:32] == signature.r.to_bytes(32, "big")


@given(secrets, st.integers(0, 2**256 - 1), st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_the_signer_is_recovered(secret: bytes, task: int, round_: int, update: bytes) -> None:
    proposer, message = RawKey(secret), Proposal(task, round_, update)
    signature = message.sign(proposer, DOMAIN)
    assert len(signature) == 64
    assert message.recover(DOMAIN, signature) == proposer.address
    assert message.recover(Domain(31338, CONTRACT), signature) != proposer.address


def test_a_higher_s_is_refused_where_64_bytes_can_hold_it_at_all() -> None:
    signature = Leave(1).sign(RawKey(b"\x01" * 32), DOMAIN)
    higher = CURVE_ORDER // 2 + 1
    assert higher.bit_length() == 255
    with pytest.raises(SignatureInvalid, match="the higher of the two"):
        recover(Leave(1).digest(DOMAIN), signature[:32] + higher.to_bytes(32, "big"))


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 64, bytes(63) + b"\x01"])
def test_what_no_key_makes_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        recover(Leave(1).digest(DOMAIN), signature)


def test_a_commitment_is_the_hash_of_the_votes_signature() -> None:
    signature = MESSAGES[1].sign(RawKey(b"\x02" * 32), DOMAIN)
    assert commitment(signature) == keccak(signature)
