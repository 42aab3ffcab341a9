"""Gauge votes: what they move, by the rule to the wei, and what self-dealing gets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from assembly import LARGE, LOCKED, PROPOSER, RIVAL, SMALL, STRANGER, TREASURY_WEI, Assembly, assembled
from fair import PARAMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import BadParameter, NotAllowed
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.dao import Support
from fl_alliance.chain.dao_deploy import DaoTerms
from fl_alliance.chain.dao_refusals import (
    AlreadyVoted,
    NoEpochOver,
    NoGauge,
    NotAscending,
    NothingDue,
    NoVotes,
    OwnGauge,
)
from fl_alliance.chain.deploy import ARENA, EMISSION, GAUGES, MODELS, TREASURY
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.gauges import Choice, GaugeKind, Gauges
from fl_alliance.chain.listings import Models
from fl_alliance.chain.market_refusals import NotVerified
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.rules.emission import daily_wei, split, task_share, weighed
from fl_alliance.chain.rules.gauges import GaugeTerms, ballot_votes, model_pay, share_bps, task_percent
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

TERMS, DAO_TERMS = GaugeTerms(), DaoTerms()
CREATOR, HOST = SMALL, STRANGER
LOCKED_WEI = sum(LOCKED.values()) * WEI_PER_FML
"""A million FML; a gauge's share is of a fifth of that at least."""


@dataclass
class Polls:
    """Two verified Arena tasks of CREATOR and two models of HOST, at the beginning of an epoch."""

    dao: Assembly
    tasks: tuple[Choice, ...]
    models: tuple[Choice, ...]

    def gauges(self, key: NodeKey = STRANGER) -> Gauges:
        return Gauges(Sender(self.dao.w3, key), self.dao.deployment)

    def vote(self, key: NodeKey, *ballot: tuple[Choice, int]) -> None:
        self.gauges(key).vote([replace(gauge, bps=bps) for gauge, bps in ballot])

    @property
    def emission(self) -> Emission:
        return Emission(Sender(self.dao.w3, STRANGER), self.dao.deployment.emission)

    def next_epoch(self) -> int:
        """Go to the beginning of the next epoch and return the one that is over."""
        epoch = self.gauges().epoch
        self.dao.wait(self.gauges().ends_at(epoch) - self.dao.rpc.second())
        return epoch


@pytest.fixture(scope="module")
def founded() -> Iterator[Polls]:
    """All of it, once: the tasks are verified and the budget is paid in by a proposal."""
    with assembled() as dao:
        params = replace(PARAMS, day_count=200)
        arena = Arena(Sender(dao.w3, CREATOR), dao.deployment.arena)
        numbers = [arena.create_task(params) for _ in range(2)]
        models = Models(Sender(dao.w3, HOST), dao.deployment)
        listed = [models.list(keccak(bytes([n])), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML) for n in range(2)]
        verify = [dao.call(EMISSION, "verify", dao.deployment.arena, number) for number in numbers]
        gauges = dao.deployment.address(GAUGES)
        spend = dao.call(TREASURY, "spend", dao.deployment.fml, gauges, TREASURY_WEI)
        dao.pass_(*verify, spend, text="Two tasks, and a budget for models")
        made = Polls(
            dao,
            tuple(Choice(dao.deployment.address(ARENA), number, 0) for number in numbers),
            tuple(Choice(dao.deployment.address(MODELS), number, 0) for number in listed),
        )
        for number in numbers:
            made.emission.sync(dao.deployment.arena, number)
        made.next_epoch()
        yield made


@pytest.fixture
def polls(founded: Polls) -> Iterator[Polls]:
    mark = founded.dao.rpc("evm_snapshot")
    yield Polls(Assembly(founded.dao.w3, founded.dao.deployment), founded.tasks, founded.models)
    founded.dao.rpc("evm_revert", mark)


def test_votes_of_an_epoch_shift_what_tasks_earn_in_the_next_to_the_wei(polls: Polls) -> None:
    first, second = polls.tasks
    polls.vote(LARGE, (first, 2_000), (second, 1_000))
    polls.vote(RIVAL, (second, 2_500))
    votes = {first: 120_000 * WEI_PER_FML, second: 122_500 * WEI_PER_FML}
    cast_wei = sum(votes.values())
    epoch, gauges = polls.gauges().epoch, polls.gauges()
    assert gauges.cast_wei(epoch, GaugeKind.ARENA) == cast_wei
    assert polls.next_epoch() == epoch
    percents = {}
    for task, votes_wei in votes.items():
        share = share_bps(votes_wei, cast_wei, LOCKED_WEI, TERMS)
        percents[task] = task_percent(share, TERMS)
        assert gauges.share_bps(epoch, task.source, task.number) == share
        assert gauges.weigh(task.source, task.number) == percents[task]
    assert percents == {first: 150, second: 150}  # both above the share that counts
    day, emission = polls.emission.today, polls.emission
    polls.dao.wait(86_400)
    emission.catch_up(polls.dao.rpc.second())
    stakes = [emission.stake_gwei(task.source, task.number, day) * 10**9 for task in votes]
    total = sum(weighed(stake, 2, percent) for stake, percent in zip(stakes, percents.values(), strict=True))
    part = split(daily_wei(day), sum(stakes), 0)[0]
    for task, stake in zip(votes, stakes, strict=True):
        share = task_share(part, weighed(stake, 2, percents[task]), total)
        assert emission.drawable_wei(task.source, task.number, day) == share > 0


