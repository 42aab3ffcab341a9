"""The Merkle root of a whole state, computed from nothing when somebody asks."""

import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from fl_alliance.chain.node.world import World

EMPTY_ROOT = keccak(rlp.encode(b""))


def state_root(world: World) -> bytes:
    """Return the Ethereum state root, 32 bytes. Cost grows with the whole state: tens of microseconds a slot."""
    trie = HexaryTrie({}, prune=True)
    for address in world.balances.keys() | world.nonces.keys() | world.codes.keys():
        account = [
            _integer(world.get_nonce(address)),
            _integer(world.get_balance(address)),
            _storage_root(world, address),
            world.get_code_hash(address),
        ]
        trie[keccak(address)] = rlp.encode(account)
    return bytes(trie.root_hash)


def _storage_root(world: World, address: bytes) -> bytes:
    trie = HexaryTrie({}, prune=True)
    for slot, value in world.slots.get(address, {}).items():
        trie[keccak(slot.to_bytes(32, "big"))] = rlp.encode(_integer(value))
    return bytes(trie.root_hash)


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
