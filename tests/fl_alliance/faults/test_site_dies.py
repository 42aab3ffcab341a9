"""A hospital dies in the middle of what it does, and is started again: no round is lost, and nobody pays for it."""

from collections.abc import Callable

import pytest
from loopback import JUDGED, Loopback

from fl_alliance.chain.types import Phase

SLOW = ("workload.name=slow:Slow", "+workload.options.train_s=4", "+workload.options.judge_s=0.4")


def memory(town: Loopback, site: int) -> bytes:
    path = town.folder / f"hospital-{site}" / "state.bin"
    return path.read_bytes() if path.is_file() else b""


def kill_when_it_has_signed(town: Loopback, site: int) -> None:
    """Kill a hospital between the moment its answer is on its disk and the answer's arrival, or just after that."""
    before = memory(town, site)
    town.wait(lambda: memory(town, site) != before, every_s=0.01)
    town.kill(f"hospital-{site}")


@pytest.mark.minutes
def test_a_hospital_that_dies_comes_back_and_nothing_is_lost(start: Callable[..., Loopback]) -> None:
    town = start("rounds=4", *SLOW)
    town.supervise()
    town.await_phase(1, Phase.PROPOSING)
    town.wait(lambda: "drawn as proposer" in town.said(f"hospital-{town.site(town.task().committee.proposers[0])}"))
    town.kill(f"hospital-{town.site(town.task().committee.proposers[0])}")  # while it trains

    town.await_phase(2, Phase.PROPOSING)
    kill_when_it_has_signed(town, town.site(town.task().committee.proposers[0]))  # its update

    town.await_phase(3, Phase.COMMITTING)
    town.kill(f"hospital-{town.site(town.task().committee.proposers[0])}")  # before it is asked for the next round
    town.kill(f"hospital-{town.site(town.task().committee.voters[0])}")  # while it judges

    town.await_phase(4, Phase.COMMITTING)
    kill_when_it_has_signed(town, town.site(town.task().committee.voters[1]))  # its vote

    assert town.finish() == []
    rounds = list(town.run.rounds())
    assert [one.outcome in JUDGED for one in rounds] == [True] * 4
    assert all(one.proposed == one.proposers and len(one.committed) == 2 for one in rounds), rounds
    assert sum(process.ends for process in town.processes.values()) == 5
    lost = [(one.round, one.reasons) for one in rounds if min(one.deltas.values(), default=0) < 0]
    assert all("lead" in " ".join(reasons.values()) for _, reasons in lost), lost


@pytest.mark.minutes
def test_rounds_go_on_without_a_hospital_that_never_comes_back(start: Callable[..., Loopback]) -> None:
    town = start("rounds=2", *SLOW, "alliance.propose_s=3600", "alliance.commit_s=3600", "alliance.grace_s=8")
    town.await_phase(1, Phase.PROPOSING)
    dead = town.task().committee.proposers[0]
    name = f"hospital-{town.site(dead)}"
    town.kill(name)
    assert town.finish(name) == []
    rounds = list(town.run.rounds())
    assert [one.round for one in rounds] == [1, 2]
    assert rounds[0].outcome in JUDGED
    assert dead not in rounds[0].proposed
    assert len(rounds[0].proposed) == 1
    assert str(dead) in rounds[0].dropped
    assert f"waiting 8 s for proposals of member {dead} (no reply)" in town.said("coordinate")
