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
        can you, could you, will you, would you please, would you mind, would you kindly, would you be so kind as to,
        would you be so good as to, might you, can you possibly, could you possibly, can i ask you to,
        could i ask you to, could i trouble you to, may i trouble you to, would you be kind enough to,
        would you be able to, i wonder if you could, i was wondering if you could
        """)
"""What makes a request of what has a question mark."""
POLITE = (
    *words("""
        please, pls, plz, kindly, now, just, hi, hello, hey, hi there, hello there, agent, thanks, thank you, thx, ty,
        thanks a lot, many thanks, thank you very much, thanks in advance, good morning, good evening, ok, okay, the,
        a, an, so, for me, from me, fml tokens, i want you to, i'd like you to, let's, lets, would you,
        good afternoon, good day, hiya, hey there, thank you so much, thanks so much, thanks very much, cheers,
        much appreciated, much obliged, with thanks, pretty please, sorry, sorry to bother you, um, uh, uhm, er, hmm,
        well, oh, lol, haha, alright, all right, yeah, now then, right then, ok then, well then, asap, quickly
        """),
    *words("""
        i want to, i would like to, i'd like to, id like to, i need to, i wish to, i need you to, i would like you to,
        i should like to, i would love to, i'd love to, i am wishing to, i'm wishing to, i am looking to,
        i'm looking to, i am here to, i'm here to, i hereby, i hereby request, i request, i request to,
        i hereby request to, i ask you to, i kindly ask you to, i beg you to, please to, be so good as to,
        i am ready to, i'm ready to, i want that you, be kind enough to, i would be grateful if you could,
        i would be grateful if you would, i'd be grateful if you could, i'd be grateful if you would,
        i would appreciate it if you could, i'd appreciate it if you could, it would be great if you could,
        it would be nice if you could, help me to, help me, proceed to, proceed and, make sure to, be sure to,
        arrange to, when you have a moment, when you get a moment, when you get a chance, when you have a minute,
        when you get a minute
        """),
    *REQUESTS,
    *words("""
        go ahead and, do me a favour and, do me a favor and, be so kind and, right now, right away, immediately,
        today, at once, it is time to, it's time to, go ahead, dear, dear agent, i must, see to it, get it done,
        make it happen, do me a favour, do me a favor, be a dear and, if you please
        """),
    *(f"{out} my {what}" for out in ("from", "out of") for what in ("account", "wallet", "balance")),
)
"""What may stand in any action and changes nothing of it."""
SHORT: Mapping[str, str] = {
    "u": "you",
    "ya": "you",
    "prop": "proposal",
    "bal": "balance",
    "acct": "account",
    "outta": "out of",
    "im": "i'm",
    "ive": "i've",
    "hows": "how's",
    "thats": "that's",
    "rn": "right now",
    "atm": "at the moment",
    "wanna": "want to",
}
"""What is written for other words."""
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
    is_terse : bool
        Whether "proposal 3: yes" is a request without a cue; the choice stands last, since "no, proposal 3" corrects.
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
    is_terse: bool = False

    def phrases(self) -> Sequence[tuple[str, ...]]:
        """Return all phrases as words, the longest first."""
        cues = (piece for cue in self.cues for piece in cue.split(GAP))
        known = {*cues, *self.others, *self.choices, *POLITE}
        return sorted((tuple(phrase.split()) for phrase in known), key=lambda phrase: (-len(phrase), phrase))
