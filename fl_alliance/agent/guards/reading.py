"""The user's own words, read to the last one as somebody asks for a tool: what they name, of which kind, how often.

Nothing is guessed. Numbers inside names, addresses and quotations are parts of these and amounts of nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.agent.amounts import TwoReadings
from fl_alliance.agent.book import Book, strict_address
from fl_alliance.agent.errors import AmountUnclear, NotUnderstood, WordsUnclear
from fl_alliance.agent.guards.courtesy import HAVES, REQUESTS, SMALL_TALK
from fl_alliance.agent.guards.lexicon import Lexicon, run_length
from fl_alliance.agent.guards.numbers import amount_in, count_in
from fl_alliance.agent.guards.phrasebook import LEXICONS, longest_of, phrases_of
from fl_alliance.agent.guards.placing import MY_RELATIONS, is_placed
from fl_alliance.agent.guards.shapes import PART, asks_for
from fl_alliance.agent.guards.tokens import ENDS, Token, joined, tokens_of
from fl_alliance.agent.guards.units import may_follow, of_five, stars_of
from fl_alliance.agent.guards.words import shown, split
from fl_alliance.agent.tools import PREFIX, TOOLS, Action, AllianceTask, Kind

_NUMBERED = {"task": Kind.TASK, "proposal": Kind.PROPOSAL, "model": Kind.MODEL}
_COUNT = re.compile(r"#?([1-9][0-9]{0,8})", re.ASCII)
_OWNED = ("account", "wallet", "address", "balance", "price", "work", "node", "pool", "got", "holdings")
_TAKES_ALL = ("unstake", "claim", "undelegate")
_SHOWN = 6
"""Of the words behind which an account may stand, in a refusal."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What words name.

    Attributes
    ----------
    parts : Counter
        Kinds with values, each as often as it occurs.
    question : str
        What is quoted.
    asks : bool
        Whether the words only ask.
    said : sequence of str
        Phrases and parts in their order.
    """

    parts: Counter[tuple[Kind, Any]]
    question: str
    asks: bool
    said: Sequence[str] = ()


@dataclass
class _Reading:
    """Words on the way: what is left of them, and what was found."""

    tokens: Sequence[Token]
    tool: str
    book: Book
    me: str
    at: int = 0
    skipped: list[str] | None = None
    """Words that are not understood, where these are to be passed over; None where they refuse."""
    last_skipped: int = -1
    """Where the last of them stands."""
    needs_cue: bool = True
    idle: int = 0
    """Question marks that ask nothing: "how are you?"."""
    said: list[str] = field(default_factory=list)
    parts: Counter[tuple[Kind, Any]] = field(default_factory=Counter)

    @property
    def known(self) -> Lexicon:
        return LEXICONS[self.tool]

    def run(self) -> None:
        spoken = f" {joined(self.tokens)} "
        if wrong := next((phrase for phrase in self.known.never if f" {phrase} " in spoken), ""):
            raise WordsUnclear(f"{wrong!r} can be read in two ways; say it in other words")
        counts = {Kind.AMOUNT, Kind.STARS} & self.known.takes
        first, second = (self._amount, self._phrase) if counts else (self._phrase, self._amount)
        while self.at < len(self.tokens):
            if not (first() or second() or self._numbered() or self._named()):
                self._unknown(self.tokens[self.at].text)

    def _unknown(self, text: str) -> None:
        if self.skipped is None:
            raise WordsUnclear(f"{shown(text)} is neither a word of this request nor a name of the address book")
        self.skipped.append(text)
        self.last_skipped = self.at
        self.at += 1

    def _phrase(self) -> bool:
        """Take the longest phrase that is here, in one sentence; a noun before a number is part of that."""
        for phrase in self._phrases():
            if self._counts(len(phrase), phrase):
                continue
            text = " ".join(phrase)
            if self.said[-1:] == ["to"] and text in self.known.cues:
                raise WordsUnclear(f"'to {text}' may be what somebody else is to do; say it in other words")
            if text in MY_RELATIONS and not self._is_account(len(phrase)):
                raise WordsUnclear(f"{text!r}: needs the name or address of the one behind it")
            if text in self.known.choices:
                self._chosen(text)
            self.at += len(phrase)
            self.said.append(text)
            self.idle += text in SMALL_TALK and "?" in self.tokens[self.at - 1].pause
            return True
        return False

    def _phrases(self) -> Iterator[tuple[str, ...]]:
        """Yield the phrases that the words here are, the longest first."""
        sentence = self._sentence()
        known, longest = phrases_of(self.tool), longest_of(self.tool)
        run = max((run_length(run, sentence) for run in self.known.runs), default=0)
        for length in range(min(len(sentence), max(longest, run)), 0, -1):
            if length == run or tuple(sentence[:length]) in known:
                yield tuple(sentence[:length])

    def _sentence(self) -> list[str]:
        """Return words in small letters from here on, up to the end of the sentence."""
        found = []
        for token in self.tokens[self.at :]:
            found.append(token.small)
            if set(token.pause) & set(ENDS):
                break
        return found

    def _amount(self) -> bool:
        """Take an amount in figures or words; of stars, where the tool takes these."""
        if self.skipped is not None and not issubclass(TOOLS[self.tool], Action) and count_in(self._small(0)):
            return False
        together = list(self._together())
        if together[0].startswith("0x"):
            return False
        try:
            found = amount_in(together)
        except TwoReadings as error:
            raise AmountUnclear(str(error), self.tokens[self.at].text) from None
        except ValueError as error:
            raise WordsUnclear(str(error)) from None
        if found is None:
            return False
        amount_wei, used = found
        end = self.at + used
        has_unit = together[used - 1].endswith("fml")
        if Kind.STARS in self.known.takes:
            self._found(Kind.STARS, stars_of(amount_wei, self.tokens[self.at].text))
            tail = of_five([token.small for token in self.tokens[end:]])
            self.said += ["out of five"] * bool(tail)
            self.at = end + tail
            return True
        if not has_unit and end < len(self.tokens) and not self.tokens[end - 1].pause:
            self._require_follower(self.tokens[end])
        self._found(Kind.AMOUNT, amount_wei)
        self.at = end
        return True

    def _together(self) -> Iterator[str]:
        """Yield words in small letters from here on, up to where punctuation parts them."""
        for token in self.tokens[self.at :]:
            yield token.small
            if token.pause:
                return

    def _require_follower(self, token: Token) -> None:
        is_name = self.book.find(token.text.partition("'s")[0]) is not None or token.small.startswith("0x")
        if not may_follow(token.small) and not is_name and count_in(token.small) is None:
            raise WordsUnclear(f"an amount of {shown(token.text)}; needed one of FML, with that unit behind it")

    def _numbered(self) -> bool:
        """Take "task 3", "proposal #3", "model number 3", "task one", or "#3" where the tool takes one such number."""
        token = self.tokens[self.at]
        kinds = [kind for kind in _NUMBERED.values() if kind in self.known.takes]
        if token.small.startswith("#") and len(kinds) == 1 and (found := _COUNT.fullmatch(token.small)):
            self._found(kinds[0], int(found[1]))
            self.at += 1
            return True
        noun = "task" if token.small.startswith(PREFIX) else token.small
        if noun not in _NUMBERED:
            return False
        is_alliances = noun != token.small or (self.at > 0 and self.tokens[self.at - 1].small == "alliance")
        number = token.small.removeprefix(PREFIX)
        if noun == token.small:
            self.at += 1
            if self._small(0) == "number":
                self.at += 1
            number = self._small(0)
        number = number.removesuffix("'s")
        counted = _COUNT.fullmatch(number)
        value = int(counted[1]) if counted else count_in(number)
        if value is None:
            raise WordsUnclear(f"{noun} needs its number after it, such as {noun} 3")
        self._found(_NUMBERED[noun], AllianceTask(value) if is_alliances else value)
        self.at += 1
        return True

    def _named(self) -> bool:
        """Take a name or an address, or the word alliance before a task."""
        token = self.tokens[self.at]
        name, owned, _ = token.text.partition("'s")
        if owned and (token.text != f"{name}'s" or self._small(1) not in _OWNED):
            return False
        if (entry := self.book.find(name)) is not None:
            self._found(entry.kind, entry.value)
        elif token.small in ("me", "my", "i") and self.tool == "balance":
            self._found(Kind.ACCOUNT, self.me)
        elif name.startswith("0x"):
            self._found(Kind.ACCOUNT, self._address(name))
        elif not (token.small == "alliance" and self._small(1) == "task" and Kind.TASK in self.known.takes):
            return False
        self.at += 1
        return True

    def _is_account(self, ahead: int) -> bool:
        """Return whether a name or address of somebody is the word so many ahead."""
        text = "".join(token.text for token in self.tokens[self.at + ahead :][:1]).partition("'s")[0]
        entry = self.book.find(text)
        return text.startswith("0x") or (entry is not None and entry.kind is Kind.ACCOUNT)

    def _counts(self, words: int, phrase: tuple[str, ...]) -> bool:
        """Return whether a phrase ends in a noun that a number follows."""
        following = self._small(words).removesuffix("'s")
        is_number = following == "number" or bool(_COUNT.fullmatch(following)) or count_in(following) is not None
        return phrase[-1] in _NUMBERED and is_number

    def _small(self, ahead: int) -> str:
        """Return the word so many ahead, empty where there is none."""
        at = self.at + ahead
        return self.tokens[at].small if at < len(self.tokens) else ""

    def _found(self, kind: Kind, value: Any) -> None:
        if kind is Kind.AMOUNT and self.tool in _TAKES_ALL:
            raise WordsUnclear(f"to {self.tool} takes all that is there; say it without an amount")
        if kind not in self.known.takes:
            raise WordsUnclear(f"{shown(str(value))}: a {kind} has no place in this; ask for one thing at a time")
        if kind is Kind.ACCOUNT and not self._is_placed():
            needed = ", ".join(self.known.before[:_SHOWN])
            raise WordsUnclear(f"{shown(self.tokens[self.at].text)}: who is meant stands right behind one of {needed}")
        self.parts[kind, value] += 1
        self.said.append(PART)

    def _chosen(self, phrase: str) -> None:
        """Take a choice; one "for it" says again what was chosen before it, and is none of its own."""
        choice = self.known.choices[phrase]
        if not (phrase.endswith(" it") and self.parts[Kind.CHOICE, choice]):
            self._found(Kind.CHOICE, choice)

    def _is_placed(self) -> bool:
        is_object = not self.needs_cue and self.last_skipped == self.at - 1
        placed = is_placed(self.known, self.tokens[: self.at], self.tokens[self.at + 1 :])
        return not self.known.before or is_object or placed

    def _address(self, text: str) -> str:
        try:
            found = strict_address(text)
        except ValueError as error:
            raise WordsUnclear(str(error)) from None
        if whose := self.book.impersonated(found):
            raise WordsUnclear(f"{found} begins and ends like the address of {whose}, and is another one")
        return found


def mentions(words: str, tool: str, book: Book, me: str) -> Mentions:
    """Return what words name, read as somebody asks for this tool.

    Raises
    ------
    WordsUnclear
        A word that the tool's lexicon does not have, a part of a kind that it does not take, an amount or address that
        is none or can be read in two ways, quotation marks where nothing is to be quoted.
    NotUnderstood
        No word asks for this tool.
    """
    return _read(words, tool, book, me, None)


def mentions_but(words: str, tool: str, book: Book, me: str, needs_cue: bool = True) -> tuple[Mentions, Sequence[str]]:
    """Return what words name, and which of them are passed over as not understood; nothing may be signed by this.

    Without `needs_cue` no word has to ask for the tool, and an account may stand first, or right behind a word that is
    passed over: "yeet ada 5 FML". Raises as `mentions` for everything else.
    """
    skipped: list[str] = []
    return _read(words, tool, book, me, skipped, needs_cue), skipped


def _read(words: str, tool: str, book: Book, me: str, skipped: list[str] | None, needs_cue: bool = True) -> Mentions:
    known = LEXICONS[tool]
    plain, quoted = split(words)
    if len(quoted) > known.has_question:
        raise WordsUnclear(f"{len(quoted)} quotations in the words, needed at most {int(known.has_question)}")
    reading = _Reading(tuple(tokens_of(plain, book)), tool, book, me, skipped=skipped, needs_cue=needs_cue)
    reading.run()
    if needs_cue and not asks_for(tool, reading.said):
        raise NotUnderstood(f"nothing in the words asks to {tool.replace('_', ' ')}")
    asks = plain.count("?") > reading.idle and not any(said.startswith((*REQUESTS, *HAVES)) for said in reading.said)
    return Mentions(reading.parts, quoted[0] if quoted else "", asks, reading.said)
