"""An agent as the command line and the MCP server open it: the account's market, book, limits, diary and proposer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fl_alliance.agent.agent import Agent, Confirm
from fl_alliance.agent.book import FILE, Book
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.errors import ModelUnavailable
from fl_alliance.agent.guards.limits import Limits
from fl_alliance.agent.proposers.base import Proposer
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.market.place import Folders, Place, open_place
from fl_alliance.market.settings import MarketSettings

ACCOUNT = 6
"""The development account that an agent acts as where no key is named."""


def book_of(settings: MarketSettings) -> Book:
    """Return the address book of a market's folder, which needs no chain; raises `StateDamaged`."""
    return Book.load(Folders.of(settings).state / FILE)


def folder_of(place: Place) -> Path:
    """Return where an account's limits and diary are."""
    return place.state / f"agent-{place.me.lower()}"


@contextmanager
def open_agent(settings: MarketSettings, confirm: Confirm) -> Iterator[Agent]:
    """Open the agent of the account that settings name; raises as `open_place`."""
    with open_place(settings, ACCOUNT) as place:
        folder = folder_of(place)
        yield Agent(place, book_of(settings), Limits(folder), Diary(folder, _second), confirm, _second)


def proposer_of(language: str, agent: Agent) -> Proposer:
    """Return what proposes: `parser`, `arena:TASK`, `adapter:FILE`, or an OpenAI-compatible URL, with #MODEL behind it.

    Raises
    ------
    ModelUnavailable
        None of these.
    """
    if language == "parser":
        return Parser(agent.book, agent.place.me)
    head, _, rest = language.partition(":")
    if head == "arena" and rest.isascii() and rest.isdigit():
        from fl_alliance.agent.proposers.arena import winner_of

        return winner_of(agent.place, int(rest), agent.book)
    if head == "adapter" and rest:
        from fl_alliance.agent.proposers.arena import adapter_in

        return adapter_in(Path(rest).expanduser(), agent.book)
    if head in ("http", "https"):
        from fl_alliance.agent.proposers.endpoint import Endpoint

        url, _, model = language.partition("#")
        return Endpoint(url, model or "default")
    raise ModelUnavailable(f"--language {language!r}: needs parser, arena:TASK, adapter:FILE or an http(s) URL")


def _second() -> int:
    return int(time.time())
