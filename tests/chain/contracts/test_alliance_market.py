"""The emission pays an Alliance's tasks, and their members' delegators share in it."""

import pytest
from alliance_town import STAKE, AllianceTown
from emissions import CREATOR, DAO, DAY, DELEGATOR, FML, ONLOOKER, Refusal
from federation import Federation, Phase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.rules.alliance_pay import delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

MEMBERS = 5
OWN_WEI = MEMBERS * STAKE * FML
ALLIANCE = 2
"""IEmission.Kind."""
WHOLE = daily_wei(0) // GWEI * GWEI
"""What a single verified task draws of a day."""


def accept_on(allied: AllianceTown, day: int) -> None:
    allied.town.to_day(day, 3_600)
    allied.accept()
    allied.note()


# --- what a task is paid


def test_the_pool_of_a_verified_task_grows_by_the_emissions_wei(allied: AllianceTown) -> None:
    accept_on(allied, 0)
    before = allied.paid.pool
    allied.town.to_day(1)
    assert allied.draw() == {
        "task": allied.task,
        "day": 0,
        "amountWei": WHOLE,
        "fundedWei": WHOLE,
        "delegatedWei": 0,
    }
    assert (allied.paid.pool - before) * GWEI == WHOLE


def test_what_came_from_the_emission_is_paid_out_by_rounds(allied: AllianceTown) -> None:
    accept_on(allied, 0)
    allied.town.to_day(1)
    allied.draw()
    before, pool = sum(allied.paid.balances), allied.paid.pool
    allied.accept()
    paid = sum(allied.paid.balances) - before
    assert 0 <= pool // (200 - 1) - paid < MEMBERS


