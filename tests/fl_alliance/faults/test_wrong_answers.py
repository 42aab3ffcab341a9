"""A hospital that answers twice is counted once; one that answers garbage takes part in nothing and stops nothing."""

from collections.abc import Callable

import pytest
from loopback import JUDGED, Loopback

HOSTILE = 3


def with_a_hostile_hospital(start: Callable[..., Loopback], how: str, *settings: str) -> Loopback:
    town = start("rounds=3", *settings, hospitals=range(HOSTILE))
    town.join(HOSTILE, program="hostile_hospital", HOSTILE=how)
    return town


@pytest.mark.minutes
def test_who_answers_twice_is_counted_and_paid_once(start: Callable[..., Loopback]) -> None:
    town = with_a_hostile_hospital(start, "twice")
    assert town.finish() == []
    rounds = list(town.run.rounds())
    assert [one.round for one in rounds] == [1, 2, 3]
    assert all(one.proposed == one.proposers and one.committed == one.voters for one in rounds), rounds


@pytest.mark.minutes
def test_garbage_is_no_answer(start: Callable[..., Loopback]) -> None:
    town = with_a_hostile_hospital(start, "garbage", "alliance.propose_s=30", "alliance.commit_s=30")
    town.await_line("coordinate", "round 1/")
    hostile = town.member(HOSTILE)
    assert town.finish() == []
    rounds = list(town.run.rounds())
    assert [one.outcome in JUDGED for one in rounds] == [True] * 3
    for one in rounds:
        assert hostile not in [*one.proposed, *one.committed], one
        assert str(hostile) in one.dropped, one
        assert len([*one.proposed, *one.committed]) == 3, one
