"""Delegation pools: shares, delayed redemption, slashes, rewards, and what the market is told."""

import os
from collections.abc import Callable

import pytest
from emissions import (
    CREATOR,
    DAO,
    DAY,
    DELAY,
    DELEGATE,
    DELEGATOR,
    FML,
    NEVER,
    ONLOOKER,
    OTHER_TASK,
    TASK,
    Handle,
    Refusal,
    Town,
    refusal_in,
)

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.rules.pools import VIRTUAL_SHARES, assets_for, price_of, shares_burned, shares_for

WINDOW = 2 * DAY
SHARE = VIRTUAL_SHARES
"""Shares that one wei buys while nothing was earned or lost."""


@pytest.fixture
def pool(town: Town) -> Handle:
    """The pool of a training node in task 1, empty."""
    return town.pool()


def deposit(pool: Handle, amount_wei: int, by: NodeKey = DELEGATOR) -> int:
    """Deposit and return the shares bought."""
    before = pool.read("balanceOf", by.address)
    pool.send("deposit", amount_wei, by.address, by=by)
    return pool.read("balanceOf", by.address) - before


def redeem_all(pool: Handle, by: NodeKey = DELEGATOR) -> int:
    """Request, wait, redeem, and return the wei that came."""
    pool.send("requestRedeem", pool.read("balanceOf", by.address), by=by)
    pool.town.wait(DELAY)
    before = pool.town.balance(by.address)
    pool.send("redeem", pool.read("maxRedeem", by.address), by.address, by.address, by=by)
    return pool.town.balance(by.address) - before


def reward(pool: Handle, amount_wei: int) -> int:
    """Let the market reward the pool; return the gas."""
    pool.town.fund(pool.town.market.address, amount_wei)
    return pool.town.market.send("reward", pool.address, amount_wei).gas_used


def state(pool: Handle) -> tuple[int, int]:
    return pool.read("totalAssets"), pool.read("totalSupply")


# --- what it is


def test_a_pool_knows_its_market_task_delegate_and_token(town: Town, pool: Handle) -> None:
    names = ("market", "asset", "delegate")
    expected = (town.market.address, town.fml.address, DELEGATE.address)
    assert tuple(pool.read(name).lower() for name in names) == tuple(address.lower() for address in expected)
    assert [pool.read(name) for name in ("task", "sigmaBps", "withdrawalDelayS", "decimals")] == [
        TASK,
        4_000,
        DELAY,
        24,
    ]
    assert (pool.read("name"), pool.read("symbol")) == ("Delegated FML", "dFML")


def test_a_pool_begins_once_and_its_code_never(town: Town, pool: Handle) -> None:
    code = town.handle("DelegationPool")
    for handle in (pool, code):
        assert handle.refusal("initialize", 1, ONLOOKER.address, 0) == Refusal("InvalidInitialization", ())


def test_pools_of_one_delegate_in_two_tasks_are_two(town: Town, pool: Handle) -> None:
    other = town.pool(OTHER_TASK)
    deposit(pool, 7)
    deposit(other, 5)
    assert (state(pool)[0], state(other)[0]) == (7, 5)


# --- deposits and redemptions


def test_a_deposit_buys_a_million_shares_a_wei_at_first(pool: Handle) -> None:
    assert deposit(pool, 5 * FML) == 5 * FML * SHARE


def test_shares_are_minted_for_what_they_cost(town: Town, pool: Handle) -> None:
    deposit(pool, 5 * FML)
    reward(pool, FML)
    before = town.balance(CREATOR.address)
    cost = price_of(3 * SHARE + 1, *state(pool))
    pool.send("mint", 3 * SHARE + 1, CREATOR.address, by=CREATOR)
    assert before - town.balance(CREATOR.address) == cost


