"""The words an action may be asked for in: a closed set for each tool, so that no word goes unnoticed.

A word that is not here, be it not, tomorrow, if or ETH, makes an action refuse. Phrases are matched longest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.agent.tools import Kind


def words(text: str) -> tuple[str, ...]:
    """Return the phrases that a text has between commas."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


REQUESTS = words("""
        can you, could you, will you, can u, could u, would you please, would you mind, would you kindly
        """)
"""What makes a request of what has a question mark."""
POLITE = (
    *words(
        """
        please, pls, plz, kindly, now, just, hi, hello, hey, hi there, hello there, agent, thanks, thank you, thx, ty,
        thanks a lot, many thanks, thank you very much, thanks in advance, good morning, good evening, ok, okay, the,
        a, an, so, for me, from me, fml tokens, i want to, i would like to, i'd like to, id like to, i want you to,
        i'd like you to, i need to
        """
    ),
    *("i wish to", "i need you to", "i would like you to", "let's", "lets", "would you", *REQUESTS),
    *words(
        """
        go ahead and, do me a favour and, do me a favor and, be so kind and, right now, right away, immediately, today,
        at once, it is time to, it's time to
        """
    ),
    *(f"{out} my {what}" for out in ("from", "out of") for what in ("account", "wallet", "balance")),
)
"""What may stand in any action and changes nothing of it."""
GAP = " … "
"""Between the pieces of a cue that do not stand side by side."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one tool may be asked for in.

    Attributes
    ----------
    takes : frozenset of Kind
        What its words may name: names and numbers of other kinds refuse.
    cues : tuple of str
        Phrases of which at least one is needed, all its pieces in their order where it has a `GAP`.
    others : tuple of str
        Phrases that may stand besides.
    choices : mapping
        Phrase -> what it chooses; a cue may be a choice.
    has_question : bool
        Whether a piece may stand between quotation marks.
    before, after : tuple of str
        An account stands right behind one of the first or right before one of the second, where there are any: who is
        spoken to, or pays, is not who is paid.
    around : tuple of (str, str)
        Or between two: "let ada have", never "let ada send".
    never : tuple of str
        Phrases of words that may stand, which mean something else together.
    """

    takes: frozenset[Kind]
    cues: tuple[str, ...]
    others: tuple[str, ...]
    choices: Mapping[str, Any] = field(default_factory=dict)
    has_question: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    around: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()

    def phrases(self) -> Sequence[tuple[str, ...]]:
        """Return all phrases as words, the longest first."""
        cues = (piece for cue in self.cues for piece in cue.split(GAP))
        known = {*cues, *self.others, *self.choices, *POLITE}
        return sorted((tuple(phrase.split()) for phrase in known), key=lambda phrase: (-len(phrase), phrase))
