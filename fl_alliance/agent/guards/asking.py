"""What is missing in words that ask for a tool, asked in plain words; and the user's next line, which may say it.

What completes a request is joined to it, and both lines are read as one: nothing in it comes from anywhere else.
"""

from collections import Counter
from collections.abc import Iterator

from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import AgentError, AmountUnclear, GuardRefused, NotUnderstood, Offered, Unfinished
from fl_alliance.agent.guards.offers import offered
from fl_alliance.agent.guards.phrasebook import LEXICONS
from fl_alliance.agent.guards.reading import mentions
from fl_alliance.agent.tools import TOOLS, Balance, Kind

_WHOM = {"transfer": "to whom", "delegate": "behind whom", "undelegate": "from whom"}
_CHOICES = {"vote": "yes, no or abstain", "appear": "present, scam or frivolous"}
_BUDGET = "how much FML at most"
_ASKED = {Kind.AMOUNT: "how much FML", Kind.PROPOSAL: "which proposal", Kind.STARS: "how many stars, 1 to 5"}
_ASKED |= {Kind.TASK: "in which task", Kind.MODEL: "which model"}
_YES = ("y", "yes", "yes please", "yes, please", "ok", "sure", "right", "exactly", "correct")
_MOST_NAMES = 8
"""Of the address book in a question."""


def require_finished(words: str, book: Book, me: str) -> None:
    """Ask for what is missing, or whether what is understood is what is meant; raises `Unfinished`, `Offered`."""
    lacking = {tool: missing for tool in TOOLS if (missing := missing_in(words, tool, book, me)) is not None}
    if len(lacking) == 1 and all(lacking.values()):
        [(tool, missing)] = lacking.items()
        raise Unfinished(_question(tool, missing, book), words)
    if not lacking:
        _require_plain_amount(words, book, me)
        if (offer := offered(words, book, me)) is not None:
            raise Offered(offer.question, offer.words)


def missing_in(words: str, tool: str, book: Book, me: str) -> Counter[Kind] | None:
    """Return what words that ask for a tool leave out; None where they ask for another one, only ask, or say more."""
    try:
        found = mentions(words, tool, book, me)
    except (GuardRefused, NotUnderstood):
        return None
    needed = Counter(part.metadata["kind"] for part in TOOLS[tool].parts())
    said = Counter(kind for kind, _ in found.parts.elements())
    if TOOLS[tool] is Balance:
        return Counter()
    return None if found.asks or said - needed else needed - said


def continued(begun: Unfinished, line: str, book: Book, me: str) -> str:
    """Return what a line comes to: what completes a request joined to it, what it says yes to, or the line alone."""
    if isinstance(begun, Offered):
        return begun.words if line.strip(" .!").lower() in _YES else line
    for joined in _joined(begun.words, line, book, me):
        if any(missing_in(joined, tool, book, me) is not None for tool in TOOLS):
            return joined
    return line


def _joined(words: str, line: str, book: Book, me: str) -> Iterator[str]:
    yield f"{words}, {line}"
    for tool in TOOLS:
        missing = missing_in(words, tool, book, me) or ()
        for kind in missing:
            yield from (f"{words}, {before} {line}" for before in _before(tool, kind))


def _before(tool: str, kind: Kind) -> tuple[str, ...]:
    """Return what an answer may leave out: the words that stand before an account, or before a number."""
    if kind is Kind.ACCOUNT:
        return LEXICONS[tool].before[:1]
    return (f"in {kind}", "in") if kind is Kind.TASK else (str(kind),)


def _require_plain_amount(words: str, book: Book, me: str) -> None:
    """Ask which of its readings an amount has, where it is all that is unclear; raises `Unfinished`."""
    for tool in TOOLS:
        try:
            mentions(words, tool, book, me)
        except AmountUnclear as unclear:
            rest = words.replace(unclear.text, " ", 1)
            if missing_in(rest, tool, book, me) == Counter((Kind.AMOUNT,)):
                raise Unfinished(f"How much FML? {unclear}", rest) from None
        except AgentError:
            continue


def _question(tool: str, missing: Counter[Kind], book: Book) -> str:
    asked = " and ".join(_asked(tool, kind, book) for kind in missing)
    return f"{asked[0].upper()}{asked[1:]}?"


def _asked(tool: str, kind: Kind, book: Book) -> str:
    if kind is Kind.CHOICE:
        return _CHOICES[tool]
    if kind is Kind.AMOUNT and tool == "call_model":
        return _BUDGET
    asked = _WHOM[tool] if kind is Kind.ACCOUNT else _ASKED[kind]
    names = [name for name, entry in sorted(book.entries.items()) if entry.kind is kind][:_MOST_NAMES]
    return f"{asked} ({', '.join(names)})" if names else asked
