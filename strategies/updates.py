"""A proposer's update, and where updates are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flwr.app import Message

from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class Update:
    """A proposer's reply that holds: the model in it, and the digest and signature that go on chain."""

    reply: Message
    arrays: Arrays
    digest: bytes
    signature: bytes

    @property
    def metrics(self) -> Mapping[str, Any]:
        """What was sent with the model, `num-examples` among it."""
        return dict(wire.single_metrics(self.reply))


class Archive(Protocol):
    """Where updates are kept under their digests, so that whoever has the digests can form the round's models again."""

    def put(self, digest: bytes, arrays: Arrays, metrics: Mapping[str, Any]) -> None:
        """Keep an update."""

    def get(self, digest: bytes) -> tuple[Arrays, Mapping[str, Any]] | None:
        """Return an update, None where it is not here."""


class Receipts(Protocol):
    """Where the receipts of spent privacy budget are kept that updates must come with."""

    def admit(self, place: Place, signer: str, update: bytes, text: object) -> None:
        """Keep the receipt that came with the update of this digest; raises `BadReply` where there is no good one."""
