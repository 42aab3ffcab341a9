"""A log of decisions beside the heads of it that a chain keeps: what was changed or cut off since, and from where on.

A head names every entry before it. So the first anchor that the log does not hold says between which two anchored
lengths the first changed entry is; whoever rewrites a log with all its heads cannot hide that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fl_alliance.site.log import Book


class Anchor(Protocol):
    """A head that a chain keeps (`chain.sites.AnchoredLog`)."""

    @property
    def head(self) -> bytes:
        """sha256 of the last entry's line."""
        ...

    @property
    def length(self) -> int:
        """How many entries the log had."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a log is not what was anchored.

    Attributes
    ----------
    first, last : int
        The first entry that was changed or cut off is one of these, from 1; the same where it is known.
    length : int
        That of the anchor which the log does not hold.
    is_cut : bool
        Whether the log is shorter than that.
    """

    first: int
    last: int
    length: int
    is_cut: bool

    def __str__(self) -> str:
        if not self.is_cut:
            one = f"entry {self.first}" if self.first == self.last else f"one of entries {self.first} to {self.last}"
            return f"{one} was changed: the head anchored with {self.length} entries is another"
        told = f"entry {self.last} and what follows is cut off: {self.length} entries are anchored"
        loose = self.last - self.first
        return f"{told}; of the {loose} before it no anchor is left that would show a change" if loose else told


def difference(book: Book, anchors: Sequence[Anchor]) -> Difference | None:
    """Return where a log is not what was anchored, None where it holds every anchor."""
    held, entries = 0, len(book.heads)
    for anchor in sorted(anchors, key=lambda each: each.length):
        if anchor.length > entries:
            return Difference(held + 1, entries + 1, anchor.length, is_cut=True)
        if not book.had(anchor.head.hex(), anchor.length):
            return Difference(held + 1, anchor.length, anchor.length, is_cut=False)
        held = anchor.length
    return None
