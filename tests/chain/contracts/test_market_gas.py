"""What the steps of emission and delegation cost, in gas; each figure stands in gas.json."""

from collections.abc import Callable

from emissions import CREATOR, DELAY, DELEGATOR, FML, TASK, Handle, Town

Figure = Callable[[str, int], None]


def test_a_day_of_the_emission_costs_what_it_did(town: Town, gas_figure: Figure) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify_alliance(TASK, 1_000 * FML)
    town.to_day(3)
    town.close_through(1)
    gas_figure("emission_closeDay", town.emission.send("closeDay").gas_used)
    town.market.send("draw", TASK, 1)
    gas_figure("emission_draw", town.market.send("draw", TASK, 2).gas_used)
    town.alliance.send("setStake", TASK, 500 * FML)
    sync = ("sync", town.alliance.address, TASK)
    gas_figure("emission_sync_first_of_a_day", town.emission.send(*sync).gas_used)
    town.alliance.send("setStake", TASK, 700 * FML)
    gas_figure("emission_sync_again", town.emission.send(*sync).gas_used)
    gas_figure("emission_sync_unchanged", town.emission.send(*sync).gas_used)
    town.to_day(11)
    gas_figure("emission_lapse", town.emission.send("lapse", 1).gas_used)


def test_catching_up_on_60_days_fits_one_transaction(town: Town, gas_figure: Figure) -> None:
    town.verify(TASK, 1_000 * FML)
    town.to_day(60)
    gas = town.emission.send("multicall", [town.emission.encode("closeDay")] * 60).gas_used
    gas_figure("emission_closeDay_60_days", gas)
    assert gas < 16_777_216 // 2


def test_the_brake_adds_what_it_does_once_a_day_and_nothing_to_a_stake_that_is_written_down(
    town: Town, gas_figure: Figure
) -> None:
    town.verify(TASK, 1_000 * FML)
    town.brake()
    town.to_day(3)
    town.close_through(1)
    gas_figure("emission_closeDay_braked", town.emission.send("closeDay").gas_used)
    town.market.send("draw", TASK, 1)
    gas_figure("emission_draw_braked", town.market.send("draw", TASK, 2).gas_used)
    town.alliance.send("setStake", TASK, 500 * FML)
    town.emission.send("verify", town.alliance.address, TASK)
    gas_figure("emission_weigh", town.emission.send("weigh", town.market.address, TASK, 150).gas_used)
    town.alliance.send("setStake", TASK, 700 * FML)
    gas_figure("emission_sync_braked", town.emission.send("sync", town.alliance.address, TASK).gas_used)
    pool = town.pool()
    gas_figure("pool_deposit_braked", pool.send("deposit", 1_000 * FML, DELEGATOR.address, by=DELEGATOR).gas_used)


def test_a_delegator_pays_what_it_did(town: Town, gas_figure: Figure) -> None:
    town.verify(TASK, 1_000 * FML)
    opened = town.market.send("openPool", TASK, DELEGATOR.address, 0)
    gas_figure("pool_open", opened.gas_used)
    pool = Handle(town, "DelegationPool", town.market.read("poolOf", TASK, DELEGATOR.address))
    for who in (CREATOR, DELEGATOR):
        town.fml.send("approve", pool.address, 2**256 - 1, by=who)
    deposits = [pool.send("deposit", 1_000 * FML, who.address, by=who).gas_used for who in (CREATOR, DELEGATOR)]
    gas_figure("pool_deposit_first", deposits[0])
    gas_figure("pool_deposit", deposits[1])
    shares = pool.read("balanceOf", DELEGATOR.address)
    gas_figure("pool_requestRedeem", pool.send("requestRedeem", shares, by=DELEGATOR).gas_used)
    town.wait(DELAY)
    call = ("redeem", shares // 2, DELEGATOR.address, DELEGATOR.address)
    gas_figure("pool_redeem", pool.send(*call, by=DELEGATOR).gas_used)
    gas_figure("pool_slash", town.market.send("slash", pool.address, FML).gas_used)
