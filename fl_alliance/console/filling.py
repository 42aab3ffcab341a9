"""Asking a market's views in the background, so that no page has to: after events, what these may have changed.

Each part is asked again where one of its subjects has had an event since it was asked last; after a start all of them
are, of which the index has what was kept.
"""

from collections.abc import Callable, Iterator

from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import ARENA, DAO, DOCUMENTS, EMISSION, GAUGES, MODELS, REVENUE, TOKEN
from fl_alliance.console import contests, delegates, polls, proposals, shelf
from fl_alliance.console.fair import Fair
from fl_alliance.console.views import TERMS

Part = tuple[str, tuple[str, ...], int, Callable[[], object]]
"""A name, the subjects that it depends on, the day or epoch if it changes with that too, and what asks for it."""


class Filler:
    """Keeps what pages ask of one market at hand; of the thread that follows its chain."""

    def __init__(self, fair: Fair) -> None:
        self._fair = fair
        self._done: dict[str, tuple[int, int]] = {}

    def fill(self) -> None:
        """Ask for every part that may be another one; raises `ChainError` where the chain does not answer."""
        views = self._fair.feed.views
        for name, subjects, time, ask in _parts(self._fair):
            version = views.version(*subjects), time
            if self._done.get(name) != version:
                with self._fair.noting():
                    ask()
                self._done[name] = version


def _parts(fair: Fair) -> Iterator[Part]:
    """Yield the parts, those that most pages need first."""
    now = fair.now()
    if fair.dao is not None:
        yield "terms", (TERMS, EMISSION), now // DAY_S, lambda: (proposals.terms(fair), proposals.parameters(fair))
        known = proposals.proposals(fair)
        for number in range(len(known), 0, -1):
            subject = f"{DAO}:{known[number - 1].number}"
            yield subject, (subject,), 0, lambda number=number: proposals.facts(fair, number, now)  # type: ignore[misc]
    for number in range(contests.count(fair), 0, -1):
        subject = f"{ARENA}:{number}"
        yield subject, (subject, f"{EMISSION}:{number}"), 0, lambda number=number: _contest(fair, number, now)  # type: ignore[misc]
    for number in range(shelf.count(fair), 0, -1):
        subjects = (f"{MODELS}:{number}", f"{REVENUE}:{number}")
        yield subjects[0], subjects, 0, lambda number=number: shelf.model(fair, number)  # type: ignore[misc]
    if fair.documents is not None:
        yield DOCUMENTS, (DOCUMENTS,), 0, lambda: _documents(fair)
    if fair.models is not None:
        yield "shelf", (MODELS, REVENUE, TOKEN), now // DAY_S, lambda: shelf.shelf(fair)
    if fair.gauges is not None:
        yield GAUGES, polls.subjects(fair), fair.gauges.epoch, lambda: polls.poll(fair)


def _contest(fair: Fair, number: int, now: int) -> None:
    contests.facts(fair, number, now)
    task = contests.description(fair, number)
    if task is not None:
        contests.board(fair, task, None)
    contests.rewards(fair, number)
    delegates.nodes(fair, number)


def _documents(fair: Fair) -> None:
    for number in range(1, shelf.count(fair) + 1):
        shelf.documents(fair, number)
