"""What a model wrote, as a checked call: exactly one tool with exactly its arguments, each of its kind."""

from collections.abc import Callable, Mapping
from typing import Any

from fl_alliance.agent.book import Book, strict_address
from fl_alliance.agent.errors import NameUnknown, ProposalUnreadable
from fl_alliance.agent.guards.numbers import amount_in
from fl_alliance.agent.tools import OF_ARENA, PREFIX, TOOLS, AllianceTask, AnyTask, Appear, Call, Kind
from fl_alliance.chain import strict_json
from fl_alliance.chain.dao import Appearance, Support

LONGEST, _LONGEST_ARGUMENT = 4_096, 100
"""Characters."""
_SUPPORTS = {"yes": Support.FOR, "for": Support.FOR, "no": Support.AGAINST, "against": Support.AGAINST}
_SUPPORTS |= {"abstain": Support.ABSTAIN}
_APPEARANCES = {each.name.lower(): each for each in Appearance if each is not Appearance.NONE}


def read_proposal(text: str, book: Book, me: str) -> Call:
    """Return the call that a model proposed as JSON, such as `{"tool":"transfer","to":"ada","amount":"5"}`.

    Raises
    ------
    ProposalUnreadable
        No JSON, no tool, or other arguments than the tool's.
    NameUnknown
        A name that is not in the book.
    """
    if len(text) > LONGEST:
        raise ProposalUnreadable(f"{len(text)} characters", f"at most {LONGEST}")
    try:
        found = strict_json.parse(text.strip())
    except ValueError:
        raise ProposalUnreadable("no JSON", "one object that names a tool") from None
    if not isinstance(found, dict):
        raise ProposalUnreadable(f"a {type(found).__name__}", "one object that names a tool")
    name = found.pop("tool", None)
    if not isinstance(name, str) or name not in TOOLS:
        raise ProposalUnreadable("no tool of that name", f"one of {', '.join(TOOLS)}")
    return read_call(name, found, book, me)


def read_call(name: str, arguments: Mapping[str, Any], book: Book, me: str) -> Call:
    """Return the call of a tool from its arguments; raises as `read_proposal`."""
    tool = TOOLS[name]
    parts = {part.metadata["name"]: part for part in tool.parts()}
    if set(arguments) != set(parts):
        raise ProposalUnreadable(f"arguments {sorted(map(str, arguments))[:9]}", f"{name} with {sorted(parts)}")
    values = {}
    for argument, part in parts.items():
        given = arguments[argument]
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ProposalUnreadable(f"{argument} is a {type(given).__name__}", part.metadata["about"])
        if len(str(given)) > _LONGEST_ARGUMENT or not (str(given).isascii() and str(given).isprintable()):
            raise ProposalUnreadable(f"{argument} is no short plain text", part.metadata["about"])
        if tool is Appear and part.metadata["kind"] is Kind.CHOICE:
            values[part.name] = _choice(str(given), _APPEARANCES)
        else:
            values[part.name] = _READERS[part.metadata["kind"]](str(given).strip(), book, me)
    if tool in OF_ARENA and isinstance(values["task"], AllianceTask):
        raise NameUnknown(f"{values['task']}: {name} is for tasks of the Arena; join those with `fl-alliance join`")
    return tool(**values)


def _account(text: str, book: Book, me: str) -> str:
    if text.lower() in ("me", "my", "i"):
        return me
    if (entry := book.find(text)) is not None and entry.kind is Kind.ACCOUNT:
        return str(entry.value)
    if not text.startswith("0x"):
        raise NameUnknown(
            f"{text[:50]!r} is in no entry of the address book; add it: fl-alliance agent book add NAME ADDRESS"
        )
    try:
        return strict_address(text)
    except ValueError as error:
        raise ProposalUnreadable(str(error), "an account") from None


def _amount(text: str, _book: Book, _me: str) -> int:
    words = text.lower().split()
    try:
        found = amount_in(words)
    except ValueError as error:
        raise ProposalUnreadable(str(error), "an amount of FML") from None
    if found is None or words[found[1] :] not in ([], ["fml"]):
        raise ProposalUnreadable("no plain amount", "an amount of FML")
    return found[0]


def _numbered(kind: Kind) -> Callable[[str, Book, str], int]:
    def read(text: str, book: Book, _me: str) -> int:
        if (entry := book.find(text)) is not None and entry.kind is kind:
            return int(entry.value)
        digits = text.lower().removeprefix(kind).strip().removeprefix("#")
        if not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 10 and int(digits)):
            raise NameUnknown(
                f"{text[:50]!r} is neither a {kind}'s number nor in the address book; add it: "
                f"fl-alliance agent book add NAME {kind}:NUMBER"
            )
        return int(digits)

    return read


def _task(text: str, book: Book, me: str) -> AnyTask:
    is_alliances = text.lower().startswith(PREFIX)
    number = _numbered(Kind.TASK)(text[len(PREFIX) :] if is_alliances else text, book, me)
    return AllianceTask(number) if is_alliances else number


def _stars(text: str, _book: Book, _me: str) -> int:
    if text not in ("1", "2", "3", "4", "5"):
        raise ProposalUnreadable(f"{len(text)} characters for stars", "1 to 5")
    return int(text)


def _choice(text: str, known: Mapping[str, Any]) -> Any:
    if text.lower() not in known:
        raise ProposalUnreadable(f"a choice of {len(text)} characters", " or ".join(known))
    return known[text.lower()]


_READERS: Mapping[Kind, Callable[[str, Book, str], Any]] = {
    Kind.ACCOUNT: _account,
    Kind.AMOUNT: _amount,
    Kind.TASK: _task,
    Kind.STARS: _stars,
    Kind.PROPOSAL: _numbered(Kind.PROPOSAL),
    Kind.MODEL: _numbered(Kind.MODEL),
    Kind.CHOICE: lambda text, _book, _me: _choice(text, _SUPPORTS),
}
