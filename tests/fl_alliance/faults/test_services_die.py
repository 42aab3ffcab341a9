"""The chain, the SuperLink and the coordinator die in the middle of rounds and come back: no round is lost."""

from collections.abc import Callable

import pytest
from loopback import JUDGED, Loopback

from fl_alliance.chain.types import Phase

SLOW = ("workload.name=slow:Slow", "+workload.options.train_s=3", "+workload.options.judge_s=0.3")


@pytest.mark.slow
def test_a_round_goes_on_when_its_chain_is_back(start: Callable[..., Loopback]) -> None:
    small = ("alliance.voters=1", "+strategy.min_evaluate_nodes=1", "+strategy.min_available_nodes=1")
    town = start("rounds=1", *small, *SLOW, nodes=3)
    town.supervise()
    town.await_phase(1, Phase.PROPOSING)
    town.kill("chain")
    assert town.finish() == []
    (one,) = town.run.rounds()
    assert one.outcome in JUDGED
    assert town.processes["chain"].ends == 1


@pytest.mark.minutes
def test_a_task_survives_the_end_of_each_of_its_services(start: Callable[..., Loopback]) -> None:
    town = start("rounds=4", *SLOW)
    town.supervise()

    town.await_phase(1, Phase.PROPOSING)
    town.kill("chain")
    town.await_phase(2, Phase.PROPOSING)
    assert town.kill_child("coordinate", "superlink")
    town.await_phase(3, Phase.PROPOSING)
    town.kill("coordinate")
    town.await_phase(4, Phase.COMMITTING)
    town.kill("coordinate")
    assert town.finish(seconds=600) == []
    rounds = list(town.run.rounds())
    assert [(one.round, one.outcome in JUDGED) for one in rounds] == [(number, True) for number in (1, 2, 3, 4)]
    assert town.processes["coordinate"].ends == 2
    assert town.processes["chain"].ends == 1