def test_a_task_without_votes_weighs_what_it_did_and_one_that_had_them_does_again(polls: Polls) -> None:
    first, second = polls.tasks
    polls.vote(LARGE, (first, 1_000))
    polls.next_epoch()
    gauges = polls.gauges()
    # 60,000 votes of 200,000, a fifth of all that is locked: 30 %, what counts at most.
    assert (gauges.weigh(first.source, first.number), gauges.weigh(second.source, second.number)) == (150, 100)
    polls.next_epoch()
    assert gauges.weigh(first.source, first.number) == 100
    assert polls.emission.percent(first.source, first.number, polls.emission.today) == 100


def test_models_share_the_epochs_budget_and_what_is_left_stays(polls: Polls) -> None:
    first, second = polls.models
    polls.vote(LARGE, (first, 500), (second, 1_500))
    polls.vote(RIVAL, (second, 400))
    epoch = polls.next_epoch()
    dao, gauges = polls.dao, polls.gauges()
    shares = [share_bps(wei * WEI_PER_FML, 130_000 * WEI_PER_FML, LOCKED_WEI, TERMS) for wei in (30_000, 100_000)]
    paid = [gauges.pay(model.number) for model in polls.models]
    assert paid == [model_pay(TREASURY_WEI, share) for share in shares] == [450 * WEI_PER_FML, 900 * WEI_PER_FML]
    tills = [Revenue(Sender(dao.w3, HOST), dao.deployment).till(model.number) for model in polls.models]
    assert [dao.fml.balance_wei(till) for till in tills] == paid
    assert gauges.paid_wei(epoch, first.number) == paid[0]
    with pytest.raises(NothingDue):
        gauges.pay(first.number)
    assert dao.fml.balance_wei(gauges.address) == TREASURY_WEI - sum(paid)
    before = dao.fml.balance_wei(HOST.address)
    Revenue(Sender(dao.w3, HOST), dao.deployment).sweep(second.number)
    assert dao.fml.balance_wei(HOST.address) == before + 810 * WEI_PER_FML  # it has no documents; a tenth is burned


def test_who_is_paid_first_while_little_is_here_takes_nothing_from_the_others(polls: Polls) -> None:
    """The budget comes a moment later: who was paid before it is paid the rest, and everybody by the same budget."""
    first, second = polls.models
    polls.vote(LARGE, (first, 1_000), (second, 1_500))
    epoch = polls.next_epoch()
    dao, gauges = polls.dao, polls.gauges()
    assert gauges.pay(first.number) == TREASURY_WEI * 3 // 10
    with pytest.raises(NothingDue):
        gauges.pay(first.number)
    dao.fml.transfer(gauges.address, 2 * TERMS.budget_wei)
    assert [gauges.pay(model.number) for model in (second, first)] == [
        TERMS.budget_wei * 3 // 10,
        TERMS.budget_wei * 3 // 10 - TREASURY_WEI * 3 // 10,
    ]
    assert gauges.paid_wei(epoch, first.number) == gauges.paid_wei(epoch, second.number)
    assert gauges.due_wei(epoch, first.number) == gauges.due_wei(epoch, second.number) == 0


def test_terms_that_change_between_two_payments_pay_nobody_more_than_there_is(polls: Polls) -> None:
    first, second = polls.models
    polls.vote(LARGE, (first, 2_500), (second, 2_500))
    dao, gauges = polls.dao, polls.gauges()
    proposal = dao.meet(dao.call(GAUGES, "setTerms", (10_000, 10_000, 0, 50, TERMS.budget_wei)), text="No caps")
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    epoch = polls.next_epoch()
    assert gauges.pay(first.number) == TREASURY_WEI * 3 // 10
    dao.wait(dao.view.vote_ends_at(proposal.number) - dao.rpc.second() + 1)
    dao.by(STRANGER).queue(proposal)
    dao.wait(DAO_TERMS.delay_s)
    dao.by(STRANGER).execute(proposal)
    assert gauges.epoch == epoch + 1
    assert gauges.pay(first.number) == TREASURY_WEI // 5
    assert gauges.pay(second.number) == TREASURY_WEI // 2
    assert dao.fml.balance_wei(gauges.address) == 0


