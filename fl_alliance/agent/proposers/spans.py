"""What of a user's words may stand in a call: texts of each kind to choose among, none of them made up."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fl_alliance.agent.book import Book
from fl_alliance.agent.guards.classes import SENDS
from fl_alliance.agent.guards.numbers import amount_in, count_in
from fl_alliance.agent.guards.phrasebook import is_reserved
from fl_alliance.agent.tools import PREFIX, Kind

_NOUNS = {"task": Kind.TASK, "proposal": Kind.PROPOSAL, "prop": Kind.PROPOSAL, "model": Kind.MODEL}
_NUMBERED = (Kind.TASK, Kind.PROPOSAL, Kind.MODEL)
_HASHED = re.compile(r"#[1-9][0-9]{0,8}", re.ASCII)
"""A number of any of these."""
_NAME, _ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII), re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_BEFORE_NAMES = frozenset(
    (*SENDS, "to", "of", "from", "behind", "for", "in", "on", "with", "does", "back", "ask", "rate")
)
_LONGEST_AMOUNT = 8
"""Words."""
_STARS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Spans:
    """What words have.

    Attributes
    ----------
    texts : mapping
        Kind -> texts of it in their order, for all kinds but choices.
    named : frozenset of Kind
        Of accounts, tasks, proposals and models, which the words name for certain.
    """

    texts: Mapping[Kind, Sequence[str]]
    named: frozenset[Kind]


def spans_in(words: str, book: Book) -> Spans:
    """Return what words have.

    Names are those of the book of that kind; where there is none, whatever stands where a name does.
    """
    bare = [bare for word in words.split() if (bare := word.strip(".,!?:;"))]
    numbered = list(_numbered(bare))
    found: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for word in dict.fromkeys(bare):
        if (entry := book.find(word.partition("'s")[0])) is not None:
            found[entry.kind].append(word.partition("'s")[0])
        elif _ADDRESS.fullmatch(word):
            found[Kind.ACCOUNT].append(word)
    for kind, text, _ in numbered:
        found[kind].append(text)
    for kind in () if numbered else _NUMBERED:
        found[kind] += [word.removeprefix("#") for word in bare if _HASHED.fullmatch(word)]
    strangers = list(_strangers(bare, book))
    named = {kind: found[kind] or strangers for kind in (Kind.ACCOUNT, Kind.TASK, Kind.MODEL)}
    amounts = list(dict.fromkeys(_amounts(bare, {at for _, _, at in numbered})))
    texts = found | named | {Kind.AMOUNT: amounts, Kind.STARS: list(_STARS)}
    certain = {entry.kind for entry in map(book.find, (word.partition("'s")[0] for word in bare)) if entry is not None}
    certain |= {Kind.ACCOUNT} if any(map(_ADDRESS.fullmatch, bare)) else set()
    return Spans(texts, frozenset(certain | {kind for kind, _, _ in numbered}))


def _strangers(bare: Sequence[str], book: Book) -> Iterator[str]:
    """Yield the words that stand where names do, and could be in a book."""
    for before, word in pairwise(["", *bare]):
        name, owned, _ = word.partition("'s")
        is_placed = bool(owned) or before.lower() in _BEFORE_NAMES
        if is_placed and book.find(name) is None and _NAME.fullmatch(name) and not is_reserved(name.lower()):
            yield name


def _numbered(bare: Sequence[str]) -> Iterator[tuple[Kind, str, int]]:
    """Yield kind, text and place of every number that stands behind its noun."""
    for at, word in enumerate(bare):
        noun = word.lower()
        if noun.startswith(PREFIX):
            yield Kind.TASK, noun, at
        if noun not in _NOUNS:
            continue
        behind = at + 1 + (bare[at + 1 : at + 2] == ["number"])
        said = "".join(bare[behind : behind + 1]).lower().removeprefix("#").removesuffix("'s")
        number = int(said) if said.isascii() and said.isdigit() else count_in(said)
        if number is None:
            continue
        is_alliances = at > 0 and bare[at - 1].lower() == "alliance"
        texts = {Kind.TASK: f"{PREFIX}{number}" if is_alliances else f"task {number}", Kind.MODEL: f"model {number}"}
        yield _NOUNS[noun], texts.get(_NOUNS[noun], str(number)), behind


def _amounts(bare: Sequence[str], counted: set[int]) -> Iterator[str]:
    at = 0
    while at < len(bare):
        used = 0 if at in counted else _taken([word.lower() for word in bare[at : at + _LONGEST_AMOUNT]])
        if used:
            yield " ".join(bare[at : at + used]).lower().removesuffix("fml")
        at += max(1, used)


def _taken(words: Sequence[str]) -> int:
    """Return how many words an amount takes that they begin with, 0 where there is none."""
    try:
        found = amount_in(words)
    except ValueError:
        return 0
    return found[1] if found else 0
