"""The validator: every day it scores the submissions that its own randomness assigns to it, blind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.calendar import Window
from fl_alliance.arena.copies import Copy
from fl_alliance.arena.errors import ContentTooLarge, ScorerFailed, TaskMismatch
from fl_alliance.arena.events import Judged, ScoresCommitted, ScoresRevealed, fml
from fl_alliance.arena.kinds.base import Kind
from fl_alliance.arena.originals import Originals
from fl_alliance.arena.role import Desk, Stake, Staker
from fl_alliance.arena.scoring import Scorer
from fl_alliance.arena.store import DEFAULT_MOST
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_states import Submission
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.commitments import scores_commitment
from fl_alliance.chain.rules.arena_consensus import WORST


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a validator has committed to on a day, or is about to: a score for each place, and the salt."""

    scores: tuple[int, ...]
    salt: bytes


class Validator(Staker):
    """Scores models on the task's dataset, and refuses those that are not worth the name.

    Refused, with the worst score, is what is not in the store by half of the window, what is too large, what the kind
    does not load, a copy of an earlier commitment, and what is no better than the untrained model.

    Parameters
    ----------
    kind : Kind
        The task's; tells copies.
    scorer : callable
        Scores a model on a dataset, in a sandbox.
    """

    stake_role = StakeRole.VALIDATOR

    def __init__(self, desk: Desk, task: Task, stake: Stake, kind: Kind[Any], scorer: Scorer) -> None:
        super().__init__(desk, task, stake)
        task.require_kind(kind)
        self.kind, self.scorer, self.originals = kind, scorer, Originals(desk, task, kind)

    # --- a task, in its order

    def join(self) -> None:
        """Stake, once the scorer has shown on the untrained model that it works here."""
        if self.score_of(self.spec.base_model, self.spec.dataset_a) == WORST:
            found = f"{self.spec.base_model.hex()} missing, or refused by the scorer"
            raise TaskMismatch(self.number, "untrained model", found, "one that can be scored")
        super().join()

    def score(self, day: int) -> None:
        """Score the places assigned, unless that is done, and commit, unless the chain has the commitment."""
        if self._index(day) is not None or not self._is_able(day):
            return
        sealed = self._sealed(day) or self._prepare(day)
        if sealed is None:
            return
        commitment = scores_commitment(self.number, day, self.me, sealed.scores, sealed.salt)
        count = self.arena.commit_scores(self.number, commitment)
        self.desk.tell(ScoresCommitted(self.number, self.me, day, count))

    def reveal_scores(self, day: int) -> None:
        """Reveal the scores with the proof of the assignment."""
        index = self._index(day)
        if index is None or (found := self.arena.validation(self.number, day, index)).is_revealed:
            return
        sealed = self._sealed(day)
        if sealed is None or self._commitment(day, sealed) != found.commitment:
            self.tell_missed(day, "the journal does not hold what was committed to", self._stake_lost)
            return
        proof = self.arena.prove(self.number, day)
        self.arena.reveal_scores(self.number, proof, sealed.scores, sealed.salt)
        self.desk.tell(ScoresRevealed(self.number, self.me, day, found.quota))

    def missed(self, day: int, window: Window) -> None:
        """Say what a window that passed without this validator has cost."""
        index = self._index(day)
        if window is Window.SCORE and index is None and self.arena.day_state(self.number, day).commits:
            self.tell_missed(day, "no scores were committed to in time", "nothing is earned today, nothing lost")
        is_sealed = index is not None and not self.arena.validation(self.number, day, index).is_revealed
        if window is Window.REVEAL_SCORES and is_sealed:
            self.tell_missed(day, "the scores were not revealed in time", self._stake_lost)

    # --- what it says

    def judge(self, day: int, places: Sequence[int]) -> dict[int, int]:
        """Return the scores of these places of a day, by place."""
        dataset = self._dataset(day)
        submissions = self.arena.submissions(self.number, day)
        self._await(day, [submissions[place] for place in places])
        copies = self.originals.copies(day)
        found: dict[int, int] = {}
        for place in places:
            submission = submissions[place]
            if submission.verdict is not Verdict.REVEALED:
                continue  # the contract refuses it by itself, or nobody knows it
            found[place], why = self._judged(submission.digest, dataset, copies.get(place))
            digest, node = submission.digest, submission.node
            self.desk.tell(Judged(self.number, self.me, day, place, node, digest, found[place], why))
        return found

    def score_of(self, digest: bytes, dataset: bytes) -> int:
        """Return a model's score on a dataset, both by digest; it is found out once, whatever happens meanwhile.

        `WORST` is what the store does not have, or has too large.

        Raises
        ------
        ScorerFailed
            Twice.
        """
        name = f"score-{dataset.hex()}-{digest.hex()}"
        if (known := self.desk.journal.read(name)) is not None:
            return int(known["score"])
        try:
            artifact = self.desk.fetch(digest, self.spec.max_bytes)
        except ContentTooLarge:
            return WORST
        if artifact is None:
            return WORST
        data = self.desk.store.get(dataset, DEFAULT_MOST)
        try:
            score = self.scorer(artifact, data)
        except ScorerFailed:
            score = self.scorer(artifact, data)
        self.desk.journal.write(name, {"score": score})
        return score

    # --- how

    def _prepare(self, day: int) -> Sealed | None:
        """Score what is assigned and write down what opens the commitment."""
        places = self.arena.assignment(self.number, day)
        if not places:
            self.tell_missed(day, "the stake is too small for a single submission", "nothing is earned today")
            return None
        try:
            judged = self.judge(day, places)
        except ScorerFailed as failed:
            self.tell_missed(day, str(failed), "no scores today: a wrong one would cost more than none")
            return None
        count = self.arena.day_state(self.number, day).commits
        sealed = Sealed(tuple(judged.get(place, 0) for place in range(count)), self.desk.entropy(32))
        self.desk.journal.write(f"day-{day}", {"scores": list(sealed.scores), "salt": sealed.salt.hex()})
        return sealed

    def _judged(self, digest: bytes, dataset: bytes, copy: Copy | None) -> tuple[int, str]:
        """Return a score, and where that is the worst, why."""
        if copy is not None:
            return WORST, f"a copy, cosine {copy.similarity:.4f} to an earlier one"
        score = self.score_of(digest, dataset)
        if score == WORST:
            return WORST, "not in the store, too large, or nothing that can be scored"
        if not self.spec.beats_untrained(score, self.score_of(self.spec.base_model, dataset)):
            return WORST, f"loss {score / 1e6:.6f}, no better than the untrained model"
        return score, ""

    def _await(self, day: int, submissions: Sequence[Submission]) -> None:
        """Give what is not in the store yet until half of the window to come."""
        times = self.calendar.day(day)
        wanted = [found.digest for found in submissions if found.verdict is Verdict.REVEALED]
        if any(digest not in self.desk.store for digest in wanted):
            self.desk.clock.wait_until((times.score_at + times.reveal_scores_at) // 2)

    def _dataset(self, day: int) -> bytes:
        return self.spec.dataset_a if day < self.calendar.last else self.arena.state(self.number).dataset_b

    def _is_able(self, day: int) -> bool:
        """Whether there is something to score and the stake lets this account do it; tells why not."""
        state, mine = self.arena.day_state(self.number, day), self.arena.my(self.number)
        least = self.params.min_validator_stake_wei
        if not any(state.digest):
            self.tell_missed(day, "nothing was submitted", "there is nothing to score")
        elif day == self.calendar.last and not self.arena.state(self.number).is_dataset_b_revealed:
            self.tell_missed(day, "dataset B was not revealed", "what was held of each day is paid by its own shares")
        elif mine.own_wei < least:
            self.tell_missed(day, f"the stake is {fml(mine.own_wei)}", f"no scores, {fml(least)} are needed")
        elif not mine.weight_gwei:
            self.tell_missed(day, "the stake counts from tomorrow on", "no scores today")
        else:
            return True
        return False

    def _sealed(self, day: int) -> Sealed | None:
        entry = self.desk.journal.read(f"day-{day}")
        return None if entry is None else Sealed(tuple(entry["scores"]), bytes.fromhex(entry["salt"]))

    def _commitment(self, day: int, sealed: Sealed) -> bytes:
        return scores_commitment(self.number, day, self.me, sealed.scores, sealed.salt)

    def _index(self, day: int) -> int | None:
        return self.arena.entry_of(self.number, day, self.me)

    @property
    def _stake_lost(self) -> str:
        return f"{self.params.slash_bps / 100:g} % of the stake is lost"