@pytest.mark.parametrize(("percent", "taken_percent"), [(5, 25), (30, 100)])
def test_a_holder_with_models_of_its_own_takes_its_votes_over_a_fifth_of_all_where_nobody_else_votes(
    polls: Polls, percent: int, taken_percent: int
) -> None:
    """By another account, with as many models as its caps take: four are free to list but for their stakes."""
    dao = polls.dao
    models = Models(Sender(dao.w3, HOST), dao.deployment)
    more = [models.list(keccak(bytes([n])), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML) for n in (8, 9)]
    own = (*polls.models, *(replace(polls.models[0], number=number) for number in more))
    holder = dao.by(LARGE).votes
    holder.request_unlock(holder.locked_wei - 10 * percent * 1_000 * WEI_PER_FML)
    rest = dao.by(RIVAL).votes
    dao.fml.transfer(RIVAL.address, 10**24)
    rest.lock(LOCKED_WEI - dao.view.all_votes_wei(dao.rpc.second() - 1))
    polls.next_epoch()
    polls.vote(LARGE, *((model, 2_500) for model in own))
    polls.next_epoch()
    budget = dao.fml.balance_wei(polls.gauges().address)
    assert sum(polls.gauges().pay(model.number) for model in own) == budget * taken_percent // 100


def test_locked_fml_count_once_in_an_epoch_whatever_becomes_of_them(polls: Polls) -> None:
    gauge = polls.tasks[0]
    polls.vote(RIVAL, (gauge, 2_500))
    with pytest.raises(AlreadyVoted):
        polls.vote(RIVAL, (polls.tasks[1], 1))
    votes = polls.dao.by(RIVAL).votes
    votes.delegate(STRANGER.address)
    with pytest.raises(NoVotes):
        polls.vote(STRANGER, (gauge, 2_500))
    votes.request_unlock(votes.locked_wei)
    polls.dao.wait(5 * 86_400)
    polls.dao.by(STRANGER).votes.lock(1_000 * WEI_PER_FML)
    with pytest.raises(NoVotes):
        polls.vote(STRANGER, (gauge, 2_500))
    assert polls.gauges().cast_wei(polls.gauges().epoch, GaugeKind.ARENA) == 62_500 * WEI_PER_FML
    polls.next_epoch()
    with pytest.raises(NoVotes):
        polls.vote(RIVAL, (gauge, 2_500))
    polls.vote(STRANGER, (gauge, 2_500))
    assert polls.gauges().cast_wei(polls.gauges().epoch, GaugeKind.ARENA) == 250 * WEI_PER_FML


def test_nobody_votes_for_its_own_and_a_whale_moves_one_gauge_by_no_more_than_the_caps(polls: Polls) -> None:
    """CREATOR and HOST are refused. LARGE, with three fifths of all votes, acts for them: what it gets is bounded."""
    task, model = polls.tasks[0], polls.models[0]
    with pytest.raises(OwnGauge):
        polls.vote(CREATOR, (task, 100))
    polls.dao.by(PROPOSER).votes.delegate(HOST.address)
    polls.next_epoch()
    with pytest.raises(OwnGauge):
        polls.vote(HOST, (model, 100))
    with pytest.raises(BadParameter, match="bps"):
        polls.vote(LARGE, (task, TERMS.voter_bps + 1))
    with pytest.raises(NotAscending):
        polls.vote(LARGE, (task, TERMS.voter_bps), (task, TERMS.voter_bps))
    polls.vote(LARGE, (task, TERMS.voter_bps), (model, TERMS.voter_bps))
    epoch = polls.next_epoch()
    gauges = polls.gauges()
    assert gauges.votes_wei(epoch, task.source, task.number) == 150_000 * WEI_PER_FML  # all that were cast
    assert gauges.share_bps(epoch, task.source, task.number) == TERMS.gauge_bps
    assert gauges.weigh(task.source, task.number) == 100 + TERMS.boost
    assert gauges.pay(model.number) == TREASURY_WEI * 3 // 10


def test_one_vote_alone_moves_next_to_nothing(polls: Polls) -> None:
    """Of its kind's votes it is all, of a fifth of what is locked it is little."""
    polls.dao.by(STRANGER).votes.lock(10 * WEI_PER_FML)
    polls.next_epoch()
    polls.vote(STRANGER, (polls.tasks[0], 2_500))
    epoch = polls.next_epoch()
    task = polls.tasks[0]
    assert polls.gauges().share_bps(epoch, task.source, task.number) == 0
    assert polls.gauges().weigh(task.source, task.number) == 100


