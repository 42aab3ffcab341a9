"""The packed records that proposals, votes and evidence travel in: big endian, one after another, in one byte string.

Calldata is what a large round costs most, so these records carry no length words and no padding.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fl_alliance.chain.alliance_refusals import BadBatch
from fl_alliance.chain.messages import Scores, Vote, scores_content
from fl_alliance.chain.rules.words import keccak

_NOT_REVEALED, _OWN, _WHOLE_LIST = 0x8000, 0x4000, 0xFFFF
_MEMBER_BITS = 0x3FFF
_PROPOSAL, _VOTE, _SCORES, _PAIR, _EVIDENCE = 98, 74, 98, 34, 66
_WORD, _SIGNATURE, _POINTS = 32, 64, 2


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

    def message(self, task: int, round_: int, motion: bytes) -> Vote:
        """Return what the signature must be over."""
        return Vote(task, round_, motion, self.score_old, self.score_new)


@dataclass(frozen=True, slots=True)
class SignedScores:
    """A voter's signed scores of a menu; `is_own` if the voter committed by itself, outside the list.

    Attributes
    ----------
    scores : int
        The word of `rules.candidates.pack_scores`.
    contributions : tuple of int
        What each proposal of the round contributed, int16, ascending by member; empty where that is not paid for.
    """

    member: int
    scores: int
    contributions: tuple[int, ...]
    signature: bytes
    is_own: bool = False

    def message(self, task: int, round_: int, motion: bytes) -> Scores:
        """Return what the signature must be over."""
        return Scores(task, round_, motion, scores_content(self.scores, pack_contributions(self.contributions)))


@dataclass(frozen=True, slots=True)
class Listed:
    """A commitment of the list: one that is not revealed here."""

    member: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class WholeList:
    """The list by its hash, where nothing of it is revealed here."""

    list_hash: bytes


RevealedVote = SignedVote | SignedScores
"""A revealed vote."""

VoteRecord = RevealedVote | Listed | WholeList


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
    return tuple(_unpack_votes(votes, _VOTE, _read_vote))


def unpack_scores(votes: bytes, proposals: int) -> Iterator[VoteRecord]:
    """Yield the records of the votes of `revealVotes` and `settle` on a menu, one by one as the contract reads them.

    Parameters
    ----------
    proposals : int
        How many contributions follow the scores; 0 where the task does not pay for them.

    Raises
    ------
    BadBatch
        What is left is no record.
    """
    return _unpack_votes(votes, _SCORES + _POINTS * proposals, _read_scores)


def pack_contributions(contributions: Iterable[int]) -> bytes:
    """Return what a voter says that each proposal contributed, two bytes each; raises `OverflowError` beyond int16."""
    return b"".join(points.to_bytes(_POINTS, "big", signed=True) for points in contributions)


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
        elif isinstance(record, RevealedVote) and not record.is_own:
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
    if isinstance(record, SignedScores):
        content = record.scores.to_bytes(_WORD, "big") + pack_contributions(record.contributions)
        return head + content + record.signature
    return head + record.score_old.to_bytes(4, "big") + record.score_new.to_bytes(4, "big") + record.signature


def _unpack_votes(
    votes: bytes, vote_bytes: int, read: Callable[[int, bytes, bool], RevealedVote]
) -> Iterator[VoteRecord]:
    at = 0
    while at < len(votes):
        head = _number(votes, at, 2)
        size = _PAIR if head & _NOT_REVEALED else vote_bytes
        record = votes[at : at + size]
        if len(record) < size:
            raise BadBatch(len(votes))
        member = head & _MEMBER_BITS
        if head == _WHOLE_LIST:
            yield WholeList(record[2:])
        elif head & _NOT_REVEALED:
            yield Listed(member, record[2:])
        else:
            yield read(member, record[2:], bool(head & _OWN))
        at += size


def _read_vote(member: int, body: bytes, is_own: bool) -> SignedVote:
    return SignedVote(member, _number(body, 0, 4), _number(body, 4, 4), body[8:], is_own)


def _read_scores(member: int, body: bytes, is_own: bool) -> SignedScores:
    points, signature = body[_WORD:-_SIGNATURE], body[-_SIGNATURE:]
    contributions = tuple(
        int.from_bytes(points[at : at + _POINTS], "big", signed=True) for at in range(0, len(points), _POINTS)
    )
    return SignedScores(member, _number(body, 0, _WORD), contributions, signature, is_own)


def _split(batch: bytes, size: int) -> Iterator[bytes]:
    if len(batch) % size:
        raise BadBatch(len(batch))
    return (batch[at : at + size] for at in range(0, len(batch), size))


def _short(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _number(record: bytes, at: int, size: int) -> int:
    return int.from_bytes(record[at : at + size], "big")