def test_redeeming_takes_a_request_and_a_wait(town: Town, pool: Handle) -> None:
    shares = deposit(pool, 5 * FML)
    me = DELEGATOR.address
    assert pool.read("maxRedeem", me) == pool.read("maxWithdraw", me) == 0
    assert pool.refusal("redeem", 1, me, me, by=DELEGATOR) == Refusal("ERC4626ExceededMaxRedeem", (me, 1, 0))
    pool.send("requestRedeem", shares, by=DELEGATOR)
    ripe = town.now + DELAY
    assert pool.read("requestOf", me) == (shares, ripe, ripe + WINDOW)
    town.wait(DELAY - 1)
    assert pool.refusal("redeem", 1, me, me, by=DELEGATOR) == Refusal("ERC4626ExceededMaxRedeem", (me, 1, 0))
    assert pool.refusal("withdraw", 1, me, me, by=DELEGATOR) == Refusal("ERC4626ExceededMaxWithdraw", (me, 1, 0))
    town.wait(1)
    assert (pool.read("maxRedeem", me), pool.read("maxWithdraw", me)) == (shares, 5 * FML)
    before = town.balance(me)
    pool.send("redeem", shares, me, me, by=DELEGATOR)
    assert town.balance(me) - before == 5 * FML
    assert state(pool) == (0, 0)


