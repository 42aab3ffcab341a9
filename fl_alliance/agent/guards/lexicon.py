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


GAP = " … "
"""Between the pieces of a cue that do not stand side by side."""
Order = tuple[tuple[str, ...], ...]
"""Classes of phrases of which one each is said, in this order and with anything between."""
Run = tuple[tuple[str, ...], ...]
"""Classes of phrases of which one each stands, side by side; an empty phrase leaves its class out."""


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
    orders : tuple of Order
        Cues that are put together from classes.
    runs : tuple of Run
        Others that are, too many to list.
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
    is_terse : bool
        Whether "proposal 3: yes" is a request without a cue; the choice stands last, since "no, proposal 3" corrects.
    """

    takes: frozenset[Kind]
    cues: tuple[str, ...]
    others: tuple[str, ...]
    orders: tuple[Order, ...] = ()
    runs: tuple[Run, ...] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    has_question: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    around: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()
    is_terse: bool = False

    def phrases(self) -> frozenset[tuple[str, ...]]:
        """Return all phrases of its own as words, but the runs."""
        cues = (piece for cue in self.cues for piece in cue.split(GAP))
        ordered = (phrase for order in self.orders for known in order for phrase in known)
        return frozenset(tuple(phrase.split()) for phrase in (*cues, *ordered, *self.others, *self.choices))

    def words_of_runs(self) -> frozenset[str]:
        """Return the words that runs are made of."""
        return frozenset(word for run in self.runs for known in run for phrase in known for word in phrase.split())


def run_length(run: Run, said: Sequence[str]) -> int:
    """Return how many words, from the first on, the longest phrase of the run takes; 0 where there is none."""
    ends = {0}
    for known in run:
        phrases = [phrase.split() for phrase in known]
        ends = {end + len(phrase) for end in ends for phrase in phrases if said[end : end + len(phrase)] == phrase}
    return max(ends, default=0)
