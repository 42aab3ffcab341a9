"""A transcript's tree, and what becomes of the bond behind it: the reference of `contracts/Evidence.sol`.

A tree has a place for everything that a round's transcript can hold, `kind << 10 | member`, so that a path shows what
is in a place as well as that nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.words import hash_words, keccak

DEPTH = 12
"""Levels of the tree."""
MEMBERS = 1 << 10
"""Places of each kind."""
REWARD_BPS = 5_000
"""Part of a bond that goes to who proves a lie; the rest is burned."""
MIN_WINDOW_S, MAX_WINDOW_S = 3_600, 90 * 86_400
"""Seconds for challenges after a bond's closing, at least and at most."""
EMPTY = bytes(32)


class Kind(IntEnum):
    """What a place is for; the first three hold what members signed."""

    PROPOSAL = 0
    COMMITMENT = 1
    VOTE = 2
    FACT = 3


class Fact(IntEnum):
    """The coordinator's own word, in the place of a member's number."""

    MODEL = 0
    """Digest of the model after the round."""
    TRANSCRIPT = 1
    """sha256 of the transcript's file."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is in a place: 32 bytes each, the signature 64 after EIP-2098, zero for a fact."""

    value: bytes
    motion: bytes = EMPTY
    signature: bytes = bytes(64)

    @property
    def hash(self) -> bytes:
        """The leaf's hash; zero of an empty one."""
        return EMPTY if self == NOTHING else hash_words(*self.words)

    @property
    def words(self) -> tuple[bytes, bytes, bytes, bytes]:
        """The leaf as the contract takes it: motion, value, r, vs."""
        return self.motion, self.value, self.signature[:32], self.signature[32:]


NOTHING = Leaf(EMPTY)
"""What is in a place that a transcript leaves empty."""

Place = tuple[Kind, int]
"""Kind, and member or fact."""


@cache
def _empty(level: int) -> bytes:
    """Return the node of a subtree with nothing in it, `level` levels above the leaves."""
    below = _empty(level - 1) if level else EMPTY
    return keccak(below + below) if level else EMPTY


class Tree:
    """A round's leaves by place.

    Raises
    ------
    ValueError
        A member or fact is not below 1,024.
    """

    def __init__(self, leaves: Mapping[Place, Leaf]) -> None:
        for _, member in leaves:
            if not 0 <= member < MEMBERS:
                raise ValueError(f"place {member}: needed 0 to {MEMBERS - 1}")
        self.leaves = dict(leaves)
        level = {kind * MEMBERS + member: leaf.hash for (kind, member), leaf in leaves.items()}
        self._levels = [level]
        for height in range(DEPTH):
            above = {}
            for index in {index >> 1 for index in level}:
                sides = (level.get(2 * index, _empty(height)), level.get(2 * index + 1, _empty(height)))
                above[index] = keccak(sides[0] + sides[1])
            self._levels.append(level := above)

    @property
    def root(self) -> bytes:
        """What is posted on chain."""
        return self._levels[-1].get(0, _empty(DEPTH))

    def leaf(self, place: Place) -> Leaf:
        """Return what is in a place."""
        return self.leaves.get(place, NOTHING)

    def path(self, place: Place) -> list[bytes]:
        """Return the neighbours on the way from a place to the root, from the leaf's up."""
        index = place[0] * MEMBERS + place[1]
        return [self._levels[height].get((index >> height) ^ 1, _empty(height)) for height in range(DEPTH)]


def root_of(place: Place, leaf: Leaf, path: Sequence[bytes]) -> bytes:
    """Return the root to which a path leads from a leaf in a place."""
    index, node = place[0] * MEMBERS + place[1], leaf.hash
    for height, other in enumerate(path):
        node = keccak(other + node) if index >> height & 1 else keccak(node + other)
    return node


def batch_digest(first: int, roots: Sequence[bytes]) -> bytes:
    """Return what the contract keeps of a batch of roots, the first of which is of round `first`."""
    return keccak(first.to_bytes(4, "big") + b"".join(roots))


def reward_wei(bond_wei: int) -> int:
    """Return what who proves a lie gets of a bond, in wei, rounded down; the rest is burned."""
    return bond_wei * REWARD_BPS // BPS
