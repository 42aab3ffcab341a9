"""The words an action may be asked for in: a closed set for each tool, so that no word goes unnoticed.

A word that is not here, be it not, tomorrow, if or ETH, makes an action refuse. Phrases are matched longest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance, Support

POLITE = (
    *("please", "kindly", "now", "just", "hi", "hello", "hey", "agent", "thanks", "thank you", "the", "a", "an"),
    *("i want to", "i would like to", "i'd like to", "i want you to", "can you", "could you", "would you", "will you"),
    *("go ahead and", "from me", "from my account", "from my wallet", "from my balance"),
)
"""What may stand in any action and changes nothing of it."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one tool may be asked for in.

    Attributes
    ----------
    takes : frozenset of Kind
        What its words may name: names and numbers of other kinds refuse.
    cues : tuple of str
        Phrases of which at least one is needed.
    others : tuple of str
        Phrases that may stand besides.
    choices : mapping
        Phrase -> what it chooses; a cue may be a choice.
    has_question : bool
        Whether a piece may stand between quotation marks.
    before, after : tuple of str
        An account stands right behind one of the first or right before one of the second, where there are any: who is
        spoken to, or pays, is not who is paid.
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
    never: tuple[str, ...] = ()

    @property
    def phrases(self) -> list[tuple[str, ...]]:
        """All phrases as words, the longest first."""
        known = {*self.cues, *self.others, *self.choices, *POLITE}
        return sorted((tuple(phrase.split()) for phrase in known), key=len, reverse=True)


_OWNED = ("address", "the address", "account", "the account", "wallet", "the wallet")
_IN_TASK = ("in", "on", "for", "task", "the task", "fml")
_VOTES = {
    **dict.fromkeys(("yes", "aye", "in favour", "in favor", "vote for", "voting for"), Support.FOR),
    **dict.fromkeys(("no", "nay", "against"), Support.AGAINST),
    **dict.fromkeys(("abstain", "abstention"), Support.ABSTAIN),
}
_APPEARANCES = {
    **dict.fromkeys(("attend", "sign in", "sign me in", "appear"), Appearance.PRESENT),
    "scam": Appearance.SCAM,
    "frivolous": Appearance.FRIVOLOUS,
}

LEXICONS: Mapping[str, Lexicon] = {
    "balance": Lexicon(
        frozenset({Kind.ACCOUNT}),
        ("balance", "how much fml", "how much", "what is in", "what's in"),
        (
            *("show", "tell", "show me", "tell me", "what is", "what's", "check", "read", "of", "on", "in", "fml"),
            *("does", "do", "have", "has", "hold", "got", "wallet", "account", "there", "is"),
        ),
    ),
    "price": Lexicon(
        frozenset({Kind.MODEL}),
        ("price", "cost", "expensive", "would i pay", "how much"),
        (
            *("show", "tell", "show me", "tell me", "what is", "what's", "what", "what does", "does", "how", "is"),
            *("a call", "call", "calling", "of", "for", "to", "model", "check", "use"),
        ),
    ),
    "transfer": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
        ("send", "pay", "transfer", "give", "wire", "should get", "should receive"),
        ("to", "over to", "fml", "account", "wallet", "address", "the amount of"),
        before=("to", "pay", "send", "give", "wire", *(f"to {what}" for what in _OWNED)),
        after=("should get", "should receive"),
    ),
    "stake": Lexicon(
        frozenset({Kind.TASK, Kind.AMOUNT}),
        ("stake", "lock", "join", "at stake"),
        (*_IN_TASK, "put", "into", "with", "a stake of", "with a stake of"),
    ),
    "delegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK, Kind.AMOUNT}),
        ("delegate", "back", "behind", "of mine"),
        (*_IN_TASK, "to", "with", "stake", "put", "let"),
        before=("to", "back", "let", "behind"),
    ),
    "undelegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK}),
        (
            *("undelegate", "withdraw", "take back", "get back", "take my fml back", "get my fml back"),
            *("take all back", "get all back", "take everything back", "get everything back"),
        ),
        (
            *(*_IN_TASK, "from", "behind", "my", "all my", "my fml", "all my fml", "all", "everything"),
            *("delegation", "that i have"),
        ),
        before=("from", "behind"),
    ),
    "appear": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        ("attend", "sign in", "sign me in", "appear", "flag"),
        ("to", "in", "for", "as", "the review of", "review of", "proposal"),
        _APPEARANCES,
    ),
    "vote": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        ("vote", "vote for", "voting for", "i vote", "my vote", "cast", "i say", "abstain"),
        ("on", "is", "of", "for", "proposal", "my", "my vote", "i am", "i'm"),
        _VOTES,
        never=("no vote",),
    ),
    "call_model": Lexicon(
        frozenset({Kind.MODEL, Kind.AMOUNT}),
        ("ask", "run", "call", "use", "query"),
        (
            *("and", "and spend", "spend", "spending", "and pay", "pay", "paying", "for", "at most", "up to", "model"),
            *("no more than", "not more than", "with", "of", "a budget of", "with a budget of", "budget", "fml"),
        ),
        has_question=True,
    ),
}
"""Name of a tool -> its words."""


@cache
def _words() -> frozenset[str]:
    return frozenset(word for known in LEXICONS.values() for phrase in known.phrases for word in phrase)


def is_reserved(name: str) -> bool:
    """Return whether a name could be taken for a word of a command, or of what one is paid in."""
    return name in _words() or name in _NEVER


_NEVER = frozenset(
    (
        *("me", "mine", "you", "we", "us", "none", "nobody", "everyone", "number", "never", "cancel", "or", "then"),
        *("eth", "ether", "wei", "gwei", "usd", "usdc", "usdt", "dai", "btc", "eur", "euro", "euros", "dollar"),
        *("dollars", "coin", "coins", "token", "tokens", "percent", "half", "if", "when"),
    )
)