def test_who_keeps_a_task_waits_for_the_end_of_a_pause_and_loses_nothing_by_it(allied: AllianceTown) -> None:
    """A day is over but not closed, the one before is closed but not drawn."""
    town = allied.town
    brake = town.deploy("Brake", DAO.address, DAO.address)
    town.emission.send("setBrake", brake.address)
    market = AllianceMarket(town.sender(CREATOR), allied.market.address)
    accept_on(allied, 0)
    accept_on(allied, 1)
    town.close_through(0)
    town.to_day(2)
    brake.send("pause")
    town.wait(10 * DAY)
    assert market.keep(allied.task, town.now) == ()
    brake.send("resume")
    assert [(split.day, split.amount_wei) for split in market.keep(allied.task, town.now)] == [
        (1, daily_wei(1) // GWEI * GWEI),
        (0, WHOLE),
    ]


def test_a_task_that_funds_itself_runs_beside_the_verified_one_and_takes_nothing(allied: AllianceTown) -> None:
    allied.town.to_day(0, 60)
    allied.accept(allied.alone)
    allied.note(allied.alone)
    allied.accept()
    pool = allied.alone.pool
    allied.town.to_day(1)
    assert allied.draw()["amountWei"] == WHOLE
    refusal = allied.emission.refusal("draw", allied.market.address, allied.alone.task, 0, by=CREATOR)
    assert refusal == Refusal("NotVerified", (allied.market.address, allied.alone.task))
    assert allied.alone.pool == pool
    assert allied.emission.read("totals", ALLIANCE, 0)[0] * GWEI == OWN_WEI


def test_a_day_without_an_accepted_round_is_burned(allied: AllianceTown) -> None:
    allied.town.to_day(1)
    allied.town.close_through(0)
    refusal = allied.emission.refusal("draw", allied.market.address, allied.task, 0, by=CREATOR)
    assert refusal == Refusal("NothingAccepted", (allied.market.address, allied.task, 0))
    allied.town.to_day(9)
    supply = allied.town.fml.read("totalSupply")
    allied.emission.send("lapse", 0, by=CREATOR)
    assert supply - allied.town.fml.read("totalSupply") == daily_wei(0)


def test_a_rejected_or_void_round_is_no_accepted_one(allied: AllianceTown) -> None:
    terms = {"proposers": 1, "voters": 2, "leader_s": 30 * DAY}
    judged = Federation.create(allied.chain, **terms).start(*[STAKE] * 4)
    allied.emission.send("verify", allied.market.address, judged.task)
    allied.town.to_day(0, 60)
    judged.play((500_000, 400_000), (500_000, 400_000))
    assert judged.state["accepted_at"] == 0
    judged.open()
    allied.town.to_day(0, 60 + judged.params.propose_s + 60)
    allied.chain.send("skipRound", judged.task)
    allied.note(judged)
    allied.town.to_day(1)
    allied.town.close_through(0)
    refusal = allied.emission.refusal("draw", allied.market.address, judged.task, 0)
    assert refusal == Refusal("NothingAccepted", (allied.market.address, judged.task, 0))
    judged.play()
    assert judged.state["accepted_at"] == allied.town.now


def test_an_acceptance_is_known_until_the_next_and_for_good_once_it_is_noted(allied: AllianceTown) -> None:
    def accepted(day: int) -> bool:
        begin = allied.town.start + day * DAY
        return bool(allied.market.read("accepted", allied.task, begin, begin + DAY))

    allied.town.to_day(0, 60)
    allied.accept()
    assert [accepted(day) for day in range(3)] == [True, False, False]
    allied.note()
    allied.town.to_day(1, 60)
    allied.accept()
    assert [accepted(day) for day in range(3)] == [True, True, False]
    allied.town.to_day(2, 60)
    allied.accept()
    assert [accepted(day) for day in range(3)] == [True, False, True]  # nobody noted that of day 1 in time
    assert allied.town.handle("AllianceMarket").events(allied.note(), "AcceptanceNoted")[0]["day"] == 2


def test_an_acceptance_before_day_0_is_none_of_its(allied: AllianceTown) -> None:
    allied.accept()
    receipt = allied.note()
    assert allied.market.events(receipt, "AcceptanceNoted") == []
    allied.town.to_day(1)
    allied.town.close_through(0)
    assert allied.emission.refusal("draw", allied.market.address, allied.task, 0).name == "NothingAccepted"


def test_the_stake_is_what_seated_members_and_their_delegators_have(allied: AllianceTown) -> None:
    assert allied.market.read("stakeWei", allied.task) == OWN_WEI
    pool = allied.open_pool(2)
    allied.deposit(pool, 30 * FML)
    assert allied.market.read("stakeWei", allied.task) == OWN_WEI + 30 * FML
    assert allied.market.read("delegatedWei", allied.task) == 30 * FML
    registering = Federation.create(allied.chain)
    registering.join(STAKE)
    assert allied.market.read("stakeWei", registering.task) == 0
    assert allied.market.refusal("stakeWei", 99).name == "UnknownTask"


# --- what delegators get


def test_delegators_get_the_published_share_and_redeem_more_than_they_put_in(allied: AllianceTown) -> None:
    """f (1 - sigma) del / (own + del), f being the member's part of what the task earns: A (own + del) / S."""
    pool = allied.open_pool(0, sigma_bps=4_000)
    allied.deposit(pool, 40 * FML)
    accept_on(allied, 0)
    allied.town.to_day(1)
    split, staked = allied.draw(), allied.emission.read("stakeGwei", allied.market.address, allied.task, 0)
    due = WHOLE * 40 * 6_000 // (staked * 10_000 // GWEI)
    assert 0 <= split["delegatedWei"] - due <= GWEI
    assert split["fundedWei"] == WHOLE - split["delegatedWei"]
    assert allied.market.read("claimableWei", allied.task, allied.paid.keys[0].address) == split["delegatedWei"]
    assert allied.claim() == split["delegatedWei"]
    assert allied.redeem_all(pool) > 40 * FML + split["delegatedWei"] * 999 // 1_000


SIZE = st.tuples(st.integers(1, 10**5 * FML), st.sampled_from([0, 1, 1_000, 9_999, 10_000]))
"""What is delegated to a member, and its sigma."""


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(SIZE, min_size=1, max_size=4))
def test_the_contract_parts_a_day_as_the_rule_does(
    deployed_alliance_town: AllianceTown, sizes: list[tuple[int, int]]
) -> None:
    from alliance_town import behind_snapshot

    with behind_snapshot(deployed_alliance_town) as allied:
        for member, (amount, sigma) in enumerate(sizes):
            allied.deposit(allied.open_pool(member, sigma), amount)
        accept_on(allied, 0)
        staked = allied.market.read("stakeWei", allied.task)
        allied.town.to_day(1)
        split = allied.draw()
        weights = [delegated_weight(amount, sigma) for amount, sigma in sizes]
        parts = reward_parts(WHOLE, staked // GWEI, sum(weights))
        assert (split["fundedWei"], split["delegatedWei"]) == (parts.pool_wei, parts.delegated_wei)
        shares = [delegators_share(parts.delegated_wei, weight, sum(weights)) for weight in weights]
        assert [allied.claim(member) for member in range(len(sizes))] == shares


def test_days_that_were_drawn_out_of_order_are_paid_by_the_stakes_of_each(allied: AllianceTown) -> None:
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    for day in (0, 1):
        accept_on(allied, day)
        if day == 1:
            pool.send("requestRedeem", pool.read("balanceOf", DELEGATOR.address), by=DELEGATOR)
    allied.town.to_day(2)
    allied.town.close_through(1)
    splits = [allied.draw(day) for day in (1, 0)]
    assert [reward[0] for reward in allied.market.read("rewardsOf", allied.task)] == [1, 0]
    assert allied.claim() == sum(split["delegatedWei"] for split in splits) > 0
    assert allied.claim() == 0


def test_what_nobody_has_a_share_of_any_more_is_burned(allied: AllianceTown) -> None:
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    accept_on(allied, 0)
    shares = pool.read("balanceOf", DELEGATOR.address)
    pool.send("requestRedeem", shares, by=DELEGATOR)
    allied.town.to_day(7, 7_200)
    pool.send("redeem", shares, DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    split, supply = allied.draw(), allied.town.fml.read("totalSupply")
    assert allied.claim() == 0
    assert supply - allied.town.fml.read("totalSupply") == split["delegatedWei"] > 0


def test_a_member_without_a_seat_has_no_delegators_to_speak_of(allied: AllianceTown) -> None:
    """An equivocator loses all it has; from the day on which anybody tells, its delegators earn nothing."""
    pool = allied.open_pool(1)
    allied.deposit(pool, 10 * FML)
    allied.town.to_day(0, 60)
    allied.open(allied.paid)
    allied.chain.send("slashEquivocation", allied.task, equivocation(allied.paid, 1))
    assert allied.paid.balances[1] == 0
    pool.send("report", by=ONLOOKER)
    assert (allied.delegation(1)[2:4], allied.market.read("delegatedWei", allied.task)) == ((0, 0), 0)
    assert pool.read("totalAssets") == 10 * FML  # a slash is at most the member's own balance
    allied.paid.propose()
    allied.chain.send("settle", allied.task, bytes(32), bytes(32), b"")
    allied.note()
    allied.town.to_day(1)
    assert allied.draw()["delegatedWei"] == 0
    assert 10 * FML - 1 <= allied.redeem_all(pool) <= 10 * FML


def equivocation(f: Federation, member: int) -> tuple[object, ...]:
    """Return the proof that a member signed two proposals."""
    first, second = (f.proposal(member, bytes([n]) * 32)[-64:] for n in (1, 2))
    signatures = ((first[:32], first[32:]), (second[:32], second[32:]))
    return (f.round, member, 0, bytes(32), b"\x01" * 32, b"\x02" * 32, *signatures)


def test_a_member_that_left_has_no_delegators_to_speak_of(allied: AllianceTown) -> None:
    pool = allied.open_pool(1)
    allied.deposit(pool, 10 * FML)
    allied.chain.send("leaveTaskWithSignature", allied.task, 1, allied.paid.leave_signature(allied.paid.keys[1]))
    for _ in range(3):
        allied.accept()
    pool.send("report", by=ONLOOKER)
    assert allied.delegation(1)[2:4] == (0, 0)


# --- pools


def test_only_a_seated_member_opens_its_pool_and_once(allied: AllianceTown) -> None:
    key, other = allied.paid.keys[0], allied.paid.keys[1]
    pool = allied.open_pool(0)
    refuses = allied.market.refusal
    assert refuses("openPool", allied.task, 0, 0, by=other) == Refusal("NotMember", (allied.task, 0, other.address))
    assert refuses("openPool", allied.task, 77, 0, by=key) == Refusal("NotMember", (allied.task, 77, key.address))
    assert refuses("openPool", allied.task, 0, 0, by=key) == Refusal(
        "PoolExists", (allied.task, key.address, pool.address)
    )
    registering = Federation.create(allied.chain)
    [early] = registering.join(STAKE)
    assert refuses("openPool", registering.task, 0, 0, by=early) == Refusal("NotSeated", (registering.task, 0))
    assert refuses("claim", allied.task, other.address) == Refusal("NoPool", (allied.task, other.address))
    assert refuses("openPool", allied.task, 1, 10_001, by=other) == Refusal("BadParameter", ("sigmaBps", 10_001))


def test_only_its_pool_tells_what_a_delegate_has(allied: AllianceTown) -> None:
    pool, delegate = allied.open_pool(), allied.paid.keys[0].address
    refusal = allied.market.refusal("onAssets", allied.task, delegate, 10**9 * FML, by=ONLOOKER)
    assert refusal == Refusal("NotAllowed", (ONLOOKER.address, pool.address))


def test_the_end_of_a_task_ends_delegation_and_every_stake_comes_out(allied: AllianceTown) -> None:
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    accept_on(allied, 0)
    allied.paid.finish_by_abandoning()
    assert allied.market.read("endsAt", allied.task) == allied.town.now
    assert allied.market.read("stakeWei", allied.task) == 0
    assert pool.refusal("deposit", FML, DELEGATOR.address, by=DELEGATOR).name == "ERC4626ExceededMaxDeposit"
    assert 10 * FML - 1 <= allied.redeem_all(pool) <= 10 * FML


def test_what_comes_for_a_task_that_has_ended_is_burned_but_for_its_delegators_part(allied: AllianceTown) -> None:
    short = Federation.create(allied.chain, proposers=1, voters=0, rounds=1).start(*[STAKE] * 2)
    allied.emission.send("verify", allied.market.address, short.task)
    allied.town.to_day(0, 60)
    allied.accept(short)
    assert short.phase is Phase.FINISHED
    allied.town.to_day(1)
    allied.town.close_through(0)
    supply = allied.town.fml.read("totalSupply")
    receipt = allied.emission.send("draw", allied.market.address, short.task, 0, by=CREATOR)
    [told] = allied.market.events(receipt, "RewardSplit")
    assert (told["fundedWei"], told["delegatedWei"]) == (0, 0)
    assert supply - allied.town.fml.read("totalSupply") == told["amountWei"] > 0


# --- attacks


def test_who_delegates_after_a_day_shares_in_nothing_of_it(allied: AllianceTown) -> None:
    """Neither before the day is closed, nor just before the draw, nor between draw and claim."""
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    accept_on(allied, 0)
    allied.town.to_day(1, 60)
    due = Refusal("RewardDue", (allied.task, 0))
    late = ("deposit", 1_000 * FML, CREATOR.address)
    assert pool.refusal(*late, by=CREATOR) == due
    allied.town.close_through(0)
    assert pool.refusal(*late, by=CREATOR) == due
    allied.draw()
    assert pool.refusal(*late, by=CREATOR) == due
    earned = allied.claim()
    pool.send(*late, by=CREATOR)
    assert pool.read("convertToAssets", pool.read("balanceOf", CREATOR.address)) <= 1_000 * FML
    assert pool.read("convertToAssets", pool.read("balanceOf", DELEGATOR.address)) >= 10 * FML + earned * 999 // 1_000


def test_who_delegates_at_the_end_of_a_day_is_bound_for_the_delay_and_paid_for_no_day_after_it_left(
    allied: AllianceTown,
) -> None:
    """A day counts for whom its end finds there; so nobody is paid for more ends of days than it was there for."""
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    allied.town.to_day(0, 60)
    allied.accept()
    allied.note()
    allied.town.to_day(0, DAY - 10)
    pool.send("deposit", 10 * FML, CREATOR.address, by=CREATOR)
    shares = pool.read("balanceOf", CREATOR.address)
    pool.send("requestRedeem", shares, by=CREATOR)
    accept_on(allied, 7)
    pool.send("redeem", pool.read("maxRedeem", CREATOR.address), CREATOR.address, CREATOR.address, by=CREATOR)
    weight = allied.delegation()[3]
    allied.town.to_day(8)
    assert allied.market.read("weightAt", allied.task, allied.paid.keys[0].address, 7) == weight
    assert weight == delegated_weight(pool.read("totalAssets"), 0)


def test_no_gift_to_a_pool_keeps_a_delegator_from_leaving(allied: AllianceTown) -> None:
    """More assets than were told last are no new delegator, whatever is due."""
    pool = allied.open_pool()
    allied.deposit(pool, 10 * FML)
    pool.send("requestRedeem", pool.read("balanceOf", DELEGATOR.address) // 10, by=DELEGATOR)
    accept_on(allied, 0)
    allied.town.to_day(7, 7_200)
    allied.town.fml.send("transfer", pool.address, 50 * FML, by=DAO)
    pool.send("redeem", pool.read("maxRedeem", DELEGATOR.address), DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    assert pool.read("totalAssets") > 50 * FML


def test_a_sigma_that_is_raised_after_the_work_is_done_counts_from_the_next_day(allied: AllianceTown) -> None:
    key = allied.paid.keys[0]
    pool = allied.open_pool(0, sigma_bps=0)
    allied.deposit(pool, 10 * FML)
    for day in range(30, 33):
        accept_on(allied, day)
        if day == 31:
            pool.send("setSigma", 10_000, by=key)
        pool.send("report", by=ONLOOKER)
    weights = [allied.market.read("weightAt", allied.task, key.address, day) for day in (30, 31, 32)]
    assert weights == [10 * GWEI * 10_000] * 2 + [0]
    allied.town.to_day(33)
    assert [allied.draw(day)["delegatedWei"] > 0 for day in (30, 31, 32)] == [True, True, False]


def test_nobody_draws_a_day_twice_nor_rewards_a_task_itself(allied: AllianceTown) -> None:
    accept_on(allied, 0)
    allied.town.to_day(1)
    allied.draw()
    refusal = allied.emission.refusal("draw", allied.market.address, allied.task, 0, by=CREATOR)
    assert refusal == Refusal("AlreadyDrawn", (allied.market.address, allied.task, 0))
    forged = allied.market.refusal("onReward", allied.task, 0, 10**9 * FML, by=ONLOOKER)
    assert forged == Refusal("NotAllowed", (ONLOOKER.address, allied.emission.address))


def test_a_market_that_nobody_verified_is_paid_nothing_for_the_same_task(allied: AllianceTown) -> None:
    """Whoever deploys another market over the same Alliance has a source that the emission does not know."""
    real, pools = allied.market.address, allied.town.addresses["DelegationPool"]
    accept_on(allied, 0)
    fake = allied.town.deploy("AllianceMarket", allied.chain.deployment.alliance, allied.emission.address, pools)
    allied.town.addresses["AllianceMarket"] = real
    fake.send("note", allied.task)
    allied.town.to_day(1)
    allied.town.close_through(0)
    refusal = allied.emission.refusal("draw", fake.address, allied.task, 0)
    assert refusal == Refusal("NotVerified", (fake.address, allied.task))
    assert allied.draw()["amountWei"] == WHOLE


def test_a_source_that_draws_again_while_it_is_paid_gets_nothing_more(allied: AllianceTown) -> None:
    town = allied.town
    greedy = town.deploy("GreedySourceHarness", allied.emission.address)
    allied.emission.send("verify", greedy.address, 1)
    accept_on(allied, 0)
    town.to_day(1)
    town.close_through(0)
    drawable = allied.emission.read("drawableWei", greedy.address, 1, 0)
    allied.emission.send("draw", greedy.address, 1, 0, by=ONLOOKER)
    assert (greedy.read("tries"), town.balance(greedy.address)) == (1, drawable)
    assert allied.draw()["amountWei"] > 0


@pytest.mark.parametrize("by", ["the emission's draw", "anybody's contract"])
def test_a_contract_may_fund_a_task_and_do_nothing_else(allied: AllianceTown, by: str) -> None:
    forwarder = allied.town.deploy("Forwarder", allied.chain.deployment.alliance)
    if by == "the emission's draw":
        accept_on(allied, 0)
        allied.town.to_day(1)
        allied.town.close_through(0)
        receipt = allied.emission.send("draw", allied.market.address, allied.task, 0, by=CREATOR)
        funder = allied.market.address
    else:
        data = allied.chain.encode("fund", allied.task, 0)
        receipt = allied.town.sender(DAO).send(forwarder.address, data, 500_000, "fund")
        funder = forwarder.address
    [(_, event)] = allied.chain.events(receipt, "TaskFunded")
    assert event["funder"].lower() == funder.lower()


# --- what it costs


def test_the_steps_of_the_market_cost_what_they_did(allied: AllianceTown, gas_figure: object) -> None:
    figure = gas_figure
    assert callable(figure)
    pool = allied.open_pool()
    first = pool.send("deposit", 10 * FML, DELEGATOR.address, by=DELEGATOR)
    figure("alliance_market_deposit_first", first.gas_used)
    for day in range(2):
        allied.town.to_day(day, 60)
        allied.accept()
        noted = allied.note().gas_used
    figure("alliance_market_note", noted)
    figure("alliance_market_note_again", allied.note().gas_used)
    allied.town.to_day(2)
    allied.town.close_through(1)
    draws = [allied.emission.send("draw", allied.market.address, allied.task, day, by=CREATOR) for day in (0, 1)]
    figure("alliance_market_draw", draws[1].gas_used)
    claimed = allied.market.send("claim", allied.task, allied.paid.keys[0].address, by=CREATOR)
    figure("alliance_market_claim_2_days", claimed.gas_used)
    figure("alliance_market_deposit", pool.send("deposit", FML, CREATOR.address, by=CREATOR).gas_used)
