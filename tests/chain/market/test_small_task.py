"""A whole small task through the typed clients: every claim follows from the rules, and every wei is somewhere."""

from dataclasses import replace

import pytest
from fair import (
    CREATOR,
    DAO,
    DATASET_B,
    DELEGATOR,
    FML,
    NODES,
    OUTSIDER,
    PARAMS,
    PURSE_WEI,
    SALT,
    SUPPLY_WEI,
    VALIDATORS,
    Fair,
    Task,
)

from fl_alliance.chain.alliance_refusals import NothingThere, TooEarly
from fl_alliance.chain.arena_states import Claim, DayResult, DayState, StakeState, TaskState
from fl_alliance.chain.arena_types import NO_POOL, Phase, Role, Verdict
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.market_events import arena_events
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import held, paid, task_pools, validator_shares
from fl_alliance.chain.rules.delegation import delegate_keeps
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.rules.ranking import node_shares

SCORES = (100, 200)
SIGMA_BPS = 4_000
OWN_WEI, DELEGATED_WEI = 1_000 * FML, 500 * FML
NODE_SHARES = node_shares([OWN_WEI + DELEGATED_WEI, OWN_WEI], PARAMS.rank_wad, PARAMS.power_halves)
VALIDATOR_SHARES = validator_shares([10**18 // 2, 10**18 // 2], PARAMS.paid_validators)
"""Of two who say the same: half of F for each."""


def node_claim(pool_wei: int, index: int, fee_wei: int) -> Claim:
    earned_wei = paid(pool_wei, NODE_SHARES[index])
    kept_wei = delegate_keeps(earned_wei, SIGMA_BPS, OWN_WEI, DELEGATED_WEI) if index == 0 else earned_wei
    return Claim(kept_wei, fee_wei, earned_wei - kept_wei)


def validator_claim(pool_wei: int, index: int) -> Claim:
    return Claim(paid(pool_wei, VALIDATOR_SHARES[index]), 0, 0)


def claims(task: Task, day: int) -> list[Claim]:
    """Let an outsider have everybody paid, nodes first."""
    arena = task.fair.arena(OUTSIDER)
    return [arena.claim(task.number, day, key.address) for key in (*NODES, *VALIDATORS)]


def due(result: DayResult, fee_wei: int) -> list[Claim]:
    """What the rules say that everybody is paid of what a day pays now, nodes first."""
    nodes = [node_claim(result.nodes_now_wei, index, fee_wei) for index in range(2)]
    return nodes + [validator_claim(result.validators_now_wei, index) for index in range(2)]


def test_a_task_of_one_day_pays_to_the_wei_what_the_rules_say(task: Task) -> None:
    fair = task.fair
    fair.emission(DAO).verify(fair.deployment.arena, task.number)
    pool = fair.arena(NODES[0]).open_pool(task.number, SIGMA_BPS)
    fair.pool(DELEGATOR, pool).deposit(DELEGATED_WEI)
    before = fair.balances()

    task.submit()
    task.score(0, *SCORES)
    assert task.settle(0) == 1
    first = task.close(0)
    reward_wei = daily_wei(1) + PARAMS.daily_wei
    nodes_wei, validators_wei = task_pools(reward_wei, 2 * OWN_WEI, 2 * OWN_WEI, PARAMS.floor_bps)
    now = (held(nodes_wei, PARAMS.now_bps), held(validators_wei, PARAMS.now_bps))
    assert first == DayResult(reward_wei, daily_wei(1), *now[0], *now[1])
    paid_first = claims(task, 0)
    assert paid_first == due(first, PARAMS.submission_fee_wei)

    fair.arena(OUTSIDER).reveal_dataset_b(task.number, DATASET_B, SALT)
    assert fair.arena(OUTSIDER).enter_final(task.number, [key.address for key in NODES]) == {
        key.address: place for place, key in enumerate(NODES)
    }
    waiting = fair.arena(OUTSIDER).state(task.number)
    task.score(1, *SCORES)
    task.settle(1)
    # What day 0 pushed to the pool came after the B day had begun, whose shares go by stakes as they stood before.
    last = task.close(1)
    pool_parts = task_pools(waiting.pool_wei, 2 * OWN_WEI, 2 * OWN_WEI, PARAMS.floor_bps)
    assert last == DayResult(
        waiting.held_nodes_wei + waiting.held_validators_wei + waiting.pool_wei,
        0,
        waiting.held_nodes_wei + pool_parts[0],
        0,
        waiting.held_validators_wei + pool_parts[1],
        0,
    )
    paid_last = claims(task, 1)
    assert paid_last == due(last, 0)

    arenas = [fair.arena(key) for key in (*NODES, *VALIDATORS)]
    assert [arena.unlock(task.number) for arena in arenas] == [OWN_WEI] * 4
    assert fair.arena(CREATOR).unlock(task.number) == PARAMS.creator_stake_wei
    earned = {
        key.address: first_claim.paid_wei + last_claim.paid_wei + OWN_WEI
        for key, first_claim, last_claim in zip((*NODES, *VALIDATORS), paid_first, paid_last, strict=True)
    }
    earned[CREATOR.address] = PARAMS.creator_stake_wei
    after = fair.balances()
    assert {address: after[address] - before[address] for address in before} == {
        address: earned.get(address, 0) for address in before
    }
    minted, paid_wei, burned = fair.emission().books()
    left_wei = sum(fair.emission().day(day).left_wei for day in range(3))
    assert (minted, paid_wei) == (sum(map(daily_wei, range(3))), daily_wei(1))
    pool_wei = fair.pool(DELEGATOR, pool).assets_wei
    assert pool_wei == DELEGATED_WEI + paid_first[0].pushed_wei + paid_last[0].pushed_wei
    dust_wei = burned_by_task(task)
    assert fair.fml(DAO).balance_wei(fair.deployment.arena) == 0
    assert fair.fml(DAO).total_supply_wei == SUPPLY_WEI + minted - burned - dust_wei
    everybody = sum(after.values()) + fair.fml(DAO).balance_wei() + pool_wei + left_wei
    assert everybody == fair.fml(DAO).total_supply_wei


def burned_by_task(task: Task) -> int:
    """What the last day had and nobody could claim: what rounding left."""
    fair = task.fair
    found = [event for event in arena_events(fair.rpc, fair.deployment, 0, fair.head) if event.name == "TaskCompleted"]
    assert [event.values["task"] for event in found] == [task.number]
    return int(found[0].values["burnedWei"])


def test_everybody_can_read_a_task_as_it_goes(task: Task) -> None:
    fair, number = task.fair, task.number
    view = ArenaView(fair.rpc, fair.deployment.arena)
    assert (view.task_count, view.min_creator_stake_wei) == (1, 100 * FML)
    assert (view.fml, view.emission) == (fair.deployment.fml, fair.deployment.emission)
    assert view.params(number) == PARAMS
    staked_wei = PARAMS.creator_stake_wei + 4 * OWN_WEI
    assert view.state(number) == TaskState(
        Phase.ACTIVE, CREATOR.address, 0, bytes(32), False, staked_wei, staked_wei, 0, PARAMS.daily_wei, 0, 0, 0
    )
    mine = fair.arena(VALIDATORS[0]).my(number)
    key = VALIDATORS[0].vrf.public_x
    weight = OWN_WEI // 10**9
    assert mine == StakeState(Role.VALIDATOR, OWN_WEI, 0, 0, mine.locked_until, weight, NO_POOL, key, WORST, 0, 0)
    assert not mine.has_pool
    assert view.stake_of(number, OUTSIDER.address).role is Role.NONE
    assert view.day_at(number, 0) == task.times(0).submit_at
    assert view.ends_at(number) == view.day_at(number, 1) == task.times(0).over_at == task.times(1).submit_at

    task.submit()
    alpha = view.score_alpha(number, 0)
    assert alpha != view.score_alpha(number, 1)
    submissions = view.submissions(number, 0)
    assert [(one.node, one.verdict, one.digest) for one in submissions] == [
        (key.address, Verdict.REVEALED, task.model(key)) for key in NODES
    ]
    places = [view.entry_of(number, 0, key.address) for key in (*NODES, OUTSIDER)]
    assert places == [0, 1, None]
    task.score(0, *SCORES)
    day = view.day_state(number, 0)
    assert day == DayState(2, 0, 2, 2, 0, False, day.digest, 0, 0, 0, 0)
    assert (day.left, any(day.digest)) == (4, True)
    assert [(one.validator, one.is_revealed, one.quota) for one in view.validations(number, 0)] == [
        (key.address, True, 2) for key in VALIDATORS
    ]
    task.settle(0)
    assert view.ranking(number, 0) == (0, 1)
    assert [(one.verdict, one.score) for one in view.submissions(number, 0)] == [
        (Verdict.RANKED, score) for score in SCORES
    ]
    best = view.stake_of(number, NODES[1].address)
    assert (best.best_score, best.best_day, best.best_place) == (200, 0, 1)
    assert view.day_state(number, 0).left == 0
    assert fair.arena(OUTSIDER).settle_all(number, 0) == 0


def test_a_validator_knows_its_places_before_it_commits(fair: Fair) -> None:
    task = Task.created(fair, replace(PARAMS, validator_limit=2))
    task.submit()
    fair.wait_until(task.times(0).score_at)
    assert fair.arena(NODES[0]).quota(task.number) == 0
    known = [fair.arena(key).assignment(task.number, 0) for key in VALIDATORS]
    task.score(0, *SCORES)
    found = fair.arena(OUTSIDER).validations(task.number, 0)
    assert [one.quota for one in found] == [len(places) for places in known] == [1, 1]
    assert [one.start for one in found] == [places[0] for places in known]
    task.settle(0)
    verdicts = [one.verdict for one in fair.arena(OUTSIDER).submissions(task.number, 0)]
    scored = {place for places in known for place in places}
    assert verdicts == [Verdict.RANKED if place in scored else Verdict.UNSCORED for place in range(2)]


def test_a_day_is_settled_in_batches_by_whoever_likes(task: Task) -> None:
    task.submit()
    task.score(0, *SCORES)
    arena = task.fair.arena(OUTSIDER)
    task.fair.wait_until(task.times(0).settle_at)
    assert [arena.settle(task.number, 0, 1) for _ in range(4)] == [3, 2, 1, 0]
    with pytest.raises(NothingThere):
        arena.settle(task.number, 0, 1)


def test_a_task_that_is_cancelled_gives_everybody_back_what_it_put_in(task: Task) -> None:
    fair = task.fair
    fair.arena(CREATOR).cancel(task.number)
    assert fair.arena(OUTSIDER).state(task.number).phase is Phase.CANCELLED
    for key in (CREATOR, *NODES, *VALIDATORS):
        fair.arena(OUTSIDER).unlock(task.number, key.address)
    assert set(fair.balances().values()) == {PURSE_WEI}


def test_a_locked_stake_weighs_more_and_stays(fair: Fair) -> None:
    task = Task.created(fair)
    found = fair.arena(NODES[0]).stake(task.number, Role.NODE, 10 * FML, lock_days=365)
    assert found.own_wei == 1_010 * FML
    assert found.weight_gwei == 1_010 * 10**9 * (36_500 + 219 * 335) // 36_500
    assert found.locked_until == fair.now + 365 * 86_400
    for day in range(2):
        task.close(day)
    with pytest.raises(TooEarly) as refused:
        fair.arena(NODES[0]).unlock(task.number)
    assert refused.value.values["from"] == found.locked_until
    fair.wait_until(found.locked_until)
    assert fair.arena(NODES[0]).unlock(task.number) == 1_010 * FML


def test_nothing_more_than_a_call_takes_is_approved(task: Task) -> None:
    fair = task.fair
    for key in (CREATOR, *NODES, *VALIDATORS):
        assert fair.fml(key).allowance_wei(fair.deployment.arena) == 0
    fair.fml(NODES[0]).approve(fair.deployment.arena, 5 * FML)
    fair.wait_until(task.times(0).submit_at)
    task.commit(NODES[0])
    assert fair.fml(NODES[0]).allowance_wei(fair.deployment.arena) == 3 * FML
