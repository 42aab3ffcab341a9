"""The words an action may be asked for in: a closed set for each tool, so that no word goes unnoticed.

A word that is not here, be it not, tomorrow, if or ETH, makes an action refuse. Phrases are matched longest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance, Support

REQUESTS = ("can you", "could you", "will you")
"""What makes a request of what ends with a question mark."""
POLITE = (
    *("please", "kindly", "now", "just", "hi", "hello", "hey", "agent", "thanks", "thank you", "the", "a", "an", "ok"),
    *("i want to", "i would like to", "i'd like to", "i want you to", "i need to", "i wish to", "would you", *REQUESTS),
    *("go ahead and", "for me", "okay", "right now", "right away", "immediately", "fml tokens"),
    *(f"{out} my {what}" for out in ("from", "out of") for what in ("account", "wallet", "balance")),
    "from me",
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
_SENDS = ("send", "pay", "transfer", "give", "wire", "move", "hand", "remit", "forward", "deposit", "tip")
_IN_TASK = ("in", "on", "for", "task", "the task", "fml")
_VOTES = {
    **dict.fromkeys(("yes", "aye", "in favour", "in favor", "vote for", "i vote for", "approve"), Support.FOR),
    **dict.fromkeys(("no", "nay", "against", "reject"), Support.AGAINST),
    **dict.fromkeys(("abstain", "abstention", "i abstain"), Support.ABSTAIN),
}
_APPEARANCES = {
    **dict.fromkeys(("attend", "sign in", "sign me in", "appear", "be present"), Appearance.PRESENT),
    "scam": Appearance.SCAM,
    "frivolous": Appearance.FRIVOLOUS,
}

LEXICONS: Mapping[str, Lexicon] = {
    "balance": Lexicon(
        frozenset({Kind.ACCOUNT}),
        ("balance", "how much fml", "how many fml", "how much", "what is in", "what's in", "funds"),
        (
            *("show", "tell", "show me", "tell me", "what is", "what's", "check", "read", "of", "on", "in", "fml"),
            *("does", "do", "have", "has", "hold", "own", "got", "wallet", "account", "is"),
        ),
    ),
    "price": Lexicon(
        frozenset({Kind.MODEL}),
        ("price", "cost", "expensive", "would i pay", "do i pay", "charge", "how much"),
        (
            *("show", "tell", "show me", "tell me", "what is", "what's", "what", "what does", "does", "how", "is"),
            *("a call", "call", "calling", "of", "for", "to", "model", "check", "use"),
        ),
    ),
    "transfer": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
        (*_SENDS, "should get", "should receive"),
        ("to", "into", "over to", "fml", "account", "wallet", "address", "the amount of"),
        before=("to", "into", *_SENDS, *(f"to {what}" for what in _OWNED)),
        after=("should get", "should receive"),
    ),
    "stake": Lexicon(
        frozenset({Kind.TASK, Kind.AMOUNT}),
        ("stake", "lock", "lock up", "join", "enter", "commit", "at stake", "as a stake", "as stake"),
        (*_IN_TASK, "put", "put up", "to", "into", "with", "a stake of", "with a stake of"),
    ),
    "delegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK, Kind.AMOUNT}),
        ("delegate", "back", "support", "entrust", "behind", "a delegation of", "of mine"),
        (*_IN_TASK, "to", "with", "stake", "put", "let", "make", "of mine"),
        before=("to", "back", "support", "entrust", "let", "behind"),
    ),
    "undelegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK}),
        (
            *("undelegate", "withdraw", "take back", "get back", "take my fml back", "get my fml back"),
            *("take all back", "get all back", "take everything back", "get everything back", "pull back", "reclaim"),
            "revoke my delegation",
        ),
        (
            *(*_IN_TASK, "from", "behind", "my", "all my", "my fml", "all my fml", "all", "everything"),
            *("delegation", "that i have", "what i have", "to"),
        ),
        before=("from", "behind", "my delegation to"),
    ),
    "appear": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        ("attend", "sign in", "sign me in", "appear", "be present", "flag", "report"),
        ("to", "in", "at", "for", "as", "the review of", "review of", "proposal"),
        _APPEARANCES,
    ),
    "vote": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        (
            *("vote", "vote for", "i vote", "i vote for", "my vote", "cast", "say", "i say", "approve", "reject"),
            *("abstain", "i abstain"),
        ),
        ("on", "is", "of", "for", "to", "proposal", "my"),
        _VOTES,
        never=("no vote",),
    ),
    "call_model": Lexicon(
        frozenset({Kind.MODEL, Kind.AMOUNT}),
        ("ask", "run", "call", "use", "query", "prompt"),
        (
            *("and", "and spend", "spend", "spending", "and pay", "pay", "paying", "for", "at most", "up to", "model"),
            *("no more than", "not more than", "a maximum of", "maximum", "with", "of", "fml"),
            *("budget", "a budget of", "with a budget of"),
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
