"""What a listing's lineage says: what the model is, so that anybody can load it, and where it comes from.

Its bytes are in the store under the digest that the listing names, so a host can no more change what a model is said to
be than the model itself.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.store import Store
from fl_alliance.chain import strict_json
from fl_alliance.chain.listings import Listing, ModelsView
from fl_alliance.marketplace.errors import PackageDamaged
from fl_alliance.marketplace.pricing import LEAST_BYTES

FORMAT = 1
MOST_BYTES = 2**20
MOST_THOUSAND_BYTES = 16_000
_RANGE = f"{LEAST_BYTES} to {MOST_THOUSAND_BYTES}"
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
    thousand_bytes : int
        Where it speaks, the bytes that a thousand tokens of its answers are to have at least, `LEAST_BYTES` to
        `MOST_THOUSAND_BYTES`: who pays for what was said pays for no more tokens than that, whatever the host counts.
    """

    kind: str
    options: Mapping[str, Any]
    title: str
    task: str
    story: Mapping[str, Any]
    thousand_bytes: int = LEAST_BYTES

    def encode(self) -> bytes:
        """Return its bytes; equal lineages give equal ones."""
        content = {"format": FORMAT, "kind": self.kind, "options": dict(self.options), "title": self.title}
        content |= {"task": self.task, "story": dict(self.story)}
        content |= {} if self.thousand_bytes == LEAST_BYTES else {"thousand_bytes": self.thousand_bytes}
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
        size = found.pop("thousand_bytes", LEAST_BYTES)
        if isinstance(size, bool) or not isinstance(size, int) or not LEAST_BYTES <= size <= MOST_THOUSAND_BYTES:
            raise PackageDamaged(f"lineage: thousand_bytes is {str(size)[:40]}, needs {_RANGE}")
        if found.keys() != kinds.keys() or not all(isinstance(found[name], kinds[name]) for name in kinds):
            raise PackageDamaged(f"lineage: needs exactly {', '.join(kinds)}")
        return cls(**found, thousand_bytes=size)


def lineage_of(store: Store, listing: Listing) -> Lineage:
    """Return what a listing's lineage says; raises `PackageDamaged`."""
    return Lineage.decode(lineage_bytes(store, listing))


def lineage_bytes(store: Store, listing: Listing) -> bytes:
    """Return a listing's lineage as it is in the store; raises `PackageDamaged`."""
    try:
        return store.get(listing.lineage, MOST_BYTES)
    except ArenaError as error:
        raise PackageDamaged(f"lineage of model {listing.digest.hex()}: {error}") from None


def titles_of(models: ModelsView, store: Store) -> dict[int, tuple[str, str, str]]:
    """Return title, kind and task of every model whose lineage the store has, by number."""
    found = {}
    for number in range(1, models.count + 1):
        with suppress(PackageDamaged):
            found[number] = title_of(store, models.listing(number))
    return found


def title_of(store: Store, listing: Listing) -> tuple[str, str, str]:
    """Return title, kind and task of a listing's lineage; raises `PackageDamaged`."""
    lineage = lineage_of(store, listing)
    return printable(lineage.title), printable(lineage.kind), printable(lineage.task)


def printable(text: str) -> str:
    """Return a stranger's text as a terminal can show it: lines, and no control characters."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
