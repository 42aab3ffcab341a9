"""What a rule of judging offers to the round: the same steps for every rule, with a motion of its own to vote on.

Coordinator and voter work with the same rule: one puts a motion together and sends it, the other puts it together again
from what it was sent, and a vote names the motion's digest.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

from fl_alliance.chain.batches import VoteRecord
from fl_alliance.chain.messages import Domain, Signer
from fl_alliance.chain.rules.candidates import Row
from fl_alliance.chain.steps import TaskStep
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place


class Quality(Protocol):
    """How good a voter found a model on its own data."""

    @property
    def score(self) -> float:
        """From 0 to 1; higher is better."""

    @property
    def loss(self) -> float:
        """From 0; lower is better."""


class Statement(Protocol):
    """What a voter signs: a typed message of `chain/messages.py`."""

    def sign(self, key: Signer, domain: Domain) -> bytes:
        """Return the 64-byte signature."""

    def recover(self, domain: Domain, signature: bytes) -> str:
        """Return the address that signed; raises `SignatureInvalid`."""


Groups = Mapping[int, tuple[int, ...]]
"""Where proposals are means of groups: the members of each, ascending, by the first of them, which it goes by."""

Fields = Mapping[str, int | bytes]
"""A vote's content, as it travels in a ConfigRecord."""


class Motion(Protocol):
    """What the voters of one round judge."""

    @property
    def digest(self) -> bytes:
        """What their signatures name: 32 bytes."""

    @property
    def models(self) -> tuple[Arrays, ...]:
        """What they score, the old model first."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each of the models is, in words; empty where nobody needs to be told."""

    @property
    def choices(self) -> int:
        """How many of the models, from the first, the round can end with."""

    @property
    def members(self) -> tuple[int, ...]:
        """All who proposed, ascending; nobody where voters are not shown what was proposed."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """What each choice is made of, by `members`."""

    @property
    def asks_shares(self) -> bool:
        """Whether voters are to say what the members contributed to the round."""

    @property
    def aggregate(self) -> Arrays:
        """What the inner strategy made of the proposals."""

    @property
    def proposals(self) -> Mapping[int, Arrays]:
        """What the models were made of, by member in the order of commitment, as far as voters are shown it."""

    def model(self, digest: bytes) -> Arrays | None:
        """Return the model with this digest if the round can end with it, the old one included."""

    def ballot(self) -> Mapping[str, ArrayRecord | ConfigRecord]:
        """Return what every voter is sent, by name."""

    def state(self, place: Place, found: Sequence[Quality], shares: Mapping[int, float]) -> tuple[Statement, Fields]:
        """Return the vote that says what a voter found of the models, and of what members contributed to the round."""

    def read(self, place: Place, member: int, record: ConfigRecord, signature: bytes) -> tuple[Statement, VoteRecord]:
        """Return the vote that an answer says its member signed, and as it goes on chain; raises `BadReply`."""

    def reveal(self, task: int, votes: Sequence[VoteRecord]) -> TaskStep:
        """Return the step that puts votes on chain before the round is settled."""

    def settle(self, task: int, votes: Sequence[VoteRecord]) -> TaskStep:
        """Return the step that settles the round."""


class Rule(Protocol):
    """How a round is judged."""

    def admit(self, old: Arrays, updates: Mapping[int, Update]) -> Mapping[int, Message]:
        """Return the replies as the inner strategy may see them, by member, in the order given: that of commitment."""

    def motion(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int],
        averages: Mapping[int, int],
        groups: Groups | None = None,
    ) -> Motion:
        """Return what is put to the vote.

        Parameters
        ----------
        old
            The model adopted last.
        proposals
            What the members proposed, in the order of commitment.
        aggregate
            What the inner strategy made of the admitted replies.
        members
            All who proposed, ascending; of some the content may not have come.
        averages
            Of each of them, what it contributed on average so far, as the chain has it.
        groups
            Where a proposal is the mean of several members': who they are. What is found of it is found of each.
        """

    def read(self, content: RecordDict) -> Motion:
        """Return the motion whose ballot a voter was sent; raises `BadReply`."""
