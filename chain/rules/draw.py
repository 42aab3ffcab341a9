"""Who leads and who is drawn: stake seats, the leader line, and the exact seat-weighted draw of a committee."""

import itertools
from collections.abc import Iterator, Sequence

from fl_alliance.chain.rules.words import hash_words, label
from fl_alliance.chain.vrf import Tag

MAX_SEATS = 15
"""Seats of one member at most: four bits each on chain, and a bound on the largest member's weight."""
MAX_LEADERS = 16
"""Ranks of a leader line: after that many deadlines a round can only be skipped."""

_SLICES_PER_WORD = 4
_SLICE_BITS = 64


def seat_count(balance_gwei: int, min_stake_gwei: int) -> int:
    """Return a member's seats: whole minimum stakes in its balance, at most `MAX_SEATS`; 0 means expelled."""
    return min(balance_gwei // min_stake_gwei, MAX_SEATS)


def seat_owners(seats: Sequence[int]) -> list[int]:
    """Return the owner of each seat, by member index, in member order; its length is the number of seats."""
    return [member for member, count in enumerate(seats) for _ in range(count)]


def leader(seed: bytes, tag: Tag, rank: int, seats: Sequence[int]) -> int:
    """Return the member that leads at `rank`: the owner of a uniform seat.

    `seats[i]` are member i's seats, 0 where it may not lead. A member can hold several ranks.

    Raises
    ------
    ValueError
        Nobody holds a seat.
    """
    owners = seat_owners(seats)
    if not owners:
        raise ValueError("no member holds a seat: nobody can lead")
    return owners[int.from_bytes(hash_words(label("leader"), seed, int(tag), rank), "big") % len(owners)]


def draw(seed: bytes, tag: Tag, seats: Sequence[int], count: int) -> tuple[int, ...]:
    """Return exactly `count` distinct members, ascending, drawn one after another in proportion to their seats.

    A partial Fisher-Yates shuffle of the seats; a seat whose owner is already drawn is passed over, which makes it
    successive sampling weighted by seats. Each step takes 64 fresh bits of keccak256(seed, tag, word); with at most
    2^14 seats the modulo's bias is below 2^-48.

    Raises
    ------
    ValueError
        Fewer than `count` members hold a seat.
    """
    owners = seat_owners(seats)
    able = sum(1 for held in seats if held)
    if able < count:
        raise ValueError(f"draw: {able} members hold seats, needed {count}")
    drawn: set[int] = set()
    for step, bits in enumerate(_slices(seed, tag)):
        if len(drawn) == count:
            break
        other = step + bits % (len(owners) - step)
        drawn.add(owners[other])
        owners[other] = owners[step]
    return tuple(sorted(drawn))


def _slices(seed: bytes, tag: Tag) -> Iterator[int]:
    """Yield 64 bits a step without end, the most significant quarter of each word first."""
    for word in itertools.count():
        bits = int.from_bytes(hash_words(seed, int(tag), word), "big")
        for quarter in reversed(range(_SLICES_PER_WORD)):
            yield bits >> (_SLICE_BITS * quarter) & ((1 << _SLICE_BITS) - 1)
