"""The published rule: voters score the old model and the strategy's aggregate, and the majority accepts or rejects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

from fl_alliance.chain.batches import SignedVote, VoteRecord
from fl_alliance.chain.messages import Vote, majority_motion
from fl_alliance.chain.rules.candidates import Row
from fl_alliance.chain.rules.consensus import score_micro
from fl_alliance.chain.steps import RevealVotes, Settle
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.rules.base import Fields, Groups, Quality
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class MajorityMotion:
    """The old model or the candidate; `digests` are theirs."""

    old: Arrays
    aggregate: Arrays
    digests: tuple[bytes, bytes]
    names: tuple[str, ...] = ()
    choices: int = 2
    members: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    proposals: Mapping[int, Arrays] = field(default_factory=dict)
    asks_shares: bool = False

    @property
    def models(self) -> tuple[Arrays, ...]:
        """The old model and the candidate, which is the aggregate."""
        return self.old, self.aggregate

    @property
    def digest(self) -> bytes:
        """The digest of both models' digests, so that a vote names what the candidate was compared with."""
        return majority_motion(*self.digests)

    def model(self, digest: bytes) -> Arrays | None:
        """Return the model with this digest if it is one of the two."""
        return self.models[self.digests.index(digest)] if digest in self.digests else None

    def ballot(self) -> Mapping[str, ArrayRecord]:
        """Return both models, by name."""
        return {wire.ARRAYS: wire.to_record(self.aggregate), wire.PREVIOUS: wire.to_record(self.old)}

    def state(self, place: Place, found: Sequence[Quality], shares: Mapping[int, float]) -> tuple[Vote, Fields]:
        """Return the vote with the scores of both models."""
        old, new = (score_micro(quality.score) for quality in found)
        return Vote(place.task, place.round, self.digest, old, new), {"score-old": old, "score-new": new}

    def read(self, place: Place, member: int, record: ConfigRecord, signature: bytes) -> tuple[Vote, SignedVote]:
        """Return the vote that an answer says its member signed, and as it goes on chain; raises `BadReply`."""
        old, new = wire.integer(record, "score-old"), wire.integer(record, "score-new")
        return Vote(place.task, place.round, self.digest, old, new), SignedVote(member, old, new, signature)

    def reveal(self, task: int, votes: Sequence[VoteRecord]) -> RevealVotes:
        """Return the step that puts votes on chain before the round is settled."""
        return RevealVotes(task, self.digest, tuple(votes))

    def settle(self, task: int, votes: Sequence[VoteRecord]) -> Settle:
        """Return the step that settles the round."""
        return Settle(task, *self.digests, tuple(votes))


class Majority:
    """Lets the inner strategy see the replies as they came, and the voters nothing but its aggregate."""

    def admit(self, old: Arrays, updates: Mapping[int, Update]) -> Mapping[int, Message]:
        """Return the replies without the Alliance's words."""
        return {member: wire.without_alliance(update.reply) for member, update in updates.items()}

    def motion(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int],
        averages: Mapping[int, int],
        groups: Groups | None = None,
    ) -> MajorityMotion:
        """Return the choice between the old model and the aggregate."""
        return MajorityMotion(old, aggregate, (model_digest(old), model_digest(aggregate)))

    def read(self, content: RecordDict) -> MajorityMotion:
        """Return the motion whose ballot a voter was sent; raises `BadReply`."""
        old, aggregate = (wire.arrays_named(content, name) for name in (wire.PREVIOUS, wire.ARRAYS))
        return self.motion(old, {}, aggregate, (), {})
