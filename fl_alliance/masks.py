"""A node's part in secure aggregation: from a coordinator's messages to calls of `masking.member.Member`.

What decides how well an update is hidden (the groups' size, how many may be missing) is the node's own configuration,
never the message.
"""

import hashlib
import os
from typing import cast

from flwr.app import ConfigRecord, Context

from fl_alliance.chain.accounts import SigningKey
from fl_alliance.chain.rules.words import keccak
from fl_alliance.journal import Journal
from fl_alliance.settings import PrivacySettings
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.geometry import Shapes
from fl_alliance.strategies.masking import records
from fl_alliance.strategies.masking.fixed_point import FixedPoint, Ring
from fl_alliance.strategies.masking.keys import RoundSecret
from fl_alliance.strategies.masking.member import Member, survivors_digest
from fl_alliance.strategies.masking.rounds import SecureAggregation
from fl_alliance.strategies.masking.sums import ring_arrays
from fl_alliance.strategies.masking.transcript import TranscriptStore
from fl_alliance.strategies.wire import Place

_KEPT = "alliance.masks"


class Masks:
    """One node's masks in the round that a request is about.

    Parameters
    ----------
    key : SigningKey
    privacy : PrivacySettings
    context : Context
        Keeps a deployed node's secret of the round, and no earlier one's.
    place : Place
    record : ConfigRecord
        The message's `masks`.
    is_deployed : bool
        A deployed node draws a fresh secret for each round. A simulated one derives it, as it does its key.
    """

    def __init__(
        self,
        key: SigningKey,
        privacy: PrivacySettings,
        context: Context,
        place: Place,
        record: ConfigRecord,
        is_deployed: bool,
    ) -> None:
        self._request = records.read_request(record)
        self._place, self._privacy = place, privacy
        draw = self._request.draw(privacy.mask_group, privacy.mask_absent)
        root = _fresh(context, place) if is_deployed else _derived(key, place)
        secret = RoundSecret(root, draw.digest)
        self.member = Member(key, draw.index_of(key.address), place, draw, secret)

    def advertise(self, journal: Journal) -> ConfigRecord:
        """Return this round's key, signed; one key for one draw only."""
        advert = self.member.advertise()
        journal.admit(self._place, "mask key", keccak(self.member.draw.digest + advert.key))
        return records.advert_record(advert)

    def require_group(self) -> None:
        """Refuse a group in which an update would not be hidden, before anything is trained; raises `NotSafe`."""
        self.member.check_group(self._request.adverts)

    def hide(self, journal: Journal, old: Arrays, new: Arrays) -> tuple[dict[str, Ring], dict[str, bytes]]:
        """Return the masked update in a model's form, and the sealed shares; for one set of keys only."""
        shapes = Shapes.of(old)
        update = FixedPoint(self._privacy.mask_range).encode(shapes.flat(new) - shapes.flat(old))
        hidden, sealed = self.member.hide(self._request.adverts, update)
        self._admit_keys(journal)
        return ring_arrays(hidden, old), records.sealed_fields(sealed)

    def agree(self, journal: Journal) -> ConfigRecord:
        """Return the signature on who survived; on one set only."""
        signature = self.member.agree(self._request.adverts, self._request.survivors)
        self._admit_survivors(journal)
        return ConfigRecord({"signature": signature})

    def reveal(self, journal: Journal) -> ConfigRecord:
        """Return what this member tells so that the sum can be read; of one set of survivors only."""
        asked = self._request
        reveal = self.member.reveal(asked.adverts, asked.survivors, asked.sealed, asked.agreements)
        self._admit_survivors(journal)
        return records.reveal_record(reveal)

    def _admit_keys(self, journal: Journal) -> None:
        adverts = self._request.adverts
        content = b"".join(member.to_bytes(4, "big") + adverts[member].key for member in sorted(adverts))
        journal.admit(self._place, "mask group", keccak(content))

    def _admit_survivors(self, journal: Journal) -> None:
        self._admit_keys(journal)
        journal.admit(self._place, "mask survivors", survivors_digest(self._request.survivors))


def secure_aggregation(privacy: PrivacySettings, store: TranscriptStore | None = None) -> SecureAggregation | None:
    """Return how updates are hidden, None where they are not."""
    if not privacy.masks:
        return None
    return SecureAggregation(privacy.mask_group, privacy.mask_absent, privacy.mask_range, store)


def _fresh(context: Context, place: Place) -> bytes:
    """Return the secret of this round; drawing it forgets that of the round before."""
    kept = context.state.config_records.get(_KEPT)
    if kept is None or (kept["task"], kept["round"]) != (place.task, place.round):
        kept = ConfigRecord({"task": place.task, "round": place.round, "root": os.urandom(32)})
        context.state[_KEPT] = kept
    return cast(bytes, kept["root"])


def _derived(key: SigningKey, place: Place) -> bytes:
    """Return a simulated node's secret of this round, the same whenever it is asked."""
    where = f"{place.domain.chain_id}/{place.domain.contract}/{place.task}/{place.round}"
    return hashlib.sha256(key.sign_digest(keccak(b"FL Alliance masks" + where.encode()))).digest()
