"""The chain, the SuperLink and the coordinator die in the middle of rounds and come back: no round is lost."""

from collections.abc import Callable

import pytest
from loopback import Loopback

from fl_alliance.chain.types import Phase


@pytest.mark.minutes
def test_a_task_survives_the_end_of_each_of_its_services(start: Callable[..., Loopback]) -> None:
    town = start("rounds=4", "workload.name=slow:Slow", "+workload.options.train_s=4", "+workload.options.judge_s=0.4")
    town.supervise()

    def reached(number: int, phase: Phase) -> None:
        town.await_task(lambda task: task.committee.number == number and task.stored_phase is phase)

    reached(1, Phase.PROPOSING)
    town.kill("chain")
    reached(2, Phase.PROPOSING)
    assert town.kill_child("coordinate", "superlink")
    reached(3, Phase.PROPOSING)
    town.kill("coordinate")
    reached(4, Phase.COMMITTING)
    town.kill("coordinate")
    assert town.finish(seconds=600) == []
    rounds = list(town.run.rounds())
    assert [(one.round, one.outcome) for one in rounds] == [(number, "accepted") for number in (1, 2, 3, 4)]
    assert town.processes["coordinate"].ends == 2
    assert town.processes["chain"].ends == 1
