"""A task with everybody who would earn without working: what becomes of them, to the wei."""

from collections.abc import Callable
from typing import Any

import pytest
from village import FML, LARGE, SMALL, TERMS, Village

from fl_alliance.arena.adversaries import (
    ColludingValidator,
    Forger,
    Forgery,
    LazyValidator,
    copied,
    malformed,
    poisoned,
    untrained,
)
from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.events import Claimed, Judged
from fl_alliance.arena.role import Stake
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_states import Submission
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.rules.arena_consensus import WORST

FORGERIES: dict[str, Forgery] = {
    "copier": copied(),
    "noisy copier": copied(0.02),
    "free rider": untrained,
    "poisoner": poisoned,
    "malformer": malformed,
}
FEE_WEI, STAKE_WEI = TERMS.submission_fee_wei, 1_000 * FML


def forger(village: Village, task: Task, name: str) -> Forger:
    return Forger(village.desk(name, "task 1"), task, Stake(STAKE_WEI), village.kind, FORGERIES[name])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, open_village: Callable[..., Any]) -> Any:
    """Two days and the B day of two honest nodes, five others, two honest validators and two others."""
    with open_village(tmp_path_factory.mktemp("adversaries")) as village:
        task = village.create()
        honest = [village.node(task, "large", LARGE), village.node(task, "small", SMALL)]
        others = [forger(village, task, name) for name in FORGERIES]
        validators = [village.validator(task, "first judge"), village.validator(task, "second judge")]
        lazy_desk, colluding_desk = village.desk("lazy", "task 1"), village.desk("colluding", "task 1")
        lazy = LazyValidator(lazy_desk, task, Stake(500 * FML), village.kind, village.score)
        friends = [others[0].me, others[1].me, others[3].me]
        colluding = ColludingValidator(colluding_desk, task, Stake(500 * FML), village.kind, village.score, friends)
        run_task([village.creator(task), *honest, *others, *validators, lazy, colluding], village.clock)
        yield village


def submission(played: Village, name: str, day: int) -> Submission | None:
    arena = Arena(played.bank, played.deployment.arena)
    place = arena.entry_of(1, day, played.accounts[name].address)
    return None if place is None else arena.submission(1, day, place)


def earned(played: Village, name: str) -> int:
    me = played.accounts[name].address
    return sum(event.paid_wei for event in played.of(Claimed) if event.earner == me)


def test_the_ranking_is_by_quality_on_the_hidden_dataset(played: Village) -> None:
    large, small = submission(played, "large", 2), submission(played, "small", 2)
    assert large is not None
    assert small is not None
    assert large.verdict is small.verdict is Verdict.RANKED
    assert large.score < small.score
    assert large.share_wad > small.share_wad > 0


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forger_earns_nothing_and_loses_its_fee_and_a_tenth_of_its_stake_each_time(
    played: Village, name: str
) -> None:
    found = [submission(played, name, day) for day in range(2)]
    tries = [one for one in found if one is not None]
    assert [one.verdict for one in tries] == [Verdict.WORST] * len(tries)
    assert len(tries) == (1 if "copier" in name else 2)  # on the first day there is nothing to copy
    assert submission(played, name, 2) is None
    assert earned(played, name) == 0
    left_wei = STAKE_WEI
    for _ in tries:
        left_wei -= left_wei * TERMS.slash_bps // 10_000
    assert played.balance(name) == 10_000 * FML - len(tries) * FEE_WEI - STAKE_WEI + left_wei


def test_each_forgery_is_refused_for_what_it_is(played: Village) -> None:
    judge = played.accounts["first judge"].address
    why = {event.node: event.why for event in played.of(Judged) if event.account == judge and event.score == WORST}
    said = {name: why.get(played.accounts[name].address, "the contract") for name in FORGERIES}
    assert said["copier"] == "the contract"  # the digest is that of another's model
    assert said["noisy copier"].startswith("a copy, cosine 0.99")
    assert said["free rider"].startswith("a copy, cosine 1.0")
    assert "no better than the untrained model" in said["poisoner"]
    assert "nothing that can be scored" in said["malformer"]


def test_a_validator_that_is_lazy_or_colludes_earns_less_for_its_stake_than_an_honest_one(played: Village) -> None:
    honest = earned(played, "first judge")
    assert honest == earned(played, "second judge") > 0
    # What it cannot guess from yesterday is which models are refused.
    assert 0 < 2 * earned(played, "lazy") < honest * 3 // 4
    assert 0 < 2 * earned(played, "colluding") < honest * 9 // 10


def test_all_fml_is_accounted_for(played: Village) -> None:
    held = sum(played.balance(name) for name in played.accounts)
    contracts = [played.token.balance_wei(address) for address in (played.deployment.arena, played.deployment.emission)]
    assert played.token.balance_wei(played.deployment.arena) == 0
    assert held + sum(contracts) == played.token.total_supply_wei