def test_votes_are_for_verified_tasks_and_open_models(polls: Polls) -> None:
    task, model = polls.tasks[0], polls.models[0]
    unknown = replace(task, number=99)
    with pytest.raises(NoGauge):
        polls.vote(LARGE, (unknown, 100))
    with pytest.raises(NotVerified):
        polls.gauges().weigh(unknown.source, unknown.number)
    polls.vote(LARGE, (model, 2_000))
    Models(Sender(polls.dao.w3, HOST), polls.dao.deployment).close(model.number)
    with pytest.raises(NoGauge):
        polls.vote(RIVAL, (model, 100))
    polls.next_epoch()
    with pytest.raises(NoGauge):
        polls.gauges().pay(model.number)
    for ballot in ([], [(task, 0)]):
        with pytest.raises(BadParameter):
            polls.vote(LARGE, *ballot)


def test_nothing_moves_before_an_epoch_is_over(dao: Assembly) -> None:
    gauges = Gauges(Sender(dao.w3, STRANGER), dao.deployment)
    assert gauges.epoch == 0
    for move in (lambda: gauges.weigh(dao.deployment.arena, 1), lambda: gauges.pay(1)):
        with pytest.raises(NoEpochOver):
            move()


def test_the_dao_alone_sets_terms_and_takes_the_budget_back(polls: Polls) -> None:
    dao, gauges = polls.dao, polls.dao.bound(GAUGES, LARGE)
    for name, args in (("setTerms", ((1, 1, 1, 1, 1),)), ("withdraw", (LARGE.address, 1))):
        with pytest.raises(NotAllowed):
            gauges.send(300_000, name, *args)
    back = dao.call(GAUGES, "withdraw", dao.deployment.address(TREASURY), 5)
    dao.pass_(back, dao.call(GAUGES, "setTerms", (10_000, 10_000, 0, 100, 7)), text="Other gauges")
    assert polls.gauges().terms == GaugeTerms(10_000, 10_000, 0, 100, 7)
    assert dao.fml.balance_wei(gauges.address) == TREASURY_WEI - 5


BALLOT = st.lists(st.integers(1, TERMS.voter_bps), min_size=4, max_size=4)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BALLOT, BALLOT, st.integers(1, 400_000))
def test_what_ballots_move_is_the_references_and_never_more_than_there_is(
    polls: Polls, large: list[int], rival: list[int], asked: int
) -> None:
    mark = polls.dao.rpc("evm_snapshot")
    polls = Polls(Assembly(polls.dao.w3, polls.dao.deployment), polls.tasks, polls.models)
    gauges = (*polls.tasks, *polls.models)
    polls.dao.by(LARGE).votes.request_unlock(asked * WEI_PER_FML)
    polls.next_epoch()
    held = {LARGE: (LOCKED[LARGE.address] - asked) * WEI_PER_FML, RIVAL: LOCKED[RIVAL.address] * WEI_PER_FML}
    for key, bps in ((LARGE, large), (RIVAL, rival)):
        polls.vote(key, *zip(gauges, bps, strict=True))
    epoch, contract = polls.next_epoch(), polls.gauges()
    votes = [
        ballot_votes(held[LARGE], one) + ballot_votes(held[RIVAL], two) for one, two in zip(large, rival, strict=True)
    ]
    locked = LOCKED_WEI - asked * WEI_PER_FML
    assert sum(votes) <= sum(held.values())
    for kind, of in ((GaugeKind.ARENA, slice(0, 2)), (GaugeKind.MODEL, slice(2, 4))):
        cast, shares = sum(votes[of]), []
        assert contract.cast_wei(epoch, kind) == cast
        for gauge, votes_wei in zip(gauges[of], votes[of], strict=True):
            shares.append(share_bps(votes_wei, cast, locked, TERMS))
            assert contract.share_bps(epoch, gauge.source, gauge.number) == shares[-1]
        assert sum(shares) <= 10_000
        for gauge, share in zip(gauges[of], shares, strict=True):
            if kind is GaugeKind.ARENA:
                assert contract.weigh(gauge.source, gauge.number) == task_percent(share, TERMS) <= 100 + TERMS.boost
            else:
                assert contract.due_wei(epoch, gauge.number) == model_pay(TREASURY_WEI, share)
                if share:
                    assert contract.pay(gauge.number) == model_pay(TREASURY_WEI, share)
    polls.dao.rpc("evm_revert", mark)
