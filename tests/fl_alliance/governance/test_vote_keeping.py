"""Gauge votes are applied by whom they profit while it works, on a real chain and over the end of a week."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from assembly import LARGE, RIVAL, SMALL, STRANGER, Assembly, assembled
from fair import PARAMS

from fl_alliance.arena.clock import SimulatedClock
from fl_alliance.arena.events import Event
from fl_alliance.arena.keeper import Keeper
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.role import open_desk
from fl_alliance.arena.store import open_store
from fl_alliance.arena.task import Task, TaskSpec
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.deploy import EMISSION, GAUGES, TREASURY
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.gauges import Choice, Gauges
from fl_alliance.chain.listings import Models
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.vote_keeping import VoteKeeper
from fl_alliance.market.place import place_of
from fl_alliance.market.vote_following import VotesApplied
from fl_alliance.market.work import take_part

DAY = 86_400
CREATOR, HOST, KEEPER = SMALL, STRANGER, RIVAL
BUDGET_WEI = 2_000 * WEI_PER_FML


@dataclass
class Week:
    """Two tasks and a model on which holders have voted this week, and what a keeper told."""

    dao: Assembly
    own: int
    rival: int
    model: int
    told: list[str]

    @property
    def gauges(self) -> Gauges:
        return Gauges(Sender(self.dao.w3, STRANGER), self.dao.deployment)

    def vote(self, own_bps: int, rival_bps: int) -> None:
        arena = self.dao.deployment.arena
        ballot = [Choice(arena, self.own, own_bps), Choice(arena, self.rival, rival_bps)]
        model = Choice(self.dao.deployment.address("Models"), self.model, 1_000)
        Gauges(Sender(self.dao.w3, LARGE), self.dao.deployment).vote([*(one for one in ballot if one.bps), model])

    def next(self) -> None:
        self.dao.wait(self.gauges.ends_at(self.gauges.epoch) - self.dao.rpc.second())

    def keeper(self, key: NodeKey = KEEPER) -> VoteKeeper:
        return VoteKeeper(Sender(self.dao.w3, key), self.dao.deployment, self.told.append)

    def weights(self) -> list[int]:
        emission = Emission(Sender(self.dao.w3, STRANGER), self.dao.deployment.emission)
        return [emission.percent(self.dao.deployment.arena, each, emission.today) for each in (self.own, self.rival)]

    def nonce(self, key: NodeKey = KEEPER) -> int:
        return self.dao.rpc.number("eth_getTransactionCount", key.address, "latest")


@pytest.fixture
def week() -> Iterator[Week]:
    with assembled() as dao:
        arena = Arena(Sender(dao.w3, CREATOR), dao.deployment.arena)
        own, rival = (arena.create_task(replace(PARAMS, first_day=14, day_count=9)) for _ in range(2))
        models = Models(Sender(dao.w3, HOST), dao.deployment)
        model = models.list(keccak(b"model"), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML)
        gauges = dao.deployment.address(GAUGES)
        verify = [dao.call(EMISSION, "verify", dao.deployment.arena, number) for number in (own, rival)]
        spend = dao.call(TREASURY, "spend", dao.deployment.fml, gauges, BUDGET_WEI)
        dao.pass_(*verify, spend, text="Two tasks, and a budget")
        found = Week(dao, own, rival, model, [])
        found.next()
        yield found


def test_a_task_that_is_kept_over_the_end_of_a_week_weighs_by_its_votes_without_anybody_elses_doing(
    week: Week, tmp_path: Path
) -> None:
    """Nobody takes part in it: the keeper finishes its days, and applies the votes on the first after the week."""
    week.vote(1_500, 0)
    dao, told = week.dao, list[Event]()
    store = open_store(tmp_path / "store")
    place = place_of(dao.w3, dao.deployment, KEEPER, store, tmp_path / "state")
    clock = SimulatedClock(dao.w3)
    desk = open_desk(place.sender, dao.deployment.arena, store, clock, tmp_path / "desk", "kept", told.append)
    take_part(place, desk, Keeper(desk, _task(place.arena, week.own)))
    desk.journal.close()
    applied = [event.words for event in told if isinstance(event, VotesApplied)]
    assert applied == [f"by last week's gauge votes task 1 of {dao.deployment.arena} weighs 150 % of its stake"]
    emission = place.emission
    last = (week.gauges.ends_at(2) - emission.start_at) // DAY  # ends with the week, but for a minute
    weights = [emission.percent(dao.deployment.arena, week.own, day) for day in range(last - 1, last + 3)]
    assert weights == [100, 100, 150, 150]
    assert place.arena.state(week.own).finished_days == 10


def test_a_keeper_raises_its_own_task_and_lowers_others_and_sends_nothing_else(week: Week) -> None:
    arena = week.dao.deployment.arena
    week.vote(1_000, 1_000)
    week.next()
    keeper, before = week.keeper(), week.nonce()
    for _ in range(2):
        keeper.weigh_for(arena, week.own)
    assert (week.weights(), week.nonce()) == ([150, 100], before + 1)
    week.keeper(LARGE).weigh_for(arena, week.rival)
    assert week.weights() == [150, 150]
    week.vote(0, 0)
    week.next()
    keeper.weigh_for(arena, week.own)
    assert week.weights() == [150, 100]
    assert len(week.told) == 3
    keeper.weigh_for(arena, 99)
    week.keeper(LARGE).weigh_for(arena, week.rival)
    assert week.weights() == [100, 100]


def test_a_host_has_its_model_paid_and_what_comes_to_the_budget_later_too(week: Week) -> None:
    week.vote(100, 0)
    keeper, before = week.keeper(HOST), week.nonce(HOST)
    week.next()
    for _ in range(2):
        keeper.pay([week.model])
    till = Revenue(Sender(week.dao.w3, HOST), week.dao.deployment).till(week.model)
    assert (week.dao.fml.balance_wei(till), week.nonce(HOST)) == (BUDGET_WEI * 3 // 10, before + 1)
    week.dao.fml.transfer(week.gauges.address, WEI_PER_FML)
    keeper.pay([week.model])  # three tenths of one FML: not worth the gas
    assert week.nonce(HOST) == before + 1
    week.dao.fml.transfer(week.gauges.address, BUDGET_WEI)
    keeper.pay([week.model])
    assert week.dao.fml.balance_wei(till) == (2 * BUDGET_WEI + WEI_PER_FML) * 3 // 10


def test_what_fails_or_costs_too_much_of_what_an_account_holds_is_left_and_stops_nothing(week: Week) -> None:
    """An account without coin sends nothing; a model that was closed meanwhile is told of, and tried again."""
    week.vote(1_000, 0)
    week.next()
    poor = NodeKey.derive(404, 0)
    week.keeper(poor).weigh_for(week.dao.deployment.arena, week.own)
    week.keeper(poor).pay([week.model])
    assert (week.weights(), week.told) == ([100, 100], [])
    Models(Sender(week.dao.w3, HOST), week.dao.deployment).close(week.model)
    week.keeper(HOST).pay([week.model])
    assert "will try again to apply gauge votes: pay: reverted: NoGauge" in week.told[0]


def _task(arena: Arena, number: int) -> Task:
    params = arena.params(number)
    parts = (keccak(b"train"), params.dataset_a, params.dataset_b, params.base_model)
    spec = TaskSpec("kept", params.kind, {}, *parts, Budget(1, 1, 0.1), params.max_parameters, 10_000)
    return Task(number, params, spec)
