"""The published rule: voters score the old model and the strategy's aggregate, and the majority accepts or rejects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flwr.app import ArrayRecord, ConfigRecord, Message

from fl_alliance.chain.batches import SignedVote, VoteRecord
from fl_alliance.chain.messages import Vote
from fl_alliance.chain.steps import RevealVotes, Settle
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class MajorityMotion:
    """The old model or the candidate."""

    old: Arrays
    candidate: Arrays
    digest: bytes

    def model(self, digest: bytes) -> Arrays | None:
        """Return the model with this digest if it is one of the two."""
        return self.candidate if digest == self.digest else self.old if digest == model_digest(self.old) else None

    def ballot(self) -> Mapping[str, ArrayRecord]:
        """Return both models, by name."""
        return {wire.ARRAYS: wire.to_record(self.candidate), wire.PREVIOUS: wire.to_record(self.old)}

    def read(self, place: Place, record: ConfigRecord) -> Vote:
        """Return the two scores that a voter's answer says it has signed; raises `BadReply`."""
        scores = (wire.integer(record, "score-old"), wire.integer(record, "score-new"))
        return Vote(place.task, place.round, self.digest, *scores)

    def signed(self, member: int, vote: Vote, signature: bytes) -> VoteRecord:
        """Return a vote as it goes on chain."""
        return SignedVote(member, vote.score_old, vote.score_new, signature)

    def reveal(self, task: int, votes: Sequence[VoteRecord]) -> RevealVotes:
        """Return the step that puts votes on chain before the round is settled."""
        return RevealVotes(task, self.digest, tuple(votes))

    def settle(self, task: int, votes: Sequence[VoteRecord]) -> Settle:
        """Return the step that settles the round."""
        return Settle(task, self.digest, tuple(votes))


class Majority:
    """Lets the inner strategy see the replies as they came."""

    def admit(self, old: Arrays, updates: Mapping[int, Update]) -> Mapping[int, Message]:
        """Return the replies without the Alliance's words."""
        return {member: wire.without_alliance(update.reply) for member, update in updates.items()}

    def motion(
        self, old: Arrays, proposals: Mapping[int, Arrays], members: Sequence[int], aggregate: Arrays
    ) -> MajorityMotion:
        """Return the choice between the old model and the aggregate."""
        return MajorityMotion(old, aggregate, model_digest(aggregate))
