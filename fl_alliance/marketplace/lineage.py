"""What a listing's lineage says: what the model is, so that anybody can load it, and where it comes from.

Its bytes are in the store under the digest that the listing names, so a host can no more change what a model is said to
be than the model itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.marketplace.errors import PackageDamaged

FORMAT = 1
MOST_BYTES = 2**20
CHAT, REMOTE = "chat", "remote"
"""Kinds beside the Arena's: a chat model in a file that is installed, and one behind an OpenAI-compatible URL."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a listed model is.

    Attributes
    ----------
    kind : str
        One of the Arena's kinds, `CHAT` or `REMOTE`.
    options : mapping
        What the kind is made with.
    title : str
        What people call it.
    task : str
        `CHAIN_ID:CONTRACT:NUMBER` of the task that it was made in; empty where in none.
    story : mapping
        What that task found of it: losses, scores, metrics, parents.
    """

    kind: str
    options: Mapping[str, Any]
    title: str
    task: str
    story: Mapping[str, Any]

    def encode(self) -> bytes:
        """Return its bytes; equal lineages give equal ones."""
        content = {"format": FORMAT, "kind": self.kind, "options": dict(self.options), "title": self.title}
        content |= {"task": self.task, "story": dict(self.story)}
        return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()

    @classmethod
    def decode(cls, data: bytes) -> "Lineage":
        """Return what a lineage's bytes say; raises `PackageDamaged`."""
        try:
            found = strict_json.parse(data)
        except ValueError as error:
            raise PackageDamaged(f"lineage: no JSON ({error})") from None
        if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
            raise PackageDamaged(f"lineage: no format, or another than {FORMAT}")
        kinds = {"kind": str, "options": dict, "title": str, "task": str, "story": dict}
        if found.keys() != kinds.keys() or not all(isinstance(found[name], kinds[name]) for name in kinds):
            raise PackageDamaged(f"lineage: needs exactly {', '.join(kinds)}")
        return cls(**found)
