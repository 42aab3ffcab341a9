"""What a rule of judging offers to the round: the same steps for every rule, with a motion of its own to vote on."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from flwr.app import ArrayRecord, ConfigRecord, Message

from fl_alliance.chain.batches import VoteRecord
from fl_alliance.chain.messages import Vote
from fl_alliance.chain.steps import TaskStep
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place


class Motion(Protocol):
    """What the voters of one round judge."""

    @property
    def digest(self) -> bytes:
        """What their signatures name: 32 bytes."""

    def model(self, digest: bytes) -> Arrays | None:
        """Return the model with this digest if the motion can end in it, the old one included."""

    def ballot(self) -> Mapping[str, ArrayRecord]:
        """Return what every voter is sent, by name."""

    def read(self, place: Place, record: ConfigRecord) -> Vote:
        """Return the vote that a voter's answer says it has signed; raises `BadReply`."""

    def signed(self, member: int, vote: Vote, signature: bytes) -> VoteRecord:
        """Return a vote as it goes on chain."""

    def reveal(self, task: int, votes: Sequence[VoteRecord]) -> TaskStep:
        """Return the step that puts votes on chain before the round is settled."""

    def settle(self, task: int, votes: Sequence[VoteRecord]) -> TaskStep:
        """Return the step that settles the round."""


class Rule(Protocol):
    """How a round is judged."""

    def admit(self, old: Arrays, updates: Mapping[int, Update]) -> Mapping[int, Message]:
        """Return the replies as the inner strategy may see them, by member, in the order given: that of commitment."""

    def motion(self, old: Arrays, proposals: Mapping[int, Arrays], members: Sequence[int], aggregate: Arrays) -> Motion:
        """Return what is put to the vote.

        Parameters
        ----------
        old
            The model adopted last.
        proposals
            What the members proposed, in the order of commitment.
        members
            All who proposed, ascending; of some the content may not have come.
        aggregate
            What the inner strategy made of the admitted replies.
        """
