"""How what belongs to masks travels in Flower's messages; both ends use these functions.

Decoding raises `BadReply`, as `wire`'s does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flwr.app import ConfigRecord

from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.keys import KEY_BYTES, SEALED_BYTES
from fl_alliance.strategies.masking.member import Advert, Reveal
from fl_alliance.strategies.masking.sharing import SHARE_BYTES

_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Request:
    """What a coordinator tells a member: of the round's draw, and of its group as far as it has come.

    Attributes
    ----------
    seed : bytes
        That drew the proposers.
    members : mapping of int to str
        Roster index -> address, of all proposers.
    adverts : mapping of int to Advert
        Of who showed a key in the member's group.
    survivors : tuple of int
        Whose masked update came, ascending; empty before.
    sealed : mapping of int to bytes
        By sender, the shares that this member can read.
    agreements : mapping of int to bytes
        The survivors' signatures on who survived, where somebody did not.
    """

    seed: bytes
    members: Mapping[int, str]
    adverts: Mapping[int, Advert] = field(default_factory=dict)
    survivors: tuple[int, ...] = ()
    sealed: Mapping[int, bytes] = field(default_factory=dict)
    agreements: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[int, ...]:
        """Who showed a key and is not among the survivors."""
        return tuple(sorted(set(self.adverts) - set(self.survivors)))

    def draw(self, size: int, absent: int) -> Draw:
        """Return the round's draw; the sizes are those that the member's own configuration says."""
        return Draw(self.seed, dict(self.members), size, absent)


def request_record(request: Request) -> ConfigRecord:
    """Return a request as it is sent."""
    adverts, senders = sorted(request.adverts), sorted(request.sealed)
    return ConfigRecord(
        {
            "seed": request.seed,
            "members": sorted(request.members),
            "addresses": [request.members[member] for member in sorted(request.members)],
            "present": adverts,
            "keys": b"".join(request.adverts[member].key for member in adverts),
            "commitments": b"".join(request.adverts[member].commitment for member in adverts),
            "signatures": b"".join(request.adverts[member].signature for member in adverts),
            "survivors": list(request.survivors),
            "senders": senders,
            "sealed": b"".join(request.sealed[member] for member in senders),
            "agreed": sorted(request.agreements),
            "agreements": b"".join(request.agreements[member] for member in sorted(request.agreements)),
        }
    )


def read_request(record: ConfigRecord) -> Request:
    """Return the request in a record."""
    present = wire.integers(record, "present")
    keys, commitments = (_parts(record, name, present, KEY_BYTES) for name in ("keys", "commitments"))
    signatures = _parts(record, "signatures", present, _SIGNATURE_BYTES)
    adverts = {at: Advert(keys[at], commitments[at], signatures[at]) for at in present}
    return Request(
        wire.data(record, "seed", 32),
        _members(record),
        adverts,
        tuple(wire.integers(record, "survivors")),
        _parts(record, "sealed", wire.integers(record, "senders"), SEALED_BYTES),
        _parts(record, "agreements", wire.integers(record, "agreed"), _SIGNATURE_BYTES),
    )


def advert_record(advert: Advert) -> ConfigRecord:
    """Return a member's key as it is sent."""
    return ConfigRecord({"key": advert.key, "commitment": advert.commitment, "signature": advert.signature})


def read_advert(record: ConfigRecord) -> Advert:
    """Return the key in a record."""
    key, commitment = wire.data(record, "key", KEY_BYTES), wire.data(record, "commitment", 32)
    return Advert(key, commitment, wire.data(record, "signature", _SIGNATURE_BYTES))


def sealed_fields(sealed: Mapping[int, bytes]) -> dict[str, bytes]:
    """Return the shares that a member sealed for the others of its group, as they travel with its masked update."""
    return {"sealed": b"".join(sealed[member] for member in sorted(sealed))}


def read_sealed(record: ConfigRecord, readers: Iterable[int]) -> dict[int, bytes]:
    """Return the shares by who can read them."""
    return _parts(record, "sealed", sorted(readers), SEALED_BYTES)


def reveal_record(reveal: Reveal) -> ConfigRecord:
    """Return what a survivor tells as it is sent."""
    shares = b"".join(reveal.shares[member].to_bytes(SHARE_BYTES, "big") for member in sorted(reveal.shares))
    seeds = b"".join(reveal.seeds[member] for member in sorted(reveal.seeds))
    return ConfigRecord({"shares": shares, "seeds": seeds, "signature": reveal.signature})


def read_reveal(record: ConfigRecord, others: Iterable[int], missing: Iterable[int]) -> Reveal:
    """Return what a survivor tells of the other survivors and of who is missing."""
    shares = _parts(record, "shares", sorted(others), SHARE_BYTES)
    return Reveal(
        {member: int.from_bytes(share, "big") for member, share in shares.items()},
        _parts(record, "seeds", sorted(missing), KEY_BYTES),
        wire.data(record, "signature", _SIGNATURE_BYTES),
    )


def _members(record: ConfigRecord) -> dict[int, str]:
    members, addresses = wire.integers(record, "members"), wire.texts(record, "addresses")
    try:
        is_whole = len(members) == len(addresses) and members == sorted(set(members)) and all(map(_is_index, members))
        for address in addresses:
            address_bytes(address)
    except ValueError as error:
        raise BadReply(f"addresses: {error}") from error
    if not is_whole:
        raise BadReply("members and addresses do not fit together")
    return dict(zip(members, addresses, strict=True))


def _is_index(member: int) -> bool:
    return 0 <= member < 2**32


def _parts(record: ConfigRecord, name: str, members: Sequence[int], size: int) -> dict[int, bytes]:
    """Return a field of equal parts, one for each of the members."""
    packed = wire.data(record, name, size * len(members))
    return {member: packed[size * at : size * (at + 1)] for at, member in enumerate(members)}