def test_no_more_than_requested_is_redeemed(town: Town, pool: Handle) -> None:
    shares = deposit(pool, 5 * FML)
    me = DELEGATOR.address
    pool.send("requestRedeem", shares // 2, by=DELEGATOR)
    town.wait(DELAY)
    pool.send("redeem", shares // 4, me, me, by=DELEGATOR)
    assert pool.read("maxRedeem", me) == shares // 4
    given = shares // 4 + 1
    refused = Refusal("ERC4626ExceededMaxRedeem", (me, given, shares // 4))
    assert pool.refusal("redeem", given, me, me, by=DELEGATOR) == refused
    pool.send("withdraw", pool.read("maxWithdraw", me), me, me, by=DELEGATOR)
    assert pool.read("balanceOf", me) == shares // 2
    assert pool.read("requestOf", me) == (0, 0, 0)


def test_a_request_that_is_not_used_in_time_is_void(town: Town, pool: Handle) -> None:
    """Else one could wait with a ripe request for the slash and leave just before it."""
    shares = deposit(pool, 5 * FML)
    me = DELEGATOR.address
    pool.send("requestRedeem", shares, by=DELEGATOR)
    town.wait(DELAY + WINDOW - 1)
    assert pool.read("maxRedeem", me) == shares
    town.wait(1)
    assert pool.read("maxRedeem", me) == 0
    assert pool.read("requestOf", me) == (0, 0, 0)
    assert redeem_all(pool) == 5 * FML


def test_asking_again_starts_the_wait_anew_and_asking_for_nothing_ends_it(town: Town, pool: Handle) -> None:
    shares = deposit(pool, 5 * FML)
    me = DELEGATOR.address
    pool.send("requestRedeem", shares, by=DELEGATOR)
    town.wait(DELAY - 10)
    pool.send("requestRedeem", 5, by=DELEGATOR)
    assert pool.read("requestOf", me)[:2] == (5, town.now + DELAY)
    pool.send("requestRedeem", 0, by=DELEGATOR)
    assert pool.read("requestOf", me) == (0, 0, 0)
    refused = Refusal("TooManyShares", (shares + 1, shares))
    assert pool.refusal("requestRedeem", shares + 1, by=DELEGATOR) == refused


def test_requested_shares_stay_where_they_are(town: Town, pool: Handle) -> None:
    """Else one ripe request could serve the shares of many accounts."""
    shares = deposit(pool, 5 * FML)
    pool.send("requestRedeem", shares - 3, by=DELEGATOR)
    refused = Refusal("SharesQueued", (DELEGATOR.address, 4, 3))
    assert pool.refusal("transfer", CREATOR.address, 4, by=DELEGATOR) == refused
    pool.send("transfer", CREATOR.address, 3, by=DELEGATOR)
    assert pool.refusal("transfer", CREATOR.address, 1, by=DELEGATOR).name == "SharesQueued"
    assert pool.read("balanceOf", CREATOR.address) == 3
    town.wait(DELAY + WINDOW)
    pool.send("transfer", CREATOR.address, shares - 3, by=DELEGATOR)


def test_who_is_allowed_redeems_for_another_what_that_one_has_requested(town: Town, pool: Handle) -> None:
    shares = deposit(pool, 5 * FML)
    pool.send("requestRedeem", shares, by=DELEGATOR)
    town.wait(DELAY)
    call = ("redeem", shares, CREATOR.address, DELEGATOR.address)
    assert pool.refusal(*call, by=CREATOR).name == "ERC20InsufficientAllowance"
    pool.send("approve", CREATOR.address, shares, by=DELEGATOR)
    before = town.balance(CREATOR.address)
    pool.send(*call, by=CREATOR)
    assert town.balance(CREATOR.address) - before == 5 * FML


def test_no_deposit_after_the_end_of_the_task_but_everybody_gets_out(town: Town, pool: Handle) -> None:
    deposit(pool, 5 * FML)
    town.market.send("setEnd", TASK, town.now + DAY)
    me = DELEGATOR.address
    assert pool.read("maxDeposit", me) == pool.read("maxMint", me) == 2**256 - 1
    town.wait(DAY)
    assert pool.read("maxDeposit", me) == pool.read("maxMint", me) == 0
    assert pool.refusal("deposit", 1, me, by=DELEGATOR) == Refusal("ERC4626ExceededMaxDeposit", (me, 1, 0))
    assert pool.refusal("mint", 1, me, by=DELEGATOR) == Refusal("ERC4626ExceededMaxMint", (me, 1, 0))
    assert redeem_all(pool) == 5 * FML


# --- slashes and rewards


def test_a_slash_takes_from_all_in_proportion(town: Town, pool: Handle) -> None:
    deposit(pool, 3_000 * FML, DELEGATOR)
    deposit(pool, 1_000 * FML, CREATOR)
    before = town.balance(town.market.address)
    town.market.send("slash", pool.address, 400 * FML)
    assert town.balance(town.market.address) - before == 400 * FML
    left = [pool.read("convertToAssets", pool.read("balanceOf", who.address)) for who in (DELEGATOR, CREATOR)]
    assert [2_700 * FML - left[0] <= 1, 900 * FML - left[1] <= 1] == [True, True]


def test_queued_shares_are_slashed_and_earn_until_they_are_redeemed(town: Town, pool: Handle) -> None:
    shares = deposit(pool, 3_000 * FML)
    deposit(pool, 1_000 * FML, CREATOR)
    pool.send("requestRedeem", shares, by=DELEGATOR)
    town.market.send("slash", pool.address, 2_000 * FML)
    town.wait(DELAY)
    reward(pool, 400 * FML)
    expected = assets_for(shares, *state(pool))
    assert 0 <= 1_800 * FML - expected <= 1
    before = town.balance(DELEGATOR.address)
    pool.send("redeem", shares, DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    assert town.balance(DELEGATOR.address) - before == expected


def test_only_the_market_slashes_and_no_more_than_there_is(town: Town, pool: Handle) -> None:
    deposit(pool, 10)
    refused = Refusal("NotAllowed", (ONLOOKER.address, town.market.address))
    assert pool.refusal("slash", 1, by=ONLOOKER) == refused
    assert town.market.refusal("slash", pool.address, 11) == Refusal("SlashTooHigh", (11, 10))
    town.market.send("slash", pool.address, 10)
    assert state(pool) == (0, 10 * SHARE)


def test_a_pool_of_which_next_to_nothing_is_left_takes_no_deposits(town: Town, pool: Handle) -> None:
    """The next depositor would buy shares in such numbers that they could not be counted after a few slashes."""
    deposit(pool, 1_000 * FML)
    town.market.send("slash", pool.address, 1_000 * FML - 10**12 + 1)
    assert pool.read("maxDeposit", CREATOR.address) == 2**256 - 1
    town.market.send("slash", pool.address, 10**6)
    assert pool.read("maxDeposit", CREATOR.address) == 0
    assert redeem_all(pool) > 10**11


def test_a_wiped_pool_lets_its_delegators_close_it(town: Town, pool: Handle) -> None:
    deposit(pool, 1_000 * FML)
    town.market.send("slash", pool.address, 1_000 * FML)
    assert redeem_all(pool) == 0
    assert state(pool) == (0, 0)
    assert deposit(pool, 5) == 5 * SHARE


def test_a_reward_is_shared_by_shares(pool: Handle) -> None:
    deposit(pool, 3_000 * FML, DELEGATOR)
    deposit(pool, 1_000 * FML, CREATOR)
    reward(pool, 100 * FML)
    left = [pool.read("convertToAssets", pool.read("balanceOf", who.address)) for who in (DELEGATOR, CREATOR)]
    assert [0 <= 3_075 * FML - left[0] <= 1, 0 <= 1_025 * FML - left[1] <= 1] == [True, True]


@pytest.mark.slow
def test_a_reward_costs_the_same_for_3_and_for_300_delegators(
    town: Town, pool: Handle, gas_figure: Callable[[str, int], None]
) -> None:
    """For 10,000 too, where FL_ALLIANCE_MANY_DELEGATORS=1 leaves the time for it."""
    sizes = (1, 3, 300, 10_000) if os.environ.get("FL_ALLIANCE_MANY_DELEGATORS") == "1" else (1, 3, 300)
    made, costs = 0, {}
    reward_wei = 1_000 * FML
    town.fund(town.market.address, (len(sizes) + 2) * reward_wei)
    for size in sizes:
        for index in range(made, size):
            pool.send("deposit", FML, NodeKey.derive(12, index).address, by=DAO)
        made = size
        if size == 1:  # the first reward writes where nothing was yet
            town.market.send("reward", pool.address, reward_wei)
        costs[size] = town.market.send("reward", pool.address, reward_wei).gas_used
    assert len(set(costs.values())) == 1, costs
    gas_figure("pool_reward", costs[1])


# --- what the market is told


def test_the_market_hears_of_every_change(town: Town, pool: Handle) -> None:
    def told() -> int:
        return town.market.read("assetsWei", pool.address)

    shares = deposit(pool, 3_000 * FML)
    assert told() == 3_000 * FML
    reward(pool, 100 * FML)
    assert told() == 3_100 * FML
    town.market.send("slash", pool.address, 50 * FML)
    assert told() == 3_050 * FML
    pool.send("requestRedeem", shares, by=DELEGATOR)
    town.wait(DELAY)
    pool.send("redeem", shares // 2, DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    assert told() == state(pool)[0]
    town.fml.send("transfer", pool.address, 7, by=CREATOR)
    assert told() == state(pool)[0] - 7
    pool.send("report", by=ONLOOKER)
    assert told() == state(pool)[0]


def test_delegated_stake_counts_for_the_emission_of_its_day(town: Town, pool: Handle) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 1_000 * FML)
    town.to_day(1, -100)
    deposit(pool, 2_000 * FML)
    town.to_day(1)
    town.market.send("slash", pool.address, 1_000 * FML)
    town.to_day(2)
    town.close_through(1)
    here = town.market.address
    assert [town.emission.read("stakeGwei", here, TASK, day) for day in (0, 1)] == [3_000 * 10**9, 2_000 * 10**9]


# --- sigma


def test_only_the_delegate_sets_sigma(town: Town) -> None:
    pool = town.pool(delegate=CREATOR)
    town.wait(30 * DAY)
    assert pool.refusal("setSigma", 1, by=DAO) == Refusal("NotAllowed", (DAO.address, CREATOR.address))
    pool.send("setSigma", 1, by=CREATOR)
    assert pool.read("sigmaBps") == 1


def test_sigma_changes_once_in_30_days(town: Town) -> None:
    pool = town.pool(delegate=CREATOR)
    made = town.now - 3  # three approvals since
    town.wait(30 * DAY - 10)
    assert pool.refusal("setSigma", 1, by=CREATOR) == Refusal("SigmaFrozen", (town.now, made + 30 * DAY))
    town.wait(10)
    pool.send("setSigma", 10_000, by=CREATOR)
    changed = town.now
    town.wait(30 * DAY - 1)
    assert pool.refusal("setSigma", 1, by=CREATOR) == Refusal("SigmaFrozen", (town.now, changed + 30 * DAY))
    pool.send("setSigma", 0, by=CREATOR)
    assert town.now == changed + 30 * DAY


def test_sigma_is_a_share(town: Town) -> None:
    pool = town.pool(delegate=CREATOR)
    town.wait(30 * DAY)
    assert pool.refusal("setSigma", 10_001, by=CREATOR) == Refusal("BadParameter", ("sigmaBps", 10_001))
    assert town.market.refusal("openPool", TASK, DAO.address, 10_001) == Refusal("BadParameter", ("sigmaBps", 10_001))


def test_sigma_is_frozen_from_two_days_before_to_two_days_after_the_end(town: Town) -> None:
    pool = town.pool(delegate=CREATOR)
    end = town.now + 100 * DAY
    town.market.send("setEnd", TASK, end)
    town.wait(end - 2 * DAY - 2 - town.now)
    mark = town.rpc("evm_snapshot")
    pool.send("setSigma", 1, by=CREATOR)  # in the last second before it is frozen
    assert town.now == end - 2 * DAY - 1
    town.rpc("evm_revert", mark)
    town.senders.clear()  # their numbers went back too
    for second in (end - 2 * DAY, end, end + 2 * DAY - 1):
        town.wait(second - town.now)
        assert pool.refusal("setSigma", 1, by=CREATOR) == Refusal("SigmaFrozen", (town.now, end + 2 * DAY))
    pool.send("setSigma", 1, by=CREATOR)
    assert town.now == end + 2 * DAY


def test_a_change_of_sigma_does_not_reach_back(town: Town) -> None:
    pool = town.pool(delegate=CREATOR, sigma_bps=1_000)
    town.wait(30 * DAY)
    pool.send("setSigma", 9_000, by=CREATOR)
    changed = town.now
    assert [pool.read("sigmaBpsAt", second) for second in (changed - 1, changed, NEVER)] == [1_000, 9_000, 9_000]


# --- attacks


@pytest.mark.parametrize("sent_fml", [1, 1_000, 100_000])
def test_who_makes_shares_dear_loses_more_than_the_victim(town: Town, pool: Handle, sent_fml: int) -> None:
    """The inflation attack: one wei in, a gift to the pool, and the next deposit is rounded down.

    The attacker owns a million shares, the virtual owner another million: half of the gift is lost to nobody at
    once. The victim loses less than the value of one share, a two-millionth of the gift.
    """
    attacker, victim, gift, stake = CREATOR, DELEGATOR, sent_fml * FML, FML
    deposit(pool, 1, attacker)
    town.fml.send("transfer", pool.address, gift, by=attacker)
    shares = deposit(pool, stake, victim)
    assert shares == shares_for(stake, gift + 1, SHARE) > 0
    loss = stake - pool.read("convertToAssets", shares)
    share_value = gift // (2 * SHARE) + 1
    assert 0 <= loss <= share_value
    attacker_loss = 1 + gift - redeem_all(pool, attacker)
    assert attacker_loss >= gift // 2 - share_value
    assert attacker_loss > 100_000 * loss


def test_a_deposit_that_would_buy_no_share_is_refused(town: Town, pool: Handle) -> None:
    """The victim keeps it; it took a gift of two million times as much, of which half is nobody's now."""
    stake = 10**9
    deposit(pool, 1, CREATOR)
    town.fml.send("transfer", pool.address, 2 * SHARE * stake - 2, by=CREATOR)
    assert pool.read("previewDeposit", stake) == 1
    town.fml.send("transfer", pool.address, 1, by=CREATOR)
    me = DELEGATOR.address
    assert pool.refusal("deposit", stake, me, by=DELEGATOR) == Refusal("NoShares", (stake,))
    assert pool.refusal("deposit", 0, me, by=DELEGATOR) == Refusal("NoShares", (0,))
    assert redeem_all(pool, CREATOR) <= SHARE * stake


def test_rounding_never_pays(town: Town, pool: Handle) -> None:
    """Turning wei into shares and back, whichever way, brings nothing."""
    deposit(pool, 10 * FML + 7, CREATOR)
    reward(pool, FML // 3)
    assets, supply = state(pool)
    for amount in (1, 7, 10**9, FML + 1):
        assert assets_for(shares_for(amount, assets, supply), assets, supply) <= amount
        shares = pool.read("previewDeposit", amount)
        assert shares == shares_for(amount, assets, supply)
        assert pool.read("previewMint", shares) == price_of(shares, assets, supply) <= amount
        assert pool.read("previewWithdraw", amount) == shares_burned(amount, assets, supply) >= shares
        assert pool.read("previewRedeem", shares) == assets_for(shares, assets, supply) <= amount


def test_nobody_else_speaks_for_a_pool(town: Town, pool: Handle) -> None:
    deposit(pool, 5)
    data = town.market.encode("onAssets", TASK, DELEGATE.address, 10**30)
    with pytest.raises(TransactionReverted, match="not the pool"):
        town.sender(ONLOOKER).send(town.market.address, data, 200_000, "onAssets")


def test_the_delay_has_a_range(town: Town) -> None:
    town.deploy("DelegationPool", town.fml.address, 30 * DAY)
    with pytest.raises(TransactionReverted) as refused:
        town.deploy("DelegationPool", town.fml.address, 30 * DAY + 1)
    given = Refusal("BadParameter", ("withdrawalDelayS", 30 * DAY + 1))
    assert refusal_in(refused.value.data) == given
