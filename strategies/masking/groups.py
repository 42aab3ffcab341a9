"""Which proposers of a round are added up together: a public draw, another one in every round."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fl_alliance.chain.rules.words import address_bytes, hash_words, keccak, label

FEWEST = 3
"""Updates that a sum is of at least, whatever is asked for: of two, each tells its owner the other."""


def draw_groups(seed: bytes, members: Sequence[int], size: int) -> tuple[tuple[int, ...], ...]:
    """Return the members in groups of `size`, each ascending, the groups by their lowest member.

    A Fisher-Yates shuffle of the members in ascending order, each step by its own keccak256, dealt out like cards. Who
    is left over makes some groups larger by one (or more, where there are fewer groups than left over): none is smaller
    than `size`, unless all members together are.
    """
    shuffled = sorted(members)
    for step in range(len(shuffled) - 1):
        bits = int.from_bytes(hash_words(label("groups"), seed, step), "big")
        other = step + bits % (len(shuffled) - step)
        shuffled[step], shuffled[other] = shuffled[other], shuffled[step]
    count = max(1, len(shuffled) // size)
    return tuple(sorted(tuple(sorted(shuffled[first::count])) for first in range(count))) if shuffled else ()


def group_count(proposers: int, size: int) -> int:
    """Return how many groups `draw_groups` makes of so many proposers."""
    return max(1, proposers // size)


@dataclass(frozen=True)
class Draw:
    """A round's proposers and how they are grouped; everything that a member signs for masks names its digest.

    Attributes
    ----------
    seed : bytes
        The chain's seed that the proposers were drawn from.
    members : mapping of int to str
        Roster index -> address, of all drawn proposers.
    size : int
        Members of a group.
    absent : int
        How many members of a group may be missing from its sum.
    """

    seed: bytes
    members: dict[int, str] = field(hash=False)
    size: int
    absent: int

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The groups."""
        return draw_groups(self.seed, list(self.members), self.size)

    @cached_property
    def digest(self) -> bytes:
        """Keccak256 of seed, sizes and every member's index and address."""
        who = b"".join(
            index.to_bytes(4, "big") + address_bytes(address) for index, address in sorted(self.members.items())
        )
        return hash_words(label("mask draw"), self.seed, self.size, self.absent, keccak(who))

    def group_of(self, member: int) -> tuple[int, ...]:
        """Return a member's group, itself in it; raises StopIteration for who was not drawn."""
        return next(group for group in self.groups if member in group)

    def index_of(self, address: str) -> int:
        """Return which member an address is; raises LookupError where it was not drawn."""
        for index, known in self.members.items():
            if known == address:
                return index
        raise LookupError(f"{address} is none of the round's {len(self.members)} proposers")

    def least(self, group: Sequence[int]) -> int:
        """Return how many members of a group a sum has at least: fewer would tell too much of each."""
        return max(FEWEST, len(group) - self.absent)
