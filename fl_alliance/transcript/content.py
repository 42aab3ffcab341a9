"""A transcript's file: canonical JSON, whose sha256 is its name, and the tree of signed leaves whose root is posted.

{"format": ..., "chain": what the chain tells of the round, "relayer": what only the coordinator can tell}
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from fl_alliance.chain import strict_json
from fl_alliance.chain.batches import pack_contributions
from fl_alliance.chain.messages import scores_content
from fl_alliance.chain.rules.evidence import Fact, Kind, Leaf, Place, Tree
from fl_alliance.transcript.account import Account

FORMAT = "fl-alliance/transcript/1"
MOST_BYTES = 64 * 2**20
"""No transcript is longer; whoever reads one refuses more."""
_DEEPEST = 8

RELAYER_KEYS = ("aggregate", "commitments", "dropped", "updates")


class TranscriptDamaged(ValueError):
    """A file is no transcript."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One round's transcript.

    Attributes
    ----------
    account : mapping
        What the chain tells of the round; see `account.Scribe`.
    relayer : mapping
        What only the coordinator can tell: `aggregate`, the digest of what the strategy made of the updates;
        `commitments`, signed, as voters sent them; `dropped`, whose reply was not taken and why; `updates`, by member
        their `bytes` and the `receipt` of spent privacy budget that came with them. None where the coordinator stopped
        before it could write that down.
    """

    account: Account
    relayer: Mapping[str, Any] | None

    @property
    def number(self) -> int:
        """The round."""
        return int(self.account["round"])

    def encode(self) -> bytes:
        """Return the file's bytes: JSON with sorted keys, without spaces, ended by a newline."""
        content = {"format": FORMAT, "chain": self.account, "relayer": self.relayer}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"

    @property
    def digest(self) -> bytes:
        """sha256 of the file."""
        return hashlib.sha256(self.encode()).digest()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a file; raises `TranscriptDamaged` for anything that `encode` would not write."""
        if len(data) > MOST_BYTES:
            raise TranscriptDamaged(f"{len(data)} bytes, needed {MOST_BYTES} at most")
        try:
            content = strict_json.parse(data, _DEEPEST)
            found = cls(content["chain"], content["relayer"])
            is_whole = content["format"] == FORMAT and found.encode() == data and found.number >= 0
            found.tree()
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise TranscriptDamaged(f"no transcript: {type(error).__name__}") from None
        if not is_whole:
            raise TranscriptDamaged(f"no transcript of format {FORMAT} in canonical form")
        return found

    def tree(self) -> Tree:
        """Return the tree of the round: what members signed, and the coordinator's facts."""
        account, leaves = self.account, dict[Place, Leaf]()
        for one in account["proposals"]:
            update, signature = bytes.fromhex(one["update"]), bytes.fromhex(one["signature"])
            leaves[Kind.PROPOSAL, one["member"]] = Leaf(update, signature=signature)
        motion = bytes.fromhex(account["motion"] or "") or bytes(32)
        for one in [*(self.relayer or {}).get("commitments", ()), *account["commitments"]]:
            commitment, signature = bytes.fromhex(one["commitment"]), bytes.fromhex(one["signature"])
            leaves[Kind.COMMITMENT, one["member"]] = Leaf(commitment, motion, signature)
        for one in account["votes"]:
            leaves[Kind.VOTE, one["member"]] = Leaf(vote_value(one), motion, bytes.fromhex(one["signature"]))
        leaves[Kind.FACT, Fact.MODEL] = Leaf(bytes.fromhex(account["model"]))
        leaves[Kind.FACT, Fact.TRANSCRIPT] = Leaf(self.digest)
        return Tree(leaves)


def vote_value(vote: Mapping[str, Any]) -> bytes:
    """Return what a leaf holds of a vote: `scores_content`, or by majority old << 32 | new."""
    if "word" in vote:
        return scores_content(int(vote["word"], 16), pack_contributions(vote["contributions"]))
    old, new = vote["scores"]
    return int(old << 32 | new).to_bytes(32, "big")
