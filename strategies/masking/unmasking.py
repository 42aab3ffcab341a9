"""Reading a group's sum from masked updates and what its members revealed: the coordinator does it, and the audit."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from fl_alliance.strategies.masking.fixed_point import Ring
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.keys import KEY_BYTES, commit_own, mask, own_seed
from fl_alliance.strategies.masking.member import Advert, Reveal, threshold
from fl_alliance.strategies.masking.sharing import PRIME, join
from fl_alliance.strategies.wire import Place

MOST_TRIES = 256
"""Choices of shares that are tried for one own mask, where some are wrong."""


class NotRead(ValueError):
    """A group's sum cannot be read; the message says of whom what is missing."""


def unmasked(
    place: Place,
    draw: Draw,
    group: Sequence[int],
    adverts: Mapping[int, Advert],
    hidden: Mapping[int, Ring],
    reveals: Mapping[int, Reveal],
) -> Ring:
    """Return the sum of the survivors' updates modulo 2^32; who survived is whose masked update is in `hidden`.

    Reveals that their account did not sign are not heard. Of an own mask every choice of shares is tried until one fits
    the commitment, so that a wrong share spoils nothing as long as enough are right. A wrong pair seed cannot be told
    from a right one: the sum is noise then, and whose signature is under it is known.

    Raises
    ------
    NotRead
        Too few survivors, or too few of them tell what is needed.
    """
    survivors = sorted(hidden)
    if len(survivors) < draw.least(group):
        raise NotRead(f"{len(survivors)} of the group's updates came, needed {draw.least(group)}")
    if not set(survivors) <= set(adverts):
        raise NotRead(f"of members {sorted(set(survivors) - set(adverts))} there is no key that they signed")
    heard = {
        member: reveal
        for member, reveal in reveals.items()
        if member in hidden and reveal.is_of(draw.members[member], place, draw, survivors)
    }
    length = len(next(iter(hidden.values())))
    total = np.zeros(length, np.uint32)
    for member in survivors:
        total = total + hidden[member] - mask(own_seed(_own(draw, group, member, adverts[member], heard)), length)
    for absent in sorted(set(adverts) - set(survivors)):
        for member in survivors:
            common = mask(_pair_seed(member, absent, heard), length)
            total = total - common if member < absent else total + common
    return total


def _own(draw: Draw, group: Sequence[int], member: int, advert: Advert, heard: Mapping[int, Reveal]) -> int:
    """Return what a member's own mask comes from; raises `NotRead`."""
    told = {holder: reveal.shares.get(member, PRIME) for holder, reveal in heard.items() if holder != member}
    shares = {holder: share for holder, share in told.items() if share < PRIME}
    needed = threshold(draw, group)
    for choice in _choices(sorted(shares), needed):
        own = join({holder: shares[holder] for holder in choice})
        if commit_own(own) == advert.commitment:
            return own
    raise NotRead(f"no {needed} of {len(shares)} shares of member {member}'s own mask fit its commitment")


def _choices(holders: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    for number, choice in enumerate(combinations(holders, count)):
        if number == MOST_TRIES:
            return
        yield choice


def _pair_seed(member: int, absent: int, heard: Mapping[int, Reveal]) -> bytes:
    seed = heard[member].seeds.get(absent, b"") if member in heard else b""
    if len(seed) != KEY_BYTES:
        raise NotRead(f"member {member} does not tell its mask with member {absent}, whose update did not come")
    return seed
