"""Everyday requests, 120 that ask for something and 60 that may sign nothing, and who understands how many of them.

They were written before the words of the phrasebook that they are to measure. A random half of each is held back: what
is not understood there is not to be read before the phrasebook is changed. `stranger.jsonl` was written by somebody who
knew the tools alone, and has what that person wanted; `stranger_since.jsonl` like it, while the phrasebook was changed;
`stranger_held.jsonl` is the same stranger's, and nobody had read it before the phrasebook was done.
`persons_first.jsonl` is what twelve kinds of person would type, written before the phrasebook was put together
from classes and frames, `persons_second.jsonl` what twelve others would, written after that.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fl_alliance.agent.book import Book
from fl_alliance.agent.guards.grounding import ground, require_subject
from fl_alliance.agent.guards.offers import offered
from fl_alliance.agent.guards.schema import read_proposal
from fl_alliance.agent.guards.words import split
from fl_alliance.agent.proposers.base import Proposer
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.agent.tools import Action, Call, CallModel
from fl_alliance.chain.errors import ChainError
from fl_alliance.market.errors import MarketError
from fl_alliance.market.keys import development_key

ADA, EVE, ME, STRANGER = (development_key(index).address for index in (1, 2, 6, 8))
HALVES = ("open", "held")
STRANGERS = ("stranger", "stranger_since", "stranger_held", "persons_first", "persons_second")
_CHOICES = {"for": "yes", "against": "no"}


@dataclass(frozen=True)
class Request:
    """Words, and the one call that is right; None where nothing may be signed."""

    words: str
    call: Call | None


@dataclass
class Heard:
    """What came of requests at the guards that read words: understood rightly, not at all, or wrongly.

    Of those not understood, `offered` are what a yes to the agent's question makes right, `misoffered` what it makes
    something else: of requests that may sign nothing, whatever is offered.
    """

    right: list[str] = field(default_factory=list)
    not_understood: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    misoffered: list[str] = field(default_factory=list)


def everyday_book() -> Book:
    found = Book(Path("nowhere"))
    for name, what in (("ada", ADA), ("eve", EVE), ("glucose-1", "task:1"), ("nova", "model:1")):
        found.add(name, what)
    return found


def requests(half: str) -> Iterator[Request]:
    book = everyday_book()
    lines = (Path(__file__).parent / f"everyday_{half}.jsonl").read_text().replace("{HOST}", STRANGER)
    for line in lines.splitlines():
        entry = json.loads(line)
        call = None if entry["call"] is None else read_proposal(json.dumps(entry["call"]), book, ME)
        yield Request(
            entry["words"], replace(call, question=entry["question"]) if isinstance(call, CallModel) else call
        )


def strange(name: str) -> Iterator[Request]:
    book = everyday_book()
    for line in (Path(__file__).parent / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        yield Request(entry["words"], _wanted(entry["want"], book))


def _wanted(want: dict[str, str | int] | None, book: Book) -> Call | None:
    """Return the call that a stranger wanted; None where no tool does it: a part of a stake, a stake in FL Alliance."""
    if want is None:
        return None
    tool, question = want["tool"], str(want.get("question", ""))
    is_of_alliance = "alliance" in str(want.get("task"))
    if (tool in ("unstake", "undelegate") and "amount" in want) or (tool in ("claim", "stake") and is_of_alliance):
        return None
    found = {name: str(value) for name, value in want.items() if name != "question"}
    if tool == "balance":
        found["account"] = found.pop("who", "me")
    if tool == "call_model":
        found["budget"] = found.pop("amount")
    if tool == "vote":
        found["choice"] = _CHOICES.get(found["choice"], found["choice"])
    call = read_proposal(json.dumps(found), book, ME)
    return replace(call, question=question) if isinstance(call, CallModel) else call


def hear(asked: Sequence[Request], proposer: Proposer) -> Heard:
    """Take requests as far as grounding: whatever passes there would be shown and signed."""
    heard, book = Heard(), everyday_book()
    for request in asked:
        try:
            call = read_proposal(proposer.propose(" ".join(split(request.words)[0].split()), ()), book, ME)
            if isinstance(call, Action):
                call = ground(call, request.words, book, ME)
            else:
                require_subject(call, request.words, book, ME)
        except (MarketError, ChainError) as refused:
            heard.not_understood.append((request.words, str(refused)))
            _say_yes(request, heard)
            continue
        if call == request.call:
            heard.right.append(request.words)
        elif isinstance(call, Action) or request.call is not None:
            heard.wrong.append(f"{request.words}: {call}")
    return heard


def _say_yes(request: Request, heard: Heard) -> None:
    book = everyday_book()
    if (offer := offered(request.words, book, ME)) is None:
        return
    call = read_proposal(Parser(book, ME).propose(offer.words, ()), book, ME)
    found = ground(call, offer.words, book, ME) if isinstance(call, Action) else call
    (heard.offered if found == request.call else heard.misoffered).append(f"{request.words}: {offer.words}")
