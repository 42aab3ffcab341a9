"""The two rules by which a task's rounds are judged: what each reads from the steps that reveal and settle."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fl_alliance.chain.alliance_refusals import BadMenu
from fl_alliance.chain.batches import VoteRecord, pack_votes, unpack_scores
from fl_alliance.chain.committee import Committee
from fl_alliance.chain.errors import StepForeign
from fl_alliance.chain.messages import Scores, Vote, majority_motion
from fl_alliance.chain.papers import MajorityPaper, MenuPaper, Paper
from fl_alliance.chain.rules.candidate_settlement import Session, settle_candidates
from fl_alliance.chain.rules.candidates import MenuDigest, MenuInvalid, decode_menu
from fl_alliance.chain.rules.settlement import Settlement, settle
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.steps import RevealScores, RevealVotes, Settle, SettleMenu, SlashEquivocation
from fl_alliance.chain.types import CandidateTerms, Record, Reward, Standing, TaskParams

VoteStep = RevealVotes | RevealScores | Settle | SettleMenu
"""A step that reveals votes."""
SettlingStep = Settle | SettleMenu


@dataclass(frozen=True, slots=True)
class Purse:
    """What a settlement has to know of the task: its pool, the rounds left, and what members hold and are known for."""

    pool_gwei: int
    rounds_left: int
    balances: dict[int, int]
    records: dict[int, Record]
    prior: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A settlement, the model that a round was judged against, and the one that it names: adopted where accepted."""

    settlement: Settlement
    previous: bytes
    model: bytes


class Judging(Protocol):
    """How a task's rounds are judged."""

    @property
    def terms(self) -> CandidateTerms | None:
        """What the creator fixed beside the parameters; None by majority."""

    def paper(self, step: VoteStep, committee: Committee) -> Paper:
        """Return the form of the step's votes; raises `Refused`, or `StepForeign` for another rule's step."""

    def records(self, step: VoteStep, committee: Committee) -> Iterable[VoteRecord]:
        """Return the step's vote records, as far as they can be read: lazily, `BadBatch` where they end."""

    def length(self, step: VoteStep) -> int:
        """Return how many bytes the step's votes are."""

    def statement(self, step: SlashEquivocation, value: bytes) -> Vote | Scores:
        """Return the vote that 32 bytes of evidence stand for."""

    def settle(self, step: SettlingStep, committee: Committee, purse: Purse) -> Verdict:
        """Return how the round ends once every vote that counts is recorded."""


@dataclass(frozen=True, slots=True)
class MajorityJudging:
    """The published rule: yes or no to one candidate."""

    params: TaskParams
    terms: CandidateTerms | None = None

    def paper(self, step: VoteStep, committee: Committee) -> MajorityPaper:
        """Return the form of the step's votes."""
        own = self._own(step)
        motion = own.motion if isinstance(own, RevealVotes) else majority_motion(own.previous, own.candidate)
        return MajorityPaper(motion, self.params.tolerance_bps)

    def records(self, step: VoteStep, committee: Committee) -> Iterable[VoteRecord]:
        """Return the step's vote records."""
        return self._own(step).votes

    def length(self, step: VoteStep) -> int:
        """Return how many bytes the step's votes are."""
        return len(pack_votes(self._own(step).votes))

    def statement(self, step: SlashEquivocation, value: bytes) -> Vote:
        """Return the vote whose scores are score_old << 32 | score_new."""
        score_old, score_new = divmod(int.from_bytes(value, "big"), 1 << 32)
        return Vote(step.task, step.round, step.motion, score_old, score_new)

    def settle(self, step: SettlingStep, committee: Committee, purse: Purse) -> Verdict:
        """Return how the round ends."""
        if not isinstance(step, Settle):
            raise StepForeign(type(step).__name__)
        result = settle(self.params, purse.pool_gwei, purse.rounds_left, purse.balances, committee.standings)
        return Verdict(result, step.previous, step.candidate)

    def _own(self, step: VoteStep) -> RevealVotes | Settle:
        if not isinstance(step, RevealVotes | Settle):
            raise StepForeign(type(step).__name__)
        return step


@dataclass(frozen=True, slots=True)
class CandidateJudging:
    """Candidate voting: scores of a menu of models."""

    params: TaskParams
    terms: CandidateTerms

    def paper(self, step: VoteStep, committee: Committee) -> MenuPaper:
        """Return the form of the step's votes; raises `BadMenu`."""
        own = self._own(step)
        return MenuPaper(keccak(own.menu), len(self._menu(own, committee).digests))

    def records(self, step: VoteStep, committee: Committee) -> Iterable[VoteRecord]:
        """Return the step's vote records."""
        is_paid_for = self.terms.reward is Reward.CONTRIBUTION
        return unpack_scores(self._own(step).votes, len(_proposers(committee)) if is_paid_for else 0)

    def length(self, step: VoteStep) -> int:
        """Return how many bytes the step's votes are."""
        return len(self._own(step).votes)

    def statement(self, step: SlashEquivocation, value: bytes) -> Scores:
        """Return the scores whose content the value is."""
        return Scores(step.task, step.round, step.motion, value)

    def settle(self, step: SettlingStep, committee: Committee, purse: Purse) -> Verdict:
        """Return how the round ends."""
        menu = self._menu(self._own(step), committee)
        session = Session(
            params=self.params,
            terms=self.terms,
            pool_gwei=purse.pool_gwei,
            rounds_left=purse.rounds_left,
            balances=purse.balances,
            standings=committee.standings,
            records=purse.records,
            menu=menu,
            scores=committee.scores,
            contributions=committee.contributions,
            prior=purse.prior,
        )
        result = settle_candidates(session)
        winner = result.judgement.winner if result.judgement else 0
        return Verdict(result, menu.digests[0], menu.digests[winner])

    def _own(self, step: VoteStep) -> RevealScores | SettleMenu:
        if not isinstance(step, RevealScores | SettleMenu):
            raise StepForeign(type(step).__name__)
        return step

    def _menu(self, step: RevealScores | SettleMenu, committee: Committee) -> MenuDigest:
        try:
            return decode_menu(step.menu, len(_proposers(committee)))
        except MenuInvalid as reason:
            raise BadMenu(len(step.menu)) from reason


def judging(params: TaskParams, terms: CandidateTerms | None) -> Judging:
    """Return the rule of a task: candidate voting where it has terms for it."""
    return MajorityJudging(params) if terms is None else CandidateJudging(params, terms)


def _proposers(committee: Committee) -> list[int]:
    return [member for member, standing in committee.standings.items() if standing is Standing.PROPOSED]
