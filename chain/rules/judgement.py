"""What the voters of a round made of its menu, and the numbers that a member's pay then follows from."""

from collections.abc import Mapping
from dataclasses import dataclass

from fl_alliance.chain.rules.candidates import Decision
from fl_alliance.chain.types import Record


@dataclass(frozen=True, slots=True)
class ProposerPay:
    """How a proposer came out of a round that was judged; amounts in gwei.

    Attributes
    ----------
    is_part : bool
        Whether its proposal is part of the winner.
    mark : int
        How far out the winner's row sees it, in sixteenths of a robust z.
    is_convicted : bool
        Whether its mark is suspect and the voters answered the winner's question with yes.
    contribution : int
        What the voters, in the mean, say that it contributed to this round, in ten-thousandths; 0 where the task does
        not ask.
    claim, claims : int
        What its share goes by, its balance or its average contribution, and the sum of all proposers'.
    part_gwei, share_gwei : int
        What all proposers share, and its share, before escrow and before what a member can hold at most.
    kept_gwei, released_gwei : int
        Of the share, what went into its escrow, and what came out of it from before.
    lost_gwei : int
        What a slash took out of its escrow.
    before, after : Record
        Its record.
    """

    is_part: bool
    mark: int
    is_convicted: bool
    contribution: int
    claim: int
    claims: int
    part_gwei: int
    share_gwei: int
    kept_gwei: int
    released_gwei: int
    lost_gwei: int
    before: Record
    after: Record


@dataclass(frozen=True, slots=True)
class VoterPay:
    """How a voter came out of a round that was judged.

    Attributes
    ----------
    quality, best_quality : int
        Of its scores, see `pay.voter_quality`, and the best of the round.
    before, after : Record
        Its record.
    claim, claims : int
        What its share goes by, balance times quality, and the sum of all in-time voters'.
    part_gwei, share_gwei : int
        What all voters share, and its share, before what a member can hold at most.
    """

    quality: int
    best_quality: int
    before: Record
    after: Record
    claim: int
    claims: int
    part_gwei: int
    share_gwei: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the voters decided.

    Attributes
    ----------
    decision : Decision
        The winner, and the medians it follows from.
    is_convicted : bool
        Whether enough weight found the question of the winner's row worse than its reference.
    against : int
        That weight, in gwei; 0 where the row has no question.
    convicted, slashed : tuple of int
        Members, ascending: whose evidence grew, and whom it slashed.
    qualities : mapping of int to int
        Of each voter who revealed in time; see `pay.voter_quality`.
    contributions : mapping of int to int
        Of each member who proposed: the voters' mean, in ten-thousandths; empty where the task does not ask.
    credits : mapping of int to int
        What the word of each of them on contributions weighs, see `pay.credit_weights`; empty where the task does not
        ask.
    records : mapping of int to Record
        Of each member who proposed or voted in time, afterwards.
    prior : tuple of int
        By how much each candidate beat the old model: what the public expects of the next round.
    """

    decision: Decision
    is_convicted: bool
    against: int
    convicted: tuple[int, ...]
    slashed: tuple[int, ...]
    qualities: Mapping[int, int]
    contributions: Mapping[int, int]
    credits: Mapping[int, int]
    records: Mapping[int, Record]
    prior: tuple[int, ...]

    @property
    def winner(self) -> int:
        """The menu's entry that is the model from now on; 0: the old model stays."""
        return self.decision.winner
