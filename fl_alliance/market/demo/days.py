"""A day of the task, account by account, with the reason for every rank, share and slash."""

from collections.abc import Sequence
from statistics import mean

from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.arena.events import Judged, Missed
from fl_alliance.arena.originals import BASE_ORDER, place_of
from fl_alliance.arena.task import Task
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_states import Submission, Validation
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.commitments import unpack_scores
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import paid
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.market.demo.cast import COPIER, HONEST, Part, members
from fl_alliance.market.demo.ledger import Ledger
from fl_alliance.market.demo.outcome import Entry, Judgement
from fl_alliance.market.demo.stage import Stage
from fl_alliance.market.demo.subject import Subject
from fl_alliance.market.units import losses, ordinal

ABSENT = "ABSENT"
_NO_ENTRY = "handed in nothing"


class Days:
    """What is known of a task's days once they are finished.

    Parameters
    ----------
    judge : Validator
        The honest validator, who knows whose copy a copy is.
    """

    def __init__(self, stage: Stage, task: Task, subject: Subject, judge: Validator) -> None:
        self.stage, self.task, self.subject, self.judge = stage, task, subject, judge
        self.arena = Arena(stage.bank, stage.deployment.arena)
        self._hidden: dict[bytes, int | None] = {}

    def entries(self, day: int, ledger: Ledger) -> list[Entry]:
        """Return every node's day."""
        return [self._entry(day, member.name, ledger) for member in members(Part.NODE)]

    def judgements(self, day: int, ledger: Ledger) -> list[Judgement]:
        """Return every validator's day."""
        return [self._judgement(day, member.name, ledger) for member in members(Part.VALIDATOR)]

    def hidden(self, digest: bytes) -> int | None:
        """Return a model's loss on the hidden set, in millionths; None for what is no model of the task."""
        if digest not in self._hidden:
            kind, artifact = self.subject.trade.kind, self.stage.store.get(digest)
            try:
                self._hidden[digest] = kind.score(kind.load(artifact), self.subject.hidden)
            except SubmissionRefused:
                self._hidden[digest] = None
        return self._hidden[digest]

    # --- nodes

    def _entry(self, day: int, name: str, ledger: Ledger) -> Entry:
        number, address = self.task.number, self.stage.senders[name].address
        place, state = self.arena.entry_of(number, day, address), self.arena.day_state(number, day)
        if place is None:
            return Entry(day, name, ABSENT, None, None, 0, 0, 0, 0, 0, 0, self._absence(day, address))
        found, key = self.arena.submission(number, day, place), (address, day)
        ranking = self.arena.ranking(number, day)
        rank = ranking.index(place) + 1 if place in ranking else 0
        is_ranked = found.verdict is Verdict.RANKED
        committed_wei = ledger.commits[key] * self.task.params.submission_fee_wei
        return Entry(
            day=day,
            name=name,
            verdict=found.verdict.name,
            score=found.score if is_ranked else None,
            hidden=self.hidden(found.digest),
            rank=rank,
            share_wad=found.share_wad,
            now_wei=paid(state.nodes_now_wei, found.share_wad),
            held_wei=paid(state.nodes_held_wei, found.share_wad),
            slashed_wei=ledger.slashed_own[key] + ledger.slashed_delegated[key],
            fee_wei=0 if is_ranked else committed_wei,
            why=self._rank(day, found, rank, len(ranking)) if is_ranked else self._refusal(day, place, ledger),
        )

    def _absence(self, day: int, address: str) -> str:
        if day == self.task.params.day_count:
            return "has no model that was ever ranked"
        told = [event for event in self.stage.told if isinstance(event, Missed)]
        why = [event for event in told if (event.account, event.day) == (address, day)]
        if address == self.stage.senders[COPIER].address and not why:
            return f"{_NO_ENTRY}: there is nothing to copy yet"
        return f"{_NO_ENTRY}: {why[0].what}" if why else _NO_ENTRY

    def _rank(self, day: int, found: Submission, rank: int, count: int) -> str:
        said = losses(self.task.spec, found.score)
        if not rank:
            return f"ranked, but not among the {count} that are paid: {said}"
        return f"{ordinal(rank)} of {count}, {said}: {found.share_wad / 1e16:.1f} % of what nodes share"

    def _refusal(self, day: int, place: int, ledger: Ledger) -> str:
        if (digest := ledger.copies.get((day, place))) is not None:
            return f"refused by the contract: the very file of {self._owner(digest, day, place)}"
        share = self._refused_by(day, place, ledger)
        judge = self.stage.senders[HONEST].address
        told = (event for event in self.stage.told if isinstance(event, Judged) and event.account == judge)
        why = next((event.why for event in told if (event.day, event.place) == (day, place)), "not revealed")
        copy = self.judge.originals.copies(day).get(place)
        if copy is not None:
            why = f"a copy of {self._original(copy.original)}, cosine {copy.similarity:.4f}"
        return f"refused by {100 * share:.0f} % of the scoring stake: {why}"

    def _refused_by(self, day: int, place: int, ledger: Ledger) -> float:
        count = self.arena.day_state(self.task.number, day).commits
        said = [
            (_scores(ledger, day, found, count)[place], found.weight_gwei)
            for found in self.arena.validations(self.task.number, day)
            if found.is_revealed
        ]
        return sum(weight for score, weight in said if score == WORST) / sum(weight for _, weight in said)

    def _original(self, order: int) -> str:
        if order == BASE_ORDER:
            return "the untrained model"
        day, place = place_of(order)
        return self._model(day, self.arena.submission(self.task.number, day, place))

    def _owner(self, digest: bytes, day: int, place: int) -> str:
        """Return whose a digest was before a day's place."""
        for former in range(day + 1):
            for at, found in enumerate(self.arena.submissions(self.task.number, former)):
                if found.digest == digest and (former, at) != (day, place):
                    return self._model(former, found)
        return "an earlier one"

    def _model(self, day: int, found: Submission) -> str:
        return f"{self.stage.name_of(found.node)}'s model of day {day}"

    # --- validators

    def _judgement(self, day: int, name: str, ledger: Ledger) -> Judgement:
        number, address = self.task.number, self.stage.senders[name].address
        index, state = self.arena.entry_of(number, day, address), self.arena.day_state(number, day)
        if index is None:
            return Judgement(day, name, 0, 0, state.commits, 0, 0, 0, 0, 0, "scored nothing")
        found, submissions = self.arena.validation(number, day, index), self.arena.submissions(number, day)
        scores = _scores(ledger, day, found, state.commits) if found.is_revealed else [0] * state.commits
        # What the contract refused by itself is nobody's to find out.
        bad = [
            place
            for place, other in enumerate(submissions)
            if other.verdict is Verdict.WORST and (day, place) not in ledger.copies
        ]
        caught = sum(scores[place] == WORST for place in bad)
        off = [
            abs(score - other.score)
            for score, other in zip(scores, submissions, strict=True)
            if other.verdict is Verdict.RANKED
        ]
        return Judgement(
            day=day,
            name=name,
            weight_wei=found.weight_gwei * WEI_PER_GWEI,
            scored=found.scored,
            places=state.commits,
            caught=caught,
            bad=len(bad),
            share_wad=found.share_wad,
            now_wei=paid(state.validators_now_wei, found.share_wad),
            held_wei=paid(state.validators_held_wei, found.share_wad),
            why=self._closeness(found, off, caught, len(bad)),
        )

    def _closeness(self, found: Validation, off: Sequence[int], caught: int, bad: int) -> str:
        if not found.is_revealed:
            return "did not reveal: a part of the stake is lost"
        near = f"off by {self._distance(mean(off))} on {_counted(len(off), 'model')}" if off else "nothing was ranked"
        through = f", saw through {caught} of {bad} bad ones" if bad else ""
        return f"{near}{through}: {found.share_wad / 1e16:.1f} % of what validators share"

    def _distance(self, off: float) -> str:
        return "nothing" if off < 1 else losses(self.task.spec, round(off)).removesuffix(" wrong").removeprefix("RMSE ")


def _scores(ledger: Ledger, day: int, found: Validation, count: int) -> Sequence[int]:
    """Return a validator's revealed scores, place by place."""
    return unpack_scores(ledger.scores[day, found.validator], count)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
