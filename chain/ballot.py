"""Reading votes: what the records of a batch add to a round, checked as the contract checks them."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fl_alliance.chain.alliance_refusals import BadBatch, BadSignature, NotCommitted, WrongBallot, WrongStanding
from fl_alliance.chain.batches import Evidence, Listed, RevealedVote, VoteRecord, WholeList, list_hash, listed
from fl_alliance.chain.committee import DIGEST_BYTES, Ballot, Committee
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import Commitment, Domain, Proposal, Scores, Vote, commitment
from fl_alliance.chain.papers import Paper
from fl_alliance.chain.roster import Node
from fl_alliance.chain.rules.words import hash_words
from fl_alliance.chain.types import Standing

_OWES_LISTED = frozenset({Standing.SILENT_VOTER, Standing.WITHHELD, Standing.LATE, Standing.LATE_YES, Standing.LATE_NO})
"""Who, if the list holds a commitment of it, has yet to reveal that one: committing late does not spare anybody."""
_LATE_VOTES = frozenset({Standing.LATE_YES, Standing.LATE_NO})
_OWN = frozenset({Standing.COMMITTED, Standing.LATE})


def ballot_hash(motion: bytes, hash_of_list: bytes) -> bytes:
    """Return what the relayer posts of a motion and the list of commitments; the contract keeps its first 24 bytes."""
    return hash_words(motion, hash_of_list)


def require_ballot(task: int, ballot: Ballot, motion: bytes, hash_of_list: bytes) -> None:
    """Refuse another motion or list than the relayer fixed.

    Raises
    ------
    WrongBallot
    """
    given = ballot_hash(motion, hash_of_list)[:DIGEST_BYTES]
    if given != ballot.digest:
        raise WrongBallot(task, given, ballot.digest)


def require_signer(
    message: Proposal | Vote | Scores | Commitment, domain: Domain, nodes: Sequence[Node], member: int, signature: bytes
) -> None:
    """Refuse a message that the member did not sign.

    Raises
    ------
    BadSignature
    """
    try:
        signer = message.recover(domain, signature)
    except SignatureInvalid as reason:
        raise BadSignature(member) from reason
    if signer != nodes[member].address:
        raise BadSignature(member)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a batch of vote records amounts to.

    Attributes
    ----------
    open_ : int
        Listed commitments, as far as the batch gives the list, of voters who have not revealed.
    is_whole : bool
        Whether the list was given in full, not by its hash.
    """

    open_: int
    is_whole: bool


@dataclass(slots=True)
class VoteReader:
    """Reads the vote records of one task's round into its committee."""

    domain: Domain
    task: int
    nodes: Sequence[Node]
    committee: Committee

    def read(self, paper: Paper, records: Iterable[VoteRecord], length: int) -> Reading:
        """Record the votes in `records`, which were `length` bytes long.

        Raises
        ------
        BadBatch, WrongStanding, NotCommitted, BadScore, BadContributions, BadSignature, WrongBallot
            The first thing that does not hold; the committee may have changed by then and is not to be used.
        """
        ballot = self.committee.ballot
        if ballot is None:
            raise ValueError("votes are read once the relayer has fixed the ballot")
        open_, next_, seen = 0, 0, []
        for record in records:
            seen.append(record)
            if isinstance(record, WholeList):
                continue
            is_listed = isinstance(record, Listed) or not record.is_own
            if record.member >= len(self.nodes) or (is_listed and record.member < next_):
                raise BadBatch(length)
            next_ = record.member + 1 if is_listed else next_
            if isinstance(record, RevealedVote):
                self._vote(paper, record)
            else:
                open_ += self.committee.standing(record.member) in _OWES_LISTED
        given = [record.list_hash for record in seen if isinstance(record, WholeList)]
        pairs = listed(seen)
        is_whole = bool(pairs) or not given or given[-1] == bytes(32)
        require_ballot(self.task, ballot, paper.motion, list_hash(pairs) if is_whole else given[-1])
        return Reading(open_, is_whole)

    def accuse(self, motion: bytes, pairs: Sequence[Listed], evidence: Sequence[Evidence]) -> tuple[int, ...]:
        """Mark the listed voters whose signed commitments are the evidence, and return those marked now.

        Who has revealed, or is marked already, is passed over.

        Raises
        ------
        BadBatch, WrongStanding, BadSignature, WrongBallot
        """
        ballot = self.committee.ballot
        if ballot is None:
            raise ValueError("evidence is read once the relayer has fixed the ballot")
        if not evidence:
            raise BadBatch(0)
        self._require_ascending([pair.member for pair in pairs], 34 * len(pairs))
        require_ballot(self.task, ballot, motion, list_hash(pairs))
        accused = [self._accuse(motion, pairs, one) for one in evidence]
        return tuple(member for member in accused if member is not None)

    def _accuse(self, motion: bytes, pairs: Sequence[Listed], one: Evidence) -> int | None:
        if one.position >= len(pairs):
            raise BadBatch(34 * len(pairs))
        pair = pairs[one.position]
        message = Commitment(self.task, self.committee.number, motion, pair.commitment)
        require_signer(message, self.domain, self.nodes, pair.member, one.signature)
        standing = self.committee.standing(pair.member)
        if not standing.is_voter:
            raise WrongStanding(pair.member, standing)
        if standing not in _OWES_LISTED or standing is Standing.WITHHELD:
            return None
        if standing in _LATE_VOTES and self.committee.own.get(pair.member) == pair.commitment:
            return None
        self.committee.standings[pair.member] = Standing.WITHHELD
        return pair.member

    def _vote(self, paper: Paper, record: RevealedVote) -> None:
        """Record one vote, unless it only fills the list or is there already.

        What the list binds was fixed before any vote was known, so it is never late.
        """
        member, standing = record.member, self.committee.standing(record.member)
        if not standing.is_voter:
            raise WrongStanding(member, standing)
        is_own = self.committee.own.get(member) == commitment(record.signature)
        if not record.is_own:
            if standing not in _OWES_LISTED and not (standing is Standing.COMMITTED and is_own):
                return
            standing = Standing.SILENT_VOTER
        elif standing not in _OWN:
            if standing in (Standing.SILENT_VOTER, Standing.WITHHELD):
                raise WrongStanding(member, standing)
            return
        elif not is_own:
            raise NotCommitted(member)
        scores, contributions, is_yes = paper.read(record)
        message = record.message(self.task, self.committee.number, paper.motion)
        require_signer(message, self.domain, self.nodes, member, record.signature)
        self.committee.scores[member], self.committee.contributions[member] = scores, contributions
        self.committee.standings[member] = _VOTED[standing is Standing.LATE, is_yes]

    def _require_ascending(self, members: Sequence[int], length: int) -> None:
        """Refuse a list that is not strictly ascending, or names nobody."""
        ordered = all(left < right for left, right in itertools.pairwise(members))
        if not ordered or (members and members[-1] >= len(self.nodes)):
            raise BadBatch(length)


_VOTED = {
    (False, True): Standing.VOTED_YES,
    (False, False): Standing.VOTED_NO,
    (True, True): Standing.LATE_YES,
    (True, False): Standing.LATE_NO,
}
