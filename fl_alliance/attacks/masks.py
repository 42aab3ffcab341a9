"""Attacks on secure aggregation by a group's own member: `attack/protocol=garbled-mask`.

Each is a Flower mod, as in `protocol.py`, and answers honestly where updates are not hidden. What they cost whom is in
`strategies/masking/README.md`.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from flwr.app import Context, Message

from fl_alliance.attacks.protocol import TRAIN, asked_at, proposing
from fl_alliance.insider import Answer, Insider
from fl_alliance.strategies import wire


@dataclass(frozen=True, slots=True)
class GarbledMask:
    """Sends random numbers as its masked update: the sum of its group is noise of the largest size there is."""

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Answer in the app's place."""
        place, is_hidden = asked_at(message), wire.MASKS in message.content
        reply = answer(message, context)
        if message.metadata.message_type != TRAIN or not is_hidden or place is None or reply.has_error():
            return reply
        rng = np.random.default_rng((self.insider.config.seed, self.insider.site, place.round))
        honest = wire.to_arrays(wire.single_arrays(reply))
        garbled = {name: rng.integers(0, 2**32, array.shape, np.uint32) for name, array in honest.items()}
        sealed = reply.content.config_records[wire.ALLIANCE]["sealed"]
        made = proposing(message, place, self.insider.key, garbled, dict(wire.single_metrics(reply)))
        made.content.config_records[wire.ALLIANCE]["sealed"] = sealed
        return made


@dataclass(frozen=True, slots=True)
class WithheldUnmask:
    """Sends its masked update and then tells nothing that its group's sum could be read with."""

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Refuse to tell."""
        if message.metadata.message_type in (wire.MASK_AGREE, wire.MASK_REVEAL):
            raise LookupError(f"site {self.insider.site} does not help to read the sum")
        return answer(message, context)


@dataclass(frozen=True, slots=True)
class UnreadableShares:
    """Seals shares of its own mask that nobody can read, so that its group's sum is lost."""

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Answer honestly but for the shares."""
        reply = answer(message, context)
        record = None if reply.has_error() else reply.content.config_records.get(wire.ALLIANCE)
        if message.metadata.message_type == TRAIN and record is not None and "sealed" in record:
            record["sealed"] = bytes(len(cast(bytes, record["sealed"])))
        return reply
