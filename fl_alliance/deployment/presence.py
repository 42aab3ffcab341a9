"""How a node that comes back under another Flower node id shows which member it is: it signs a challenge."""

import secrets
from collections.abc import Sequence

from flwr.app import ConfigRecord, Message, RecordDict

from fl_alliance.chain.accounts import SigningKey
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import recover
from fl_alliance.chain.rules.words import keccak
from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

_PREFIX = b"fl-alliance/here/1"
CHALLENGE_BYTES = 32


def challenge_message(node_id: int, place: Place) -> tuple[Message, bytes]:
    """Return a message that asks a node who it is, and its random challenge."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    record = wire.place_record(place, challenge=challenge)
    return Message(RecordDict({wire.ALLIANCE: record}), dst_node_id=node_id, message_type=wire.HERE), challenge


def presence_record(key: SigningKey, place: Place, challenge: bytes) -> ConfigRecord:
    """Return a node's answer."""
    return ConfigRecord({"signature": key.sign_digest(_digest(place, challenge))})


def member_of(reply: Message, place: Place, challenge: bytes, members: Sequence[str]) -> str | None:
    """Return which of the members answered; None where it is none of them."""
    try:
        if reply.has_error():
            return None
        found = recover(_digest(place, challenge), wire.data(wire.alliance_record(reply), "signature", 64))
    except (BadReply, SignatureInvalid):
        return None
    return found if found in members else None


def _digest(place: Place, challenge: bytes) -> bytes:
    """Return what is signed; the contract's own messages (EIP-712) begin otherwise, so it is none of those."""
    where = f"{place.domain.chain_id}/{place.domain.contract}/{place.task}/".encode()
    return keccak(_PREFIX + where + challenge)
