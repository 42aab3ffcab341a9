"""Raw transaction bytes to fields and sender: EIP-155 legacy and types 1, 2 and 4."""

from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_hash.auto import keccak

from fl_alliance.chain.node.faults import INVALID_PARAMS, REFUSED, RpcFault
from fl_alliance.chain.node.recovery import SECP256K1_N, recover

_GAS_PER_TOKEN, _FLOOR_PER_TOKEN, _GAS_TX, _GAS_CREATE = 4, 10, 21_000, 32_000
_GAS_ACCESS_ADDRESS, _GAS_ACCESS_SLOT, _GAS_AUTHORIZATION, _GAS_INITCODE_WORD = 2_400, 1_900, 25_000, 2
_FIELDS = {1: 11, 2: 12, 4: 13}
_STRING, _LIST, _SHORT = 0x80, 0xC0, 55  # of RLP: first bytes, and the longest size that they hold
_MAX_LISTS = 6  # the deepest, an access list with slots inside a transaction, has 4

AccessList = tuple[tuple[bytes, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Authorization:
    """One EIP-7702 entry: `address`'s code is to run for the signer."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction, or with `free` an eth_call that pays no gas.

    `to` is empty for a contract creation. Fees are in wei per gas; a legacy gas price fills both.
    """

    sender: bytes
    to: bytes
    data: bytes
    value: int
    gas: int
    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0
    nonce: int = 0
    type_id: int = 2
    chain_id: int = 0
    access_list: AccessList = ()
    authorization_list: tuple[Authorization, ...] = ()
    y_parity: int = 0
    r: int = 0
    s: int = 0
    hash: bytes = b""
    raw: bytes = field(default=b"", repr=False)
    free: bool = False

    @property
    def intrinsic_gas(self) -> int:
        """Gas charged before the first opcode, without the initcode charge, which the engine takes itself."""
        gas = _GAS_TX + _GAS_PER_TOKEN * self._tokens
        if not self.to:
            gas += _GAS_CREATE
        for _, slots in self.access_list:
            gas += _GAS_ACCESS_ADDRESS + _GAS_ACCESS_SLOT * len(slots)
        return gas + _GAS_AUTHORIZATION * len(self.authorization_list)

    @property
    def least_gas(self) -> int:
        """The smallest gas limit a node accepts: intrinsic, with initcode, or the EIP-7623 floor."""
        initcode = 0 if self.to else _GAS_INITCODE_WORD * ((len(self.data) + 31) // 32)
        return max(self.intrinsic_gas + initcode, _GAS_TX + _FLOOR_PER_TOKEN * self._tokens)

    @property
    def _tokens(self) -> int:
        zeros = self.data.count(0)
        return zeros + 4 * (len(self.data) - zeros)

    def price(self, base_fee: int) -> int:
        """Return what one gas costs the sender, in wei."""
        return 0 if self.free else min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)


def decode_transaction(raw: bytes, chain_id: int) -> Transaction:
    """Decode and recover the sender.

    Raises
    ------
    RpcFault
        where the bytes are no transaction, the signature is not valid or canonical, or it was signed for
        another chain (or for none: replay protection is required)
    """
    if not raw:
        raise RpcFault(INVALID_PARAMS, "Empty transaction data")
    try:
        _need_shallow(raw)
        parsed = _legacy(raw) if raw[0] >= 0xC0 else _typed(raw)
    except (rlp.DecodingError, ValueError, IndexError, TypeError, AttributeError) as broken:
        raise RpcFault(INVALID_PARAMS, f"Failed to decode transaction: {broken}") from broken
    fields, payload = parsed
    if fields["chain_id"] != chain_id:
        given = fields["chain_id"] if fields["chain_id"] is not None else "none (no EIP-155 replay protection)"
        raise RpcFault(REFUSED, f"invalid chain id for signer: given {given}, needed {chain_id}")
    sender = recover_sender(keccak(payload), fields["y_parity"], fields["r"], fields["s"])
    return Transaction(sender=sender, raw=raw, hash=keccak(raw), **fields)


def recover_sender(digest: bytes, y_parity: int, r: int, s: int) -> bytes:
    """Return the 20-byte address that signed, refusing the malleable half (EIP-2)."""
    if not (0 < r < SECP256K1_N and 0 < s <= SECP256K1_N // 2 and y_parity in (0, 1)):
        raise RpcFault(INVALID_PARAMS, "Failed to decode transaction: signature out of range")
    address = recover(digest, y_parity, r.to_bytes(32) + s.to_bytes(32))
    if not address:
        raise RpcFault(INVALID_PARAMS, "Failed to decode transaction: no key made this signature")
    return address


def _need_shallow(raw: bytes) -> None:
    """Refuse lists too deep inside each other, on which rlp would spend minutes and its stack."""
    at, ends = 0 if raw[0] >= _LIST else 1, list[int]()
    while at < len(raw):
        while ends and ends[-1] <= at:
            ends.pop()
        first = raw[at]
        is_list = first >= _LIST
        size = first - (_LIST if is_list else _STRING)
        at += 1
        if size > _SHORT:
            width = size - _SHORT
            size = int.from_bytes(raw[at : at + width], "big")
            at += width
        if is_list:
            ends.append(at + size)
            if len(ends) > _MAX_LISTS:
                raise ValueError(f"lists more than {_MAX_LISTS} deep")
        else:
            at += max(0, size)  # below 0: the byte is its own value


def _int(item: bytes) -> int:
    if item[:1] == b"\x00" or len(item) > 32:
        raise ValueError("integer with a leading zero or above 32 bytes")
    return int.from_bytes(item, "big")


def _address(item: bytes, empty: bool = False) -> bytes:
    if len(item) != 20 and not (empty and not item):
        raise ValueError(f"address of {len(item)} bytes")
    return item


def _legacy(raw: bytes) -> tuple[dict[str, Any], bytes]:
    nonce, price, gas, to, value, data, v_item, r, s = rlp.decode(raw)
    v = _int(v_item)
    chain_id, y_parity = (None, v - 27) if v in (27, 28) else ((v - 35) // 2, (v - 35) % 2)
    unsigned = [nonce, price, gas, to, value, data]
    if chain_id is not None:
        unsigned += [rlp.sedes.big_endian_int.serialize(max(chain_id, 0)), b"", b""]
    fields: dict[str, Any] = {
        "type_id": 0,
        "chain_id": chain_id,
        "nonce": _int(nonce),
        "max_fee_per_gas": _int(price),
        "max_priority_fee_per_gas": _int(price),
        "gas": _int(gas),
        "to": _address(to, empty=True),
        "value": _int(value),
        "data": bytes(data),
        "y_parity": y_parity,
        "r": _int(r),
        "s": _int(s),
    }
    return fields, rlp.encode(unsigned)


def _typed(raw: bytes) -> tuple[dict[str, Any], bytes]:
    type_id = raw[0]
    if type_id not in _FIELDS:
        raise ValueError(f"transaction type {type_id}, needed 0, 1, 2 or 4")
    items = list(rlp.decode(raw[1:]))
    if len(items) != _FIELDS[type_id]:
        raise ValueError(f"{len(items)} fields in a type {type_id} transaction")
    payload = raw[:1] + rlp.encode(items[:-3])
    if type_id == 1:
        items.insert(2, items[2])
    authorizations = tuple(_authorization(item) for item in items.pop(9)) if type_id == 4 else ()
    if type_id == 4 and not authorizations:
        raise ValueError("empty authorization list")
    chain_id, nonce, tip, price, gas, to, value, data, accesses, y_parity, r, s = items
    fields: dict[str, Any] = {
        "type_id": type_id,
        "chain_id": _int(chain_id),
        "nonce": _int(nonce),
        "max_priority_fee_per_gas": _int(tip),
        "max_fee_per_gas": _int(price),
        "gas": _int(gas),
        "to": _address(to, empty=type_id != 4),
        "value": _int(value),
        "data": bytes(data),
        "access_list": tuple((_address(a), tuple(int.from_bytes(x, "big") for x in xs)) for a, xs in accesses),
        "authorization_list": authorizations,
        "y_parity": _int(y_parity),
        "r": _int(r),
        "s": _int(s),
    }
    return fields, payload


def _authorization(item: list[bytes]) -> Authorization:
    chain_id, address, nonce, y_parity, r, s = item
    return Authorization(_int(chain_id), _address(address), _int(nonce), _int(y_parity), _int(r), _int(s))
