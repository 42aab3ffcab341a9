"""What a revealed vote may say under each rule: its form, and what is recorded of it."""

from dataclasses import dataclass
from typing import Protocol

from fl_alliance.chain.alliance_refusals import BadBatch, BadContributions, BadScore
from fl_alliance.chain.batches import RevealedVote, SignedScores, SignedVote
from fl_alliance.chain.rules.candidates import SCORE_BITS, SCORE_WORST, ScoresInvalid, unpack_scores
from fl_alliance.chain.rules.consensus import SCORE_ONE, is_yes
from fl_alliance.chain.rules.pay import POINTS

Content = tuple[tuple[int, ...], tuple[int, ...], bool]
"""Scores, contributions, and whether it is a yes (always, where a vote is not yes or no)."""


class Paper(Protocol):
    """The form that the votes of one round have."""

    @property
    def motion(self) -> bytes:
        """What they are about."""

    def read(self, vote: RevealedVote) -> Content:
        """Return what a vote says; raises `Refused` where that is out of range."""


@dataclass(frozen=True, slots=True)
class MajorityPaper:
    """A score of the old model and one of the candidate."""

    motion: bytes
    tolerance_bps: int

    def read(self, vote: RevealedVote) -> Content:
        """Return what a vote says; raises `BadScore`."""
        if not isinstance(vote, SignedVote):
            raise BadBatch(0)
        scores = (vote.score_old, vote.score_new)
        for score in scores:
            if score > SCORE_ONE:
                raise BadScore(vote.member, score)
        return scores, (), is_yes(*scores, self.tolerance_bps)


@dataclass(frozen=True, slots=True)
class MenuPaper:
    """A score of each of a menu's `entries` and, where that is paid for, points for each proposal."""

    motion: bytes
    entries: int

    def read(self, vote: RevealedVote) -> Content:
        """Return what a vote says; raises `BadScore`, `BadContributions`."""
        if not isinstance(vote, SignedScores):
            raise BadBatch(0)
        try:
            scores = unpack_scores(vote.scores, self.entries)
        except ScoresInvalid as reason:
            raise BadScore(vote.member, self._wrong(vote.scores)) from reason
        total = sum(map(abs, vote.contributions))
        if total > POINTS:
            raise BadContributions(vote.member, total)
        return scores, vote.contributions, True

    def _wrong(self, word: int) -> int:
        """Return what of a word is out of range: the bits beyond the last entry or the first score too high."""
        beyond = word >> SCORE_BITS * self.entries
        scores = (word >> SCORE_BITS * entry & ((1 << SCORE_BITS) - 1) for entry in range(self.entries))
        return beyond or next(score for score in scores if score > SCORE_WORST)
