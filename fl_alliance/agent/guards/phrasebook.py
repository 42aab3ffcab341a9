"""What words each tool may be asked for in, and what follows from all of them together."""

from collections.abc import Mapping, Sequence
from functools import cache

from fl_alliance.agent.guards.classes import NAMES, RESERVED
from fl_alliance.agent.guards.courtesy import POLITE
from fl_alliance.agent.guards.lexicon import GAP, Lexicon, Order
from fl_alliance.agent.guards.lexicons.delegations import DELEGATE, UNDELEGATE
from fl_alliance.agent.guards.lexicons.governance import APPEAR, LOCK, UNLOCK, VOTE
from fl_alliance.agent.guards.lexicons.models import CALL_MODEL, RATE
from fl_alliance.agent.guards.lexicons.reads import BALANCE, PRICE, STATUS
from fl_alliance.agent.guards.lexicons.stakes import CLAIM, STAKE, UNSTAKE
from fl_alliance.agent.guards.lexicons.transfers import TRANSFER
from fl_alliance.agent.guards.numbers import WORDS
from fl_alliance.agent.guards.verbs import participle

LEXICONS: Mapping[str, Lexicon] = {
    "balance": BALANCE,
    "price": PRICE,
    "status": STATUS,
    "transfer": TRANSFER,
    "stake": STAKE,
    "unstake": UNSTAKE,
    "claim": CLAIM,
    "delegate": DELEGATE,
    "undelegate": UNDELEGATE,
    "lock": LOCK,
    "unlock": UNLOCK,
    "appear": APPEAR,
    "vote": VOTE,
    "rate": RATE,
    "call_model": CALL_MODEL,
}
"""Name of a tool -> its words."""


_COURTESIES = frozenset(tuple(phrase.split()) for phrase in POLITE)


@cache
def phrases_of(tool: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases that words asking for a tool may be made of."""
    return LEXICONS[tool].phrases() | _COURTESIES


@cache
def longest_of(tool: str) -> int:
    """Return how many words the longest phrase of a tool has."""
    return max(map(len, phrases_of(tool)))


@cache
def vocabulary() -> frozenset[str]:
    """Return every word that a request can be made of, but names and numbers."""
    listed = (word for tool in LEXICONS for phrase in phrases_of(tool) for word in phrase)
    return frozenset(listed).union(*(known.words_of_runs() for known in LEXICONS.values()))


def is_reserved(name: str) -> bool:
    """Return whether a name could be taken for a word of a command, or of what one is paid in."""
    return (name in vocabulary() and name not in NAMES) or name in WORDS or name in RESERVED


@cache
def orders_of(tool: str) -> Sequence[Order]:
    """Return a tool's cues, each as what is said one behind the other."""
    known = LEXICONS[tool]
    return (*(tuple((piece,) for piece in cue.split(GAP)) for cue in known.cues), *known.orders)


@cache
def commands(*tools: str) -> frozenset[str]:
    """Return the cues of these tools, or of all, that are one phrase, and their forms: "vote", "voted", "votes"."""
    cues = {phrase for tool in tools or LEXICONS for order in orders_of(tool) if len(order) == 1 for phrase in order[0]}
    verbs = [cue for cue in cues if " " not in cue]
    return frozenset((*cues, *map(participle, verbs), *(f"{verb}s" for verb in verbs)))
