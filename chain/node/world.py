"""Accounts and storage in flat dictionaries, with one undo journal.

Nothing here hashes: no trie is touched while a transaction runs. What a block changed leaves this module as
canonical bytes (`seal`), which the block header commits to and from which a chain file is reopened without
executing anything. A Merkle root is computed only when somebody asks (`root.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_hash.auto import keccak

EMPTY_CODE_HASH = keccak(b"")
_ABSENT: Any = object()
_BALANCE, _NONCE, _CODE, _SLOT = 1, 2, 3, 4
_KIND = tuple(bytes([kind]) for kind in range(5))
_KEY_BYTES = {_BALANCE: 20, _NONCE: 20, _CODE: 20, _SLOT: 52}

Undo = list[tuple[dict[Any, Any], Any, Any]]


class Slots(dict[int, int]):
    """One contract's storage; knows its owner so that a journal entry can be attributed."""

    __slots__ = ("address",)

    def __init__(self, address: bytes) -> None:
        super().__init__()
        self.address = address


class World:
    """The state of all accounts.

    Zero balances, nonces and slots are never stored, so an account exists exactly when it is not empty
    (EIP-161) and two equal states are equal dictionaries. Method names are the ones an EVM engine calls.
    """

    def __init__(self) -> None:
        self.balances: dict[bytes, int] = {}
        self.nonces: dict[bytes, int] = {}
        self.codes: dict[bytes, bytes] = {}
        self.slots: dict[bytes, Slots] = {}
        self.warm: dict[Any, bool] = {}
        self.transient: dict[tuple[bytes, int], Any] = {}
        self.originals: dict[tuple[bytes, int], int] = {}
        self.journal: Undo = []
        self.history: list[Undo] = []
        self._code_hashes: dict[bytes, bytes] = {b"": EMPTY_CODE_HASH}

    def _put(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self.journal.append((mapping, key, mapping.get(key, _ABSENT)))
        if value:
            mapping[key] = value
        else:
            mapping.pop(key, None)

    # accounts

    def get_balance(self, address: bytes) -> int:
        return self.balances.get(address, 0)

    def set_balance(self, address: bytes, balance: int) -> None:
        if not 0 <= balance < 1 << 256:
            raise ValueError(f"set_balance: given {balance} wei, needed 0 to 2**256 - 1")
        self._put(self.balances, address, balance)

    def delta_balance(self, address: bytes, delta: int) -> None:
        self.set_balance(address, self.balances.get(address, 0) + delta)

    def get_nonce(self, address: bytes) -> int:
        return self.nonces.get(address, 0)

    def set_nonce(self, address: bytes, nonce: int) -> None:
        self._put(self.nonces, address, nonce)

    def increment_nonce(self, address: bytes) -> None:
        self._put(self.nonces, address, self.nonces.get(address, 0) + 1)

    def get_code(self, address: bytes) -> bytes:
        return self.codes.get(address, b"")

    def set_code(self, address: bytes, code: bytes) -> None:
        self._put(self.codes, address, code)

    def delete_code(self, address: bytes) -> None:
        self._put(self.codes, address, b"")

    def get_code_hash(self, address: bytes) -> bytes:
        code = self.codes.get(address, b"")
        known = self._code_hashes.get(code)
        if known is None:
            known = self._code_hashes[code] = keccak(code)
        return known

    def has_code_or_nonce(self, address: bytes) -> bool:
        return address in self.nonces or address in self.codes

    def account_exists(self, address: bytes) -> bool:
        return address in self.balances or address in self.nonces or address in self.codes

    def account_is_empty(self, address: bytes) -> bool:
        return not self.account_exists(address)

    def touch_account(self, address: bytes) -> None:
        """Do nothing: an empty account that was touched is removed again by EIP-161."""

    def delete_account(self, address: bytes) -> None:
        for mapping in (self.balances, self.nonces, self.codes):
            if address in mapping:
                self._put(mapping, address, None)
        self.delete_storage(address)

    # storage

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        """Return a slot's value, or with `from_journal` false the one it had when the transaction began."""
        if not from_journal:
            original = self.originals.get((address, slot))
            if original is not None:
                return original
        slots = self.slots.get(address)
        return slots.get(slot, 0) if slots is not None else 0

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        slots = self.slots.get(address)
        if slots is None:
            slots = self.slots[address] = Slots(address)
        old = slots.get(slot, 0)
        self.originals.setdefault((address, slot), old)
        if old != value:
            self._put(slots, slot, value)

    def delete_storage(self, address: bytes) -> None:
        for slot in list(self.slots.get(address, ())):
            self.set_storage(address, slot, 0)

    # what lives for one transaction

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        return (address, slot) in self.warm

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        self._put(self.warm, (address, slot), True)

    def is_address_warm(self, address: bytes) -> bool:
        return address in self.warm

    def mark_address_warm(self, address: bytes) -> None:
        if address not in self.warm:
            self._put(self.warm, address, True)

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        value: bytes = self.transient.get((address, slot), b"")
        return value

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        self._put(self.transient, (address, slot), value)

    def clear_transient_storage(self) -> None:
        self.transient.clear()

    def begin_transaction(self) -> None:
        """Forget warm slots, transient storage and original values of the transaction before."""
        self.warm.clear()
        self.transient.clear()
        self.originals.clear()

    # undo

    def snapshot(self) -> int:
        return len(self.journal)

    def commit(self, mark: int) -> None:
        """Keep what happened since `mark`; the entries stay, an outer snapshot may still undo them."""

    def revert(self, mark: int) -> None:
        journal = self.journal
        while len(journal) > mark:
            mapping, key, old = journal.pop()
            _restore(mapping, key, old)

    def _net_changes(self) -> Iterator[tuple[dict[Any, Any], Any, Any]]:
        """Yield (mapping, key, value before) once per entry of the state that differs from before."""
        seen: set[tuple[int, Any]] = set()
        for mapping, key, old in self.journal:
            if mapping is self.warm or mapping is self.transient or (id(mapping), key) in seen:
                continue
            seen.add((id(mapping), key))
            if mapping.get(key, _ABSENT) != old:
                yield mapping, key, old

    def seal(self) -> bytes:
        """Close a block: remember how to undo it and return its net writes in canonical order.

        Each record is kind (1 byte), address (20), for a slot its number (32), then the value after the block:
        32 bytes big-endian, or for code its length (4) and the code. Zero means removed.
        """
        undo = list(self._net_changes())
        records = sorted(self._record(mapping, key) for mapping, key, _ in undo)
        self.history.append(undo)
        self.journal = []
        self.begin_transaction()
        return b"".join(records)

    def _record(self, mapping: dict[Any, Any], key: Any) -> bytes:
        if isinstance(mapping, Slots):
            slot: int = key
            return b"".join((_KIND[_SLOT], mapping.address, slot.to_bytes(32, "big"), _word(mapping, slot)))
        address: bytes = key
        if mapping is self.codes:
            code = self.codes.get(address, b"")
            return b"".join((_KIND[_CODE], address, len(code).to_bytes(4, "big"), code))
        kind = _BALANCE if mapping is self.balances else _NONCE
        return b"".join((_KIND[kind], address, _word(mapping, address)))

    def load(self, writes: bytes) -> None:
        """Apply a block's net writes without executing it, and seal.

        Raises
        ------
        ValueError
            where the bytes are not a list of records
        """
        at = 0
        while at < len(writes):
            kind = writes[at]
            if kind not in _KEY_BYTES:
                raise ValueError(f"write record of kind {kind} at byte {at}")
            key: bytes = writes[at + 1 : at + 1 + _KEY_BYTES[kind]]
            at += 1 + _KEY_BYTES[kind]
            size = 32 if kind != _CODE else int.from_bytes(writes[at : at + 4], "big")
            at += 4 * (kind == _CODE)
            self._load_one(kind, key, writes[at : at + size])
            at += size
        if at != len(writes):
            raise ValueError(f"write record cut short at byte {len(writes)}")
        self.seal()

    def _load_one(self, kind: int, key: bytes, value: bytes) -> None:
        if kind == _SLOT:
            self.set_storage(key[:20], int.from_bytes(key[20:], "big"), int.from_bytes(value, "big"))
        elif kind == _CODE:
            self.set_code(key, value)
        else:
            self._put(self.balances if kind == _BALANCE else self.nonces, key, int.from_bytes(value, "big"))

    def unseal(self) -> None:
        """Undo the last sealed block."""
        self.revert(0)
        self._swap(self.history.pop())

    @contextmanager
    def rewound(self, blocks: int) -> Iterator[None]:
        """Show the state as it was `blocks` sealed blocks ago, then bring the present back."""
        redo = [self._swap(undo) for undo in reversed(self.history[len(self.history) - blocks :])]
        try:
            yield
        finally:
            for entry in reversed(redo):
                self._swap(entry)

    @staticmethod
    def _swap(changes: Undo) -> Undo:
        inverse = [(mapping, key, mapping.get(key, _ABSENT)) for mapping, key, _ in changes]
        for mapping, key, old in changes:
            _restore(mapping, key, old)
        return inverse


def _word(mapping: dict[Any, int], key: Any) -> bytes:
    return mapping.get(key, 0).to_bytes(32, "big")


def _restore(mapping: dict[Any, Any], key: Any, value: Any) -> None:
    if value is _ABSENT:
        mapping.pop(key, None)
    else:
        mapping[key] = value
