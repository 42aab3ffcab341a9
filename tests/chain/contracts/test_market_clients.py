"""The typed clients of emission and pools do what they say on the real contracts."""

import pytest
from emissions import CREATOR, DELAY, DELEGATOR, FML, ONLOOKER, TASK, Handle, Town

from fl_alliance.chain.emission import MOST_DAYS, DayBooks, Emission
from fl_alliance.chain.market_refusals import DayNotOver, ERC4626ExceededMaxDeposit, LapseTooEarly, TooManyShares
from fl_alliance.chain.pools import DelegationPool, Redemption
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

WEEK = 7 * 86_400


def emission_of(town: Town) -> Emission:
    return Emission(town.sender(ONLOOKER), town.emission.address)


def pool_of(town: Town, pool: Handle) -> DelegationPool:
    return DelegationPool(town.sender(DELEGATOR), pool.address)


def test_a_keeper_catches_up_on_all_days_that_are_over(town: Town) -> None:
    emission = emission_of(town)
    assert emission.catch_up(town.now) == 0
    town.to_day(MOST_DAYS + 3, 5)
    assert emission.catch_up(town.now) == MOST_DAYS + 3 == emission.closed_days
    assert emission.books()[0] == sum(map(daily_wei, range(MOST_DAYS + 3)))
    assert emission.catch_up(town.now) == 0
    with pytest.raises(DayNotOver):
        emission.close_days()


@pytest.mark.parametrize("count", [0, MOST_DAYS + 1])
def test_a_keeper_asks_for_a_number_of_days_that_fits(town: Town, count: int) -> None:
    with pytest.raises(ValueError, match=f"given {count} days"):
        emission_of(town).close_days(count)


def test_a_keeper_has_an_alliance_task_paid_and_the_rest_burned(town: Town) -> None:
    emission, source = emission_of(town), town.alliance.address
    town.verify_alliance(TASK, 5 * FML)
    town.alliance.send("setStake", TASK, 7 * FML)
    emission.sync(source, TASK)
    assert town.emission.read("stakeGwei", source, TASK, 0) == 7 * FML // GWEI
    town.alliance.send("setAccepted", TASK, town.start)
    town.to_day(1)
    assert emission.close_days() == (daily_wei(0),)
    share = daily_wei(0) // GWEI * GWEI
    assert emission.drawable_wei(source, TASK, 0) == emission.draw(source, TASK, 0) == share
    assert emission.day(0) == DayBooks(0, daily_wei(0), daily_wei(0) - share, emission.day(0).closed_at)
    with pytest.raises(LapseTooEarly):
        emission.lapse(0)
    town.wait(WEEK)
    assert emission.lapse(0) == daily_wei(0) - share


def test_a_delegator_comes_earns_and_goes(town: Town) -> None:
    pool = pool_of(town, town.pool())
    assert pool.deposit(5 * FML) == pool.shares == 5 * FML * 10**6
    assert (pool.worth_wei, pool.assets_wei, pool.sigma_bps) == (5 * FML, 5 * FML, 4_000)
    with pytest.raises(TooManyShares):
        pool.request_redeem(pool.shares + 1)
    asked = pool.request_redeem(pool.shares)
    assert asked == Redemption(pool.shares, town.now + DELAY, town.now + DELAY + 2 * 86_400)
    assert pool.redeem() == 0
    town.wait(DELAY)
    assert pool.redeem() == 5 * FML
    assert pool.redemption() == Redemption(0, 0, 0)
    town.market.send("setEnd", TASK, town.now)
    with pytest.raises(ERC4626ExceededMaxDeposit):
        pool.deposit(FML)


def test_a_delegate_sets_its_part(town: Town) -> None:
    handle = town.pool(delegate=CREATOR)
    town.wait(30 * 86_400)
    DelegationPool(town.sender(CREATOR), handle.address).set_sigma(123)
    assert pool_of(town, handle).sigma_bps == 123
