"""The packed records that proposals, votes and evidence travel in: big endian, one after another, in one byte string.

Calldata is what a large round costs most, so these records carry no length words and no padding.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fl_alliance.chain.refusals import BadBatch
from fl_alliance.chain.rules.words import keccak

_NOT_REVEALED, _OWN, _WHOLE_LIST = 0x8000, 0x4000, 0xFFFF
_MEMBER_BITS = 0x3FFF
_PROPOSAL, _VOTE, _PAIR, _EVIDENCE = 98, 74, 34, 66


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """A proposer's signed update digest."""

    member: int
    update: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedVote:
    """A voter's signed scores in micro-units; `is_own` if the voter committed by itself, outside the list."""

    member: int
    score_old: int
    score_new: int
    signature: bytes
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A commitment of the list: one that is not revealed here."""

    member: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class WholeList:
    """The list by its hash, where nothing of it is revealed here."""

    list_hash: bytes


VoteRecord = SignedVote | Listed | WholeList


@dataclass(frozen=True, slots=True)
class Evidence:
    """A listed voter's signed `Commitment`; `position` counts from the beginning of the list."""

    position: int
    signature: bytes


def pack_proposals(proposals: Iterable[SignedProposal]) -> bytes:
    """Return the batch of `propose`."""
    return b"".join(_short(one.member) + one.update + one.signature for one in proposals)


def unpack_proposals(batch: bytes) -> tuple[SignedProposal, ...]:
    """Return the records of a batch of `propose`.

    Raises
    ------
    BadBatch
        It does not divide into records.
    """
    return tuple(
        SignedProposal(_number(record, 0, 2), record[2:34], record[34:]) for record in _split(batch, _PROPOSAL)
    )


def pack_votes(records: Iterable[VoteRecord]) -> bytes:
    """Return the votes of `revealVotes` and `settle`."""
    return b"".join(map(_pack_vote, records))


def unpack_votes(votes: bytes) -> tuple[VoteRecord, ...]:
    """Return the records of the votes of `revealVotes` and `settle`.

    Raises
    ------
    BadBatch
        They do not divide into records.
    """
    return tuple(_unpack_votes(votes))


def pack_list(pairs: Iterable[Listed]) -> bytes:
    """Return the list of commitments; the caller gives it strictly ascending by member."""
    return b"".join(_short(pair.member) + pair.commitment for pair in pairs)


def unpack_list(pairs: bytes) -> tuple[Listed, ...]:
    """Return the pairs of a list of commitments.

    Raises
    ------
    BadBatch
        It does not divide into pairs.
    """
    return tuple(Listed(_number(pair, 0, 2), pair[2:]) for pair in _split(pairs, _PAIR))


def list_hash(pairs: Iterable[Listed]) -> bytes:
    """Return what the relayer posts of a list of commitments."""
    return keccak(pack_list(pairs))


def listed(records: Iterable[VoteRecord]) -> tuple[Listed, ...]:
    """Return the pairs of the list that vote records stand for."""
    pairs = []
    for record in records:
        if isinstance(record, Listed):
            pairs.append(record)
        elif isinstance(record, SignedVote) and not record.is_own:
            pairs.append(Listed(record.member, keccak(record.signature)))
    return tuple(pairs)


def pack_evidence(evidence: Iterable[Evidence]) -> bytes:
    """Return the evidence of `proveWithheld`."""
    return b"".join(_short(one.position) + one.signature for one in evidence)


def unpack_evidence(evidence: bytes) -> tuple[Evidence, ...]:
    """Return the records of the evidence of `proveWithheld`.

    Raises
    ------
    BadBatch
        It does not divide into records.
    """
    return tuple(Evidence(_number(record, 0, 2), record[2:]) for record in _split(evidence, _EVIDENCE))


def _pack_vote(record: VoteRecord) -> bytes:
    if isinstance(record, WholeList):
        return _short(_WHOLE_LIST) + record.list_hash
    if isinstance(record, Listed):
        return _short(_NOT_REVEALED | record.member) + record.commitment
    head = _short(record.member | (_OWN if record.is_own else 0))
    return head + record.score_old.to_bytes(4, "big") + record.score_new.to_bytes(4, "big") + record.signature


def _unpack_votes(votes: bytes) -> Iterator[VoteRecord]:
    at = 0
    while at < len(votes):
        head = _number(votes, at, 2)
        size = _PAIR if head & _NOT_REVEALED else _VOTE
        record = votes[at : at + size]
        if len(record) < size:
            raise BadBatch(len(votes))
        member = head & _MEMBER_BITS
        if head == _WHOLE_LIST:
            yield WholeList(record[2:])
        elif head & _NOT_REVEALED:
            yield Listed(member, record[2:])
        else:
            yield SignedVote(member, _number(record, 2, 4), _number(record, 6, 4), record[10:], bool(head & _OWN))
        at += size


def _split(batch: bytes, size: int) -> Iterator[bytes]:
    if len(batch) % size:
        raise BadBatch(len(batch))
    return (batch[at : at + size] for at in range(0, len(batch), size))


def _short(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _number(record: bytes, at: int, size: int) -> int:
    return int.from_bytes(record[at : at + size], "big")
