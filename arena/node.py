"""The training node: every day it trains, commits to its model, reveals it and is paid by its rank."""

from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.calendar import Window
from fl_alliance.arena.card import CARD, LINEAGE, Lineage, lineage_text, model_card
from fl_alliance.arena.errors import ContentMissing
from fl_alliance.arena.events import Revealed, Scored, Submitted, fml
from fl_alliance.arena.files import write_whole
from fl_alliance.arena.kinds.base import Kind
from fl_alliance.arena.role import Desk, Stake, Staker
from fl_alliance.arena.scorecards import scores_of
from fl_alliance.arena.store import name_content
from fl_alliance.arena.task import Task
from fl_alliance.arena.training import Made, Plan, Trainer
from fl_alliance.chain.arena_states import Submission
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.commitments import submission_commitment
from fl_alliance.chain.rules.arena_consensus import WORST


@dataclass(frozen=True, slots=True)
class Opening:
    """What a node has committed to on a day, or is about to: all that the reveal needs."""

    digest: bytes
    parameters: int
    salt: bytes
    parent: bytes


class TrainingNode(Staker):
    """Submits one model a day.

    The opening of a commitment and the model are in the journal before the commitment is sent, and the model is in the
    store only after its reveal: nobody can commit to it in between.

    Parameters
    ----------
    kind : Kind
        The task's.
    plan : Plan
        How it trains; as the task suggests unless given.
    """

    stake_role = StakeRole.NODE

    def __init__(self, desk: Desk, task: Task, stake: Stake, kind: Kind[Any], plan: Plan | None = None) -> None:
        super().__init__(desk, task, stake)
        self.kind, self.trainer = kind, Trainer(desk, task, kind, plan or Plan())

    # --- the steps of a day

    def submit(self, day: int) -> None:
        """Train, unless the day's model is ready, and commit to it, unless the chain has the commitment."""
        if self._place(day) is not None or not self._is_able(day):
            return
        opening = self._opening(day) or self._prepare(day)
        if opening is None:
            return
        sealed = submission_commitment(self.number, day, self.me, opening.digest, opening.parameters, opening.salt)
        place = self.arena.commit_submission(self.number, sealed)
        self.desk.tell(Submitted(self.number, self.me, day, place, opening.digest, self.params.submission_fee_wei))

    def reveal(self, day: int) -> None:
        """Reveal the model and publish it."""
        place = self._place(day)
        if place is None:
            return
        opening, found = self._opening(day), self.arena.submission(self.number, day, place)
        if found.verdict is not Verdict.COMMITTED:
            self._publish(day)
        elif opening is None or not self._opens(day, opening, found):
            self.tell_missed(day, "the journal does not hold what was committed to", self._fee_lost)
        else:
            is_accepted = self.arena.reveal_submission(self.number, opening.digest, opening.parameters, opening.salt)
            self._publish(day)
            self.desk.tell(Revealed(self.number, self.me, day, opening.digest, is_accepted))

    def score(self, day: int) -> None:
        """See to it that the model is in the store, where validators now look for it."""
        self._publish(day)

    def close(self, day: int) -> None:
        """Be paid, and note in the model's card what was found of it."""
        super().close(day)
        if (place := self._place(day)) is not None and self.arena.day_state(self.number, day).is_finished:
            self._publish(day)
            self._tell_result(day, place)

    def missed(self, day: int, window: Window) -> None:
        """Say what a window that passed without this node has cost."""
        place = self._place(day)
        if day == self.calendar.last:
            return
        if window is Window.SUBMIT and place is None:
            self.tell_missed(day, "no model was committed to in time", "nothing is earned today, nothing lost")
        if window is Window.REVEAL and place is not None:
            if self.arena.submission(self.number, day, place).verdict is Verdict.COMMITTED:
                self.tell_missed(day, "the model was not revealed in time", self._fee_lost)
            else:
                self._publish(day)

    # --- what it submits

    def make(self, day: int) -> Made | None:
        """Return the day's model, None to sit the day out."""
        return self.trainer.model(day, self.calendar.closes(day, Window.SUBMIT))

    def declared(self, artifact: bytes) -> int:
        """Return how many parameters to declare of a model."""
        return self.kind.parameters(self.kind.load(artifact))

    # --- how

    def _prepare(self, day: int) -> Opening | None:
        """Make the day's model and write down what opens its commitment."""
        made = self.make(day)
        if made is None:
            return None
        digest = self.desk.journal.keep(made.artifact)
        opening = Opening(digest, self.declared(made.artifact), self.desk.entropy(32), made.parent)
        entry = {"digest": digest.hex(), "parameters": opening.parameters}
        self.desk.journal.write(f"day-{day}", entry | {"salt": opening.salt.hex(), "parent": made.parent.hex()})
        return opening

    def _opening(self, day: int) -> Opening | None:
        entry = self.desk.journal.read(f"day-{day}")
        if entry is None:
            return None
        digest, salt, parent = (bytes.fromhex(entry[name]) for name in ("digest", "salt", "parent"))
        return Opening(digest, int(entry["parameters"]), salt, parent)

    def _opens(self, day: int, opening: Opening, found: Submission) -> bool:
        sealed = submission_commitment(self.number, day, self.me, opening.digest, opening.parameters, opening.salt)
        return sealed == found.digest

    def _is_able(self, day: int) -> bool:
        """Whether the stake lets this account submit today; tells why not."""
        mine, least = self.arena.my(self.number), self.params.min_node_stake_wei
        fee_wei, held_wei = self.params.submission_fee_wei, self.arena.token.balance_wei()
        if mine.own_wei < least:
            self.tell_missed(day, f"the stake is {fml(mine.own_wei)}", f"no submission, {fml(least)} are needed")
        elif not mine.weight_gwei:
            self.tell_missed(day, "the stake counts from tomorrow on", "no submission today")
        elif held_wei < fee_wei:
            self.tell_missed(day, f"the account holds {fml(held_wei)}", f"no submission, the fee is {fml(fee_wei)}")
        else:
            return True
        return False

    def _place(self, day: int) -> int | None:
        return self.arena.entry_of(self.number, day, self.me)

    @property
    def _fee_lost(self) -> str:
        return f"the fee of {fml(self.params.submission_fee_wei)} is lost"

    # --- what others see of it

    def _publish(self, day: int) -> None:
        """Put a revealed model, its card and lineage into the store, with what is known of it by now."""
        place, opening = self._place(day), self._opening(day)
        if place is None or opening is None or day == self.calendar.last:
            return
        found = self.arena.submission(self.number, day, place)
        if found.verdict is Verdict.COMMITTED:
            return
        try:
            artifact = self.desk.journal.kept(opening.digest)
        except ContentMissing:
            self.tell_missed(day, "the journal has lost the model", "validators will refuse it")
            return
        self.desk.store.put(artifact)
        lineage = self._lineage(day, place, opening, artifact, found)
        for name, text in ((LINEAGE, lineage_text(lineage)), (CARD, model_card(lineage))):
            self.desk.store.put(text.encode())
            write_whole(self.desk.journal.folder / "cards" / f"day-{day}" / name, text.encode())

    def _lineage(self, day: int, place: int, opening: Opening, artifact: bytes, found: Submission) -> Lineage:
        content, times = name_content(artifact), self.calendar.day(day)
        is_settled = found.verdict in (Verdict.RANKED, Verdict.WORST)
        scores = scores_of(self.arena, self.number, day, place, times) if is_settled else ()
        return Lineage(
            task=f"{self.desk.sender.chain_id}:{self.arena.address}:{self.number}",
            kind=self.spec.kind,
            node=self.me,
            day=day,
            digest=content.digest.hex(),
            cid=content.cid,
            size=content.size,
            parameters=opening.parameters,
            parents=(opening.parent.hex(),),
            dataset=self.spec.train.hex(),
            loss_unit=self.kind.loss_unit,
            loss=found.score if is_settled else None,
            scores=scores,
        )

    def _tell_result(self, day: int, place: int) -> None:
        found, ranking = self.arena.submission(self.number, day, place), self.arena.ranking(self.number, day)
        rank = ranking.index(place) + 1 if place in ranking else 0
        score = found.score if found.verdict is Verdict.RANKED else WORST
        self.desk.tell(Scored(self.number, self.me, day, found.verdict.name.lower(), score, rank))
