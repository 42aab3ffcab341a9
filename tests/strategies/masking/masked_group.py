"""A group of proposers with real keys, for tests of what its members do and what their coordinator can read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.strategies.masking.fixed_point import Ring
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.keys import RoundSecret
from fl_alliance.strategies.masking.member import Advert, Member, Reveal
from fl_alliance.strategies.masking.unmasking import unmasked
from fl_alliance.strategies.wire import Place

PLACE = Place(Domain(31337, "0x" + "11" * 20), 1, 3)
SEED = bytes(range(32))


@dataclass
class Round:
    """All proposers of a round; their updates are random numbers modulo 2^32, as masked updates must be able to be."""

    proposers: int = 4
    size: int = 4
    absent: int = 1
    length: int = 7
    seed: bytes = SEED
    place: Place = PLACE
    draw: Draw = field(init=False)
    members: dict[int, Member] = field(init=False)
    updates: dict[int, Ring] = field(init=False)

    def __post_init__(self) -> None:
        keys = {index: NodeKey.derive(7, index) for index in range(self.proposers)}
        addresses = {index: key.address for index, key in keys.items()}
        self.draw = Draw(self.seed, addresses, self.size, self.absent)
        self.members = {
            index: Member(key, index, self.place, self.draw, RoundSecret(bytes([index]) * 32, self.draw.digest))
            for index, key in keys.items()
        }
        rng = np.random.default_rng(5)
        self.updates = {index: rng.integers(0, 2**32, self.length, dtype=np.uint32) for index in keys}

    def adverts(self, present: Iterable[int] | None = None) -> dict[int, Advert]:
        return {
            index: self.members[index].advertise() for index in (self.draw.groups[0] if present is None else present)
        }

    def hidden(self, adverts: Mapping[int, Advert]) -> tuple[dict[int, Ring], dict[int, dict[int, bytes]]]:
        """Return the masked updates and the sealed shares, by sender."""
        made = {index: self.members[index].hide(adverts, self.updates[index]) for index in adverts}
        return {index: one[0] for index, one in made.items()}, {index: one[1] for index, one in made.items()}

    def agreements(self, adverts: Mapping[int, Advert], survivors: Sequence[int]) -> dict[int, bytes]:
        return {index: self.members[index].agree(adverts, survivors) for index in survivors}

    def reveals(
        self,
        adverts: Mapping[int, Advert],
        survivors: Sequence[int],
        sealed: Mapping[int, Mapping[int, bytes]],
        tellers: Iterable[int] | None = None,
    ) -> dict[int, Reveal]:
        agreements = self.agreements(adverts, survivors)
        return {
            index: self.members[index].reveal(
                adverts, survivors, {s: sealed[s][index] for s in survivors if s != index}, agreements
            )
            for index in (survivors if tellers is None else tellers)
        }

    def read(self, adverts: Mapping[int, Advert], hidden: Mapping[int, Ring], reveals: Mapping[int, Reveal]) -> Ring:
        group = next(group for group in self.draw.groups if min(hidden) in group)
        return unmasked(self.place, self.draw, group, adverts, hidden, reveals)

    def plain(self, survivors: Iterable[int]) -> Ring:
        """Return the sum of the updates themselves, modulo 2^32."""
        return np.sum([self.updates[index] for index in survivors], axis=0, dtype=np.uint32)
