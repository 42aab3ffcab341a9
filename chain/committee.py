"""One round's committee: who was drawn, who led, what came in, and when the windows of the vote close."""

from dataclasses import dataclass, field

from fl_alliance.chain.types import Standing, TaskParams
from fl_alliance.chain.vrf import Tag

DIGEST_BYTES = 24


@dataclass(frozen=True, slots=True)
class Lead:
    """Who drew: the member whose proof it was, its rank in the line, and those before it who lost their turn."""

    member: int
    rank: int
    absent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ballot:
    """What is judged and the list of commitments to votes on it, as the relayer fixed them by one hash.

    Attributes
    ----------
    digest : bytes
        24 bytes of the hash of motion and list, see `ballot.ballot_hash`: both are shown when votes are revealed.
    is_complete : bool
        Whether the relayer said that the list holds every drawn voter.
    omit_end : int
        Second from which voters whom the list omits can no longer commit; the later ends count from it.
    """

    digest: bytes
    is_complete: bool
    omit_end: int

    def evidence_start(self, params: TaskParams) -> int:
        """Return the second at which votes are overdue and evidence of withholding is taken."""
        return self.omit_end + params.reveal_s

    def evidence_end(self, params: TaskParams) -> int:
        """Return the second from which no more evidence is taken."""
        return self.evidence_start(params) + params.evidence_s

    def answer_end(self, params: TaskParams) -> int:
        """Return the second from which voters accused by evidence have had their time to answer."""
        return self.evidence_end(params) + params.reveal_s

    def unread_end(self, params: TaskParams) -> int:
        """Return the second from which a round that nobody settles, perhaps because nobody can, is skipped."""
        return self.answer_end(params) + params.commit_s


@dataclass(slots=True)
class Committee:
    """The state of one round from its opening to its settlement.

    Attributes
    ----------
    number : int
        The round, from 1; 0 before any.
    seats : list of int
        Every member's seats in this round, fixed when it opened.
    standings : dict of int to Standing
        Every drawn member and what it has done, ascending by member.
    leads : dict of Tag to Lead
        Who drew the proposers and the voters.
    updates : dict of int to bytes
        The digests that proposers signed.
    scores : dict of int to tuple of int
        The revealed scores: old and new in micro-units, or of every entry of the menu in parts in a million.
    contributions : dict of int to tuple of int
        What who revealed says that each proposal contributed, ascending by member; where the task asks for it.
    own : dict of int to bytes
        Commitments that voters sent by themselves.
    commit_end : int or None
        Second from which the relayer can no longer fix the ballot; None before the voters are drawn.
    ballot : Ballot or None
        Once the relayer has fixed it.
    seed : bytes
        The one that drew the proposers; empty before any.
    """

    number: int
    seats: list[int] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    leads: dict[Tag, Lead] = field(default_factory=dict)
    updates: dict[int, bytes] = field(default_factory=dict)
    scores: dict[int, tuple[int, ...]] = field(default_factory=dict)
    contributions: dict[int, tuple[int, ...]] = field(default_factory=dict)
    own: dict[int, bytes] = field(default_factory=dict)
    commit_end: int | None = None
    ballot: Ballot | None = None
    seed: bytes = b""

    def copy(self) -> "Committee":
        """Return an independent copy."""
        return Committee(
            self.number,
            self.seats[:],
            dict(self.standings),
            dict(self.leads),
            dict(self.updates),
            dict(self.scores),
            dict(self.contributions),
            dict(self.own),
            self.commit_end,
            self.ballot,
            self.seed,
        )

    @property
    def proposers(self) -> tuple[int, ...]:
        """Members drawn to propose, ascending."""
        return tuple(member for member, standing in self.standings.items() if standing.is_proposer)

    @property
    def voters(self) -> tuple[int, ...]:
        """Members drawn to vote, ascending; nobody before that draw."""
        return tuple(member for member, standing in self.standings.items() if standing.is_voter)

    def standing(self, member: int) -> Standing:
        """Return what a member is in this round."""
        return self.standings.get(member, Standing.NONE)

    def give(self, members: tuple[int, ...], standing: Standing) -> None:
        """Give drawn members their standing."""
        self.standings = dict(sorted((self.standings | dict.fromkeys(members, standing)).items()))
