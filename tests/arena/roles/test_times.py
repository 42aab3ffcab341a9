"""Days and windows on a calendar, and a clock that waits for the chain and never moves it."""

import dataclasses

from village import Village

from fl_alliance.arena.calendar import Calendar, Window
from fl_alliance.arena.clock import ChainClock
from fl_alliance.arena.scorecards import first_block
from fl_alliance.arena.task import Task

DAY = 86_400


def test_windows_follow_each_other_and_days_are_the_chains(village: Village) -> None:
    task: Task = village.create()
    calendar = Calendar(task.params, village.creator(task).desk.emission.start_at)
    arena = village.desks[0].arena
    for day in range(calendar.last + 1):
        assert calendar.opens(day, Window.SUBMIT) == arena.day_at(1, day)
        for window in (Window.SUBMIT, Window.REVEAL, Window.SCORE):
            assert calendar.closes(day, window) == calendar.opens(day, Window(window + 1))
        assert calendar.closes(day, Window.REVEAL_SCORES) == calendar.day(day).settle_at <= calendar.day(day).over_at
    assert calendar.over_at == arena.day_at(1, calendar.last) + DAY


def test_a_second_is_of_the_day_that_it_falls_on(village: Village) -> None:
    calendar = Calendar(village.create().params, 1_000)
    begins, last = calendar.begins_at, calendar.last
    seconds = (begins - 9 * DAY, begins - 1, begins, begins + DAY - 1, begins + DAY, calendar.over_at - 1)
    assert [calendar.day_of(second) for second in seconds] == [0, 0, 0, 0, 1, last]
    assert [calendar.day_of(calendar.over_at + late) for late in (0, 99 * DAY)] == [last + 1, last + 1]
    assert dataclasses.replace(calendar, start_at=2_000).begins_at == begins + 1_000


def test_a_chains_clock_waits_until_the_chain_is_there_and_does_not_move_it(village: Village) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        village.clock.wait_until(village.clock.now() + 40)

    clock, begun = ChainClock(village.bank.rpc, pause), village.clock.now()
    clock.wait_until(begun)
    assert not pauses
    clock.wait_until(begun + 100)
    assert clock.now() == begun + 120
    assert len(pauses) == 3
    assert all(0 < seconds <= 30 for seconds in pauses)


def test_the_first_block_of_a_second_is_found_among_all(village: Village) -> None:
    rpc, begun = village.bank.rpc, village.clock.now()
    for step in (10, 30, 31, 400):
        village.clock.wait_until(begun + step)
    newest = rpc.number("eth_blockNumber")
    found = [first_block(rpc, begun + second) - newest for second in (10, 11, 30, 31, 32, 400, 401)]
    assert found == [-3, -2, -2, -1, 0, 0, 1]
    assert first_block(rpc, 0) == 0
