"""A task from its first stake to its last, and each of its days, as one process goes through it.

A process holds one role (a training node that somebody leaves running) or all of them (a demonstration on a simulated
clock). Roles act in the order given: nodes before validators, and a keeper first where one is among them, since others
are paid by what it finishes.
"""

from collections.abc import Callable, Sequence
from functools import partial

from fl_alliance.arena.calendar import Window
from fl_alliance.arena.clock import Clock
from fl_alliance.arena.errors import TaskUnfinished
from fl_alliance.arena.role import Role
from fl_alliance.chain.alliance_refusals import TooLate
from fl_alliance.chain.arena_states import TaskState
from fl_alliance.chain.arena_types import DAY_S, Phase

Step = Callable[[Role], None]

_LOOKS_EVERY_S = 600
_PATIENCE_DAYS = 30


def run_task(roles: Sequence[Role], clock: Clock) -> None:
    """Take part in a task until it is over and everybody has left; begun anew at any time, it goes on from there.

    Raises
    ------
    TaskUnfinished
        Nobody has finished its days in the 30 days after it.
    ArenaError, ChainError
        What a role cannot go on from.
    """
    calendar = roles[0].calendar
    _each(roles, lambda role: role.join())
    _wait(roles, clock, calendar.begins_at)
    if _state(roles).phase is not Phase.CANCELLED:
        for day in range(calendar.day_of(_now(roles, clock)), calendar.last):
            run_day(roles, clock, day)
        run_final_day(roles, clock)
        _await_completion(roles, clock)
    _each(roles, lambda role: role.leave())


def run_day(roles: Sequence[Role], clock: Clock, day: int) -> None:
    """A day on dataset A."""
    _window(roles, clock, day, Window.SUBMIT, lambda role: role.submit(day))  # nodes train, and commit to their models
    _window(roles, clock, day, Window.REVEAL, lambda role: role.reveal(day))  # and reveal and publish them
    _judge(roles, clock, day)


def run_final_day(roles: Sequence[Role], clock: Clock) -> None:
    """The day on dataset B: nodes' best submissions, scored once more on what nobody could train for."""
    calendar = roles[0].calendar
    last = calendar.last
    _wait(roles, clock, calendar.opens(last, Window.SUBMIT))
    for role in roles:
        _in_time(role, clock, last, Window.SUBMIT, calendar.closes(last, Window.REVEAL), role.open_final)
    _judge(roles, clock, last)


def _judge(roles: Sequence[Role], clock: Clock, day: int) -> None:
    """What days on dataset A and the B day have in common."""
    times = roles[0].calendar.day(day)
    _window(
        roles, clock, day, Window.SCORE, lambda role: role.score(day)
    )  # validators score what is theirs, and commit
    _window(roles, clock, day, Window.REVEAL_SCORES, lambda role: role.reveal_scores(day))  # and reveal
    _wait(roles, clock, times.settle_at)
    _each(roles, lambda role: role.settle(day))  # keepers find the consensus
    _wait(roles, clock, times.over_at)
    _each(roles, lambda role: role.close(day))  # keepers finish the day, everybody is paid


def _window(roles: Sequence[Role], clock: Clock, day: int, window: Window, step: Step) -> None:
    calendar = roles[0].calendar
    _wait(roles, clock, calendar.opens(day, window))
    for role in roles:
        _in_time(role, clock, day, window, calendar.closes(day, window), partial(step, role))


def _in_time(role: Role, clock: Clock, day: int, window: Window, closes_at: int, step: Callable[[], None]) -> None:
    """Let a role do its step while the window is open, or say what it has missed."""

    def attempt() -> None:
        if clock.now() < closes_at:
            step()
        else:
            role.missed(day, window)

    try:
        role.desk.patiently(attempt, role.number)
    except TooLate:  # it closed while the step was under way
        role.desk.patiently(partial(role.missed, day, window), role.number)


def _each(roles: Sequence[Role], step: Step) -> None:
    for role in roles:
        role.desk.patiently(partial(step, role), role.number)


def _wait(roles: Sequence[Role], clock: Clock, second: int) -> None:
    roles[0].desk.patiently(partial(clock.wait_until, second), roles[0].number)


def _now(roles: Sequence[Role], clock: Clock) -> int:
    return roles[0].desk.patiently(clock.now, roles[0].number)


def _state(roles: Sequence[Role]) -> TaskState:
    first = roles[0]
    return first.desk.patiently(lambda: first.arena.state(first.number), first.number)


def _await_completion(roles: Sequence[Role], clock: Clock) -> None:
    """Wait until somebody has finished the last day; where a keeper is among the roles it has."""
    calendar = roles[0].calendar
    while (state := _state(roles)).phase is Phase.ACTIVE:
        now = _now(roles, clock)
        if now > calendar.over_at + _PATIENCE_DAYS * DAY_S:
            raise TaskUnfinished(roles[0].number, state.finished_days, calendar.last + 1)
        _wait(roles, clock, now + _LOOKS_EVERY_S)
