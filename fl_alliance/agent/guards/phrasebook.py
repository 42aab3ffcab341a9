"""What words each tool may be asked for in, and what follows from all of them together."""

from collections.abc import Mapping, Sequence
from functools import cache

from fl_alliance.agent.guards.classes import NAMES, RESERVED
from fl_alliance.agent.guards.lexicon import Lexicon
from fl_alliance.agent.guards.lexicons.delegations import DELEGATE, UNDELEGATE
from fl_alliance.agent.guards.lexicons.governance import APPEAR, LOCK, UNLOCK, VOTE
from fl_alliance.agent.guards.lexicons.models import CALL_MODEL, RATE
from fl_alliance.agent.guards.lexicons.reads import BALANCE, PRICE, STATUS
from fl_alliance.agent.guards.lexicons.stakes import CLAIM, STAKE, UNSTAKE
from fl_alliance.agent.guards.lexicons.transfers import TRANSFER
from fl_alliance.agent.guards.numbers import WORDS

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


@cache
def phrases_of(tool: str) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Return the phrases of a tool's lexicon by their first words, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in LEXICONS[tool].phrases():
        found.setdefault(phrase[0], []).append(phrase)
    return found


@cache
def vocabulary() -> frozenset[str]:
    """Return every word that a request can be made of, but names and numbers."""
    return frozenset(word for known in LEXICONS.values() for phrase in known.phrases() for word in phrase)


def is_reserved(name: str) -> bool:
    """Return whether a name could be taken for a word of a command, or of what one is paid in."""
    return (name in vocabulary() and name not in NAMES) or name in WORDS or name in RESERVED
