"""Typed data as x402's client has it signed: by a key of ours, in the 65 bytes that FML's ERC-3009 takes."""

from typing import Any

from fl_alliance.chain.messages import Signer, long_signature


def sign_typed_data(key: Signer, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
    """Return a key's signature of EIP-712 data, given as x402 gives it; needs x402."""
    from x402.mechanisms.evm.eip712 import hash_typed_data

    fields = {name: [{"name": each.name, "type": each.type} for each in found] for name, found in types.items()}
    return long_signature(key.sign_digest(hash_typed_data(domain, fields, primary_type, message)))
