"""What a member of a group does: it shows a key, hides its update, and helps to read the sum, once.

A group's masks (Bonawitz et al. 2017, "Practical Secure Aggregation"): every pair has a mask that one of the two adds
and the other takes off, so that in the sum of all they cancel; and every member adds one of its own, whose seed is
shared among the others of the group. To read a sum, the others give their shares of every survivor's own mask; and
every survivor gives the pair masks that it has with those who are missing, which is all that is needed since groups
are small: the secret keys, which Bonawitz et al. share as well, are never given to anybody.

What keeps a coordinator from naming a member missing whose update it has: of one member nobody honest gives both the
share and the pair mask. Each member acts on one set of survivors in a round, and on one that lacks somebody only after
all survivors have signed that set.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import MaskKey, MaskReveal, MaskSurvivors, Signer
from fl_alliance.chain.rules.words import keccak
from fl_alliance.strategies.masking.fixed_point import Ring
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.keys import RoundSecret, commit_own, mask, own_seed, require_key
from fl_alliance.strategies.masking.sharing import SHARE_BYTES, split
from fl_alliance.strategies.wire import Place

NO_SHARE = 2**256 - 1
"""Stands for a share that could not be read; no share is as large."""


class NotSafe(PermissionError):
    """What the coordinator asks for would tell more than a sum, or rests on what is not signed."""


@dataclass(frozen=True, slots=True)
class Advert:
    """A member's key of a round, its commitment to its own mask, and its account's signature on both."""

    key: bytes
    commitment: bytes
    signature: bytes

    def is_of(self, address: str, place: Place, draw: Draw) -> bool:
        """Return whether this account signed it for this round and draw, and whether it is a key at all."""
        said = MaskKey(place.task, place.round, draw.digest, self.key, self.commitment)
        try:
            require_key(self.key)
            return said.recover(place.domain, self.signature) == address
        except (SignatureInvalid, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class Reveal:
    """What one survivor tells: its shares of survivors' own masks, and the seeds of its pairs with the missing."""

    shares: Mapping[int, int]
    seeds: Mapping[int, bytes]
    signature: bytes

    def is_of(self, address: str, place: Place, draw: Draw, survivors: Sequence[int]) -> bool:
        """Return whether this account signed it as what it tells of these survivors."""
        said = _reveal(place, draw, survivors, self.shares, self.seeds)
        try:
            return said.recover(place.domain, self.signature) == address
        except SignatureInvalid:
            return False


