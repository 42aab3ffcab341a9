"""A hospital that stands still longer than a window is open: the round goes on without it, and it with the next."""

from collections.abc import Callable

import pytest
from loopback import JUDGED, Loopback

from fl_alliance.chain.types import Phase


@pytest.mark.minutes
def test_a_hospital_that_is_too_slow_misses_its_round_alone(start: Callable[..., Loopback]) -> None:
    town = start("rounds=3", "workload.name=slow:Slow", "+workload.options.train_s=2", "alliance.propose_s=40")
    town.await_phase(1, Phase.PROPOSING)
    slow = town.task().committee.proposers[0]
    name = f"hospital-{town.site(slow)}"
    town.freeze(name)
    town.await_phase(1, Phase.COMMITTING)
    town.thaw(name)
    assert town.finish() == []
    first, *others = town.run.rounds()
    assert first.outcome in JUDGED
    assert slow not in first.proposed
    assert len(first.proposed) == 1
    assert [one.outcome in JUDGED for one in others] == [True] * 2
    took_part = [slow in [*one.proposed, *one.committed] for one in others]
    assert took_part[-1], others