@dataclass(frozen=True, slots=True)
class Member:
    """One proposer in one round; `index` is its own in `draw`."""

    key: Signer
    index: int
    place: Place
    draw: Draw
    secret: RoundSecret

    @property
    def group(self) -> tuple[int, ...]:
        """Who it is grouped with, itself included."""
        return self.draw.group_of(self.index)

    def advertise(self) -> Advert:
        """Sign the key of this round."""
        commitment = commit_own(self.secret.own)
        said = MaskKey(self.place.task, self.place.round, self.draw.digest, self.secret.public, commitment)
        return Advert(self.secret.public, commitment, said.sign(self.key, self.place.domain))

    def hide(self, adverts: Mapping[int, Advert], update: Ring) -> tuple[Ring, dict[int, bytes]]:
        """Return the masked update, and the sealed shares of the own mask by who can read them.

        Parameters
        ----------
        adverts : mapping of int to Advert
            Of all of the group who showed a key, this member included.

        Raises
        ------
        NotSafe
            Too few of the group, somebody who is not of it, or a key that its account did not sign.
        """
        self.check_group(adverts)
        peers = sorted(set(adverts) - {self.index})
        hidden = update + mask(own_seed(self.secret.own), len(update))
        for peer in peers:
            common = mask(self.secret.pair(adverts[peer].key), len(update))
            hidden = hidden + common if self.index < peer else hidden - common
        shares = split(self.secret.own, threshold(self.draw, self.group), peers, self.secret.entropy)
        return hidden, {peer: self.secret.seal(adverts[peer].key, shares[peer]) for peer in peers}

    def agree(self, adverts: Mapping[int, Advert], survivors: Sequence[int]) -> bytes:
        """Sign that the sum will be of these members; raises `NotSafe` where they are too few, or others."""
        self.check_group(adverts)
        self._check_survivors(adverts, survivors)
        return _agreement(self.place, self.draw, survivors).sign(self.key, self.place.domain)

    def reveal(
        self,
        adverts: Mapping[int, Advert],
        survivors: Sequence[int],
        sealed: Mapping[int, bytes],
        agreements: Mapping[int, bytes],
    ) -> Reveal:
        """Tell what is needed to read the sum of the survivors' updates.

        Parameters
        ----------
        survivors : sequence of int
            Whose masked updates are there, ascending.
        sealed : mapping of int to bytes
            The shares that other survivors sealed for this member.
        agreements : mapping of int to bytes
            Where somebody with a key is missing: every survivor's signature on the survivors.

        Raises
        ------
        NotSafe
            As for `agree`, or a signature is missing.
        """
        self.check_group(adverts)
        self._check_survivors(adverts, survivors)
        missing = sorted(set(adverts) - set(survivors))
        if missing:
            self._check_agreements(survivors, agreements)
        others = [member for member in survivors if member != self.index]
        shares = {other: self._unsealed(adverts[other], sealed.get(other)) for other in others}
        seeds = {absent: self.secret.pair(adverts[absent].key) for absent in missing}
        said = _reveal(self.place, self.draw, survivors, shares, seeds)
        return Reveal(shares, seeds, said.sign(self.key, self.place.domain))

    def _unsealed(self, peer: Advert, sealed: bytes | None) -> int:
        share = None if sealed is None else self.secret.unseal(peer.key, sealed)
        return NO_SHARE if share is None else share

    def check_group(self, adverts: Mapping[int, Advert]) -> None:
        """Refuse to be hidden among these; raises `NotSafe` as `hide` does."""
        group, least = self.group, self.draw.least(self.group)
        if not set(adverts) <= set(group) or self.index not in adverts:
            raise NotSafe(f"keys of members {sorted(adverts)}; needed those of {list(group)}, this one's among them")
        if len(adverts) < least:
            raise NotSafe(f"keys of {len(adverts)} of {len(group)} members of the group; needed at least {least}")
        for member, advert in adverts.items():
            if not advert.is_of(self.draw.members[member], self.place, self.draw):
                raise NotSafe(f"the key of member {member} is not one that {self.draw.members[member]} signed")
        if adverts[self.index].key != self.secret.public:
            raise NotSafe("this member's key is not the one that it showed")

    def _check_survivors(self, adverts: Mapping[int, Advert], survivors: Sequence[int]) -> None:
        least = self.draw.least(self.group)
        known = set(survivors) <= set(adverts) and list(survivors) == sorted(set(survivors))
        if not known or self.index not in survivors:
            raise NotSafe(f"survivors {list(survivors)}; needed some of {sorted(adverts)}, this member among them")
        if len(survivors) < least:
            raise NotSafe(f"a sum of {len(survivors)} updates; needed at least {least} of the group")

    def _check_agreements(self, survivors: Sequence[int], agreements: Mapping[int, bytes]) -> None:
        for member in survivors:
            if not is_agreed(self.place, self.draw, member, survivors, agreements.get(member, b"")):
                raise NotSafe(f"member {member} has not signed that the sum is of members {list(survivors)} alone")


def threshold(draw: Draw, group: Sequence[int]) -> int:
    """Return how many shares give an own mask: as many as there are other survivors when one more does not answer.

    With as many shares, or more, in the hands of who works for the coordinator, own masks protect nobody.
    """
    return max(1, draw.least(group) - 1)


def is_agreed(place: Place, draw: Draw, member: int, survivors: Sequence[int], signature: bytes) -> bool:
    """Return whether a member's account signed that the sum is of these survivors."""
    try:
        return _agreement(place, draw, survivors).recover(place.domain, signature) == draw.members[member]
    except SignatureInvalid:
        return False


def survivors_digest(survivors: Sequence[int]) -> bytes:
    """Return what stands for a set of survivors in what members sign."""
    return keccak(b"".join(member.to_bytes(4, "big") for member in survivors))


def _agreement(place: Place, draw: Draw, survivors: Sequence[int]) -> MaskSurvivors:
    return MaskSurvivors(place.task, place.round, draw.digest, survivors_digest(survivors))


def _reveal(
    place: Place, draw: Draw, survivors: Sequence[int], shares: Mapping[int, int], seeds: Mapping[int, bytes]
) -> MaskReveal:
    sha = hashlib.sha256(b"fl-alliance/masks/1/reveal")
    for kind, told in ((b"share", shares), (b"seed", seeds)):
        for member in sorted(told):
            value = told[member]
            data = value if isinstance(value, bytes) else value.to_bytes(SHARE_BYTES, "big")
            sha.update(kind.ljust(8) + member.to_bytes(4, "big") + data)
    return MaskReveal(place.task, place.round, draw.digest, survivors_digest(survivors), sha.digest())
