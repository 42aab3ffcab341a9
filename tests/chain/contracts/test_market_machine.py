"""Random days of delegators, a market and a DAO, step by step, through the contracts and through the rules.

Both take or refuse each step alike, every wei is where the model says, and none comes from nowhere. The steps that
succeed are counted, and so are the refusals: an invariant that no step could break proves nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from emissions import CREATOR, DAO, DELAY, DELEGATE, DELEGATOR, FML, OTHER_TASK, SUPPLY, TASK, Handle, Town
from emissions import behind_snapshot as behind
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from machines import play_machine
from market_model import ALLIANCE, ARENA, DAY, Emission, Pool

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rules.consensus import BPS

DELEGATES = (DELEGATE, NodeKey.derive(11, 1))
PLACES = ((TASK, 0), (TASK, 1), (OTHER_TASK, 0))
PEOPLE = (DAO, CREATOR, DELEGATOR)
AMOUNT = st.integers(1, 5_000 * FML) | st.integers(0, 10**12) | st.sampled_from([0, FML, 1_000 * FML])
PART = st.sampled_from([0, 1, 2_500, 5_000, 9_999, BPS, BPS + 1])
WHERE, WHO = st.sampled_from(range(len(PLACES))), st.sampled_from(PEOPLE)
ARENA_TASK, RECENT = st.sampled_from([TASK, OTHER_TASK]), st.integers(0, 3)


class MarketMachine(RuleBasedStateMachine):
    """Two Arena tasks with three pools and an Alliance task, from an hour before day 0 on."""

    deployed: ClassVar[Town]
    done: ClassVar[Counter[str]]
    refused: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.frame = behind(self.deployed)
        self.town = self.frame.__enter__()
        self.handles = [self.town.pool(task, DELEGATES[index]) for task, index in PLACES]
        self.pools = [Pool(DELAY) for _ in PLACES]
        self.emission = Emission(self.town.start)
        self.town.brake()
        self.own, self.alliance_wei, self.accepted_at = {TASK: 0, OTHER_TASK: 0}, 0, 0
        self.people = {key.address: self.town.balance(key.address) for key in PEOPLE}
        self.market_wei = self.source_wei = 0
        for task, stake in ((TASK, 1_000 * FML), (OTHER_TASK, 2_500 * FML)):
            self.set_stake(task, stake)
            self.verify((ARENA, task))
        self.set_alliance_stake(700 * FML)
        self.verify((ALLIANCE, TASK))
        for where in range(len(PLACES)):
            for who in PEOPLE[where:]:
                self.deposit(where, who, 1_000 * FML)

    # --- how steps are tried

    def attempt(self, model: Callable[[int], str | None], to: Handle, name: str, *args: object, by: NodeKey) -> bool:
        """Send, compare with what the model says at the block's second, and tell whether it succeeded."""
        expected, found = model(self.town.now + 1), None
        try:
            to.send(name, *args, by=by)
        except TransactionReverted as reverted:
            self.town.senders.clear()
            found = custom_errors()[reverted.data[:4]].name
        assert found == expected, (name, args)
        (self.done if found is None else self.refused)[name if found is None else found] += 1
        return found is None

    def stake_of(self, task: tuple[str, int]) -> int:
        if task[0] == ALLIANCE:
            return self.alliance_wei
        pools = [pool.assets for pool, (number, _) in zip(self.pools, PLACES, strict=True) if number == task[1]]
        return self.own[task[1]] + sum(pools)

    def source(self, task: tuple[str, int]) -> Handle:
        return self.town.alliance if task[0] == ALLIANCE else self.town.market

    def told(self, where: int) -> None:
        """A pool's assets changed, and the market heard of it."""
        task = (ARENA, PLACES[where][0])
        self.emission.sync(task, self.stake_of(task), self.town.now)

    # --- delegators

    @rule(where=WHERE, who=WHO, amount=AMOUNT)
    def deposit(self, where: int, who: NodeKey, amount: int) -> None:
        pool, me, brake = self.pools[where], who.address, self.emission.brake

        def model(now: int) -> str | None:
            return "ERC4626ExceededMaxDeposit" if amount and now < brake.until() else pool.deposit(me, amount)

        if self.attempt(model, self.handles[where], "deposit", amount, me, by=who):
            self.people[me] -= amount
            self.told(where)

    @rule(where=WHERE, who=WHO, part=PART)
    def request(self, where: int, who: NodeKey, part: int) -> None:
        pool, me = self.pools[where], who.address
        shares = pool.held(me) * part // BPS
        self.attempt(lambda now: pool.request(me, shares, now), self.handles[where], "requestRedeem", shares, by=who)

    @rule(where=WHERE, who=WHO, part=PART)
    def redeem(self, where: int, who: NodeKey, part: int) -> None:
        pool, me, before = self.pools[where], who.address, self.pools[where].assets
        shares = pool.requested(me, self.town.now)[0] * part // BPS
        step = ("redeem", shares, me, me)
        if self.attempt(lambda now: pool.redeem(me, shares, now), self.handles[where], *step, by=who):
            self.people[me] += before - pool.assets
            self.told(where)

    @rule(where=WHERE, who=WHO, part=PART)
    def withdraw(self, where: int, who: NodeKey, part: int) -> None:
        pool, me = self.pools[where], who.address
        amount = pool.worth(pool.requested(me, self.town.now)[0]) * part // BPS
        step = ("withdraw", amount, me, me)
        if self.attempt(lambda now: pool.withdraw(me, amount, now), self.handles[where], *step, by=who):
            self.people[me] += amount
            self.told(where)

    @rule(where=WHERE, who=WHO, part=PART)
    def request_wait_and_redeem(self, where: int, who: NodeKey, part: int) -> None:
        """What delegators do all the time and chance does seldom."""
        self.request(where, who, part)
        self.town.wait(DELAY)
        self.redeem(where, who, BPS)

    @rule(where=WHERE, who=WHO)
    def be_hasty(self, where: int, who: NodeKey) -> None:
        """Ask for everything, and try to have it before it is time."""
        self.request(where, who, BPS)
        self.withdraw(where, who, BPS)
        self.redeem(where, who, BPS)
        self.transfer(where, who, DELEGATOR, 5_000)
        self.request(where, who, BPS + 1)

    @rule(where=WHERE, who=WHO, to=WHO, part=PART)
    def transfer(self, where: int, who: NodeKey, to: NodeKey, part: int) -> None:
        pool, shares = self.pools[where], self.pools[where].held(who.address) * part // BPS
        step = ("transfer", to.address, shares)
        self.attempt(
            lambda now: pool.transfer(who.address, to.address, shares, now), self.handles[where], *step, by=who
        )

    @rule(where=WHERE, who=WHO, amount=AMOUNT)
    def give(self, where: int, who: NodeKey, amount: int) -> None:
        """A plain transfer, of which the pool tells the market when anybody asks it to."""
        self.town.fml.send("transfer", self.handles[where].address, amount, by=who)
        self.handles[where].send("report", by=who)
        self.people[who.address] -= amount
        self.pools[where].assets += amount
        self.told(where)
        self.done["give"] += 1

    # --- the market

    @rule(where=WHERE, part=PART)
    def slash(self, where: int, part: int) -> None:
        pool = self.pools[where]
        amount = pool.assets * part // BPS
        step = ("slash", self.handles[where].address, amount)
        if self.attempt(lambda _: pool.slash(amount), self.town.market, *step, by=DAO):
            self.market_wei += amount
            self.told(where)

    @rule(where=WHERE, who=WHO)
    def lose_all(self, where: int, who: NodeKey) -> None:
        """The market takes everything, and somebody would still come in."""
        self.slash(where, BPS)
        self.deposit(where, who, FML)

    @rule(where=WHERE, part=st.integers(0, BPS))
    def reward(self, where: int, part: int) -> None:
        amount = self.market_wei * part // BPS
        self.town.market.send("reward", self.handles[where].address, amount)
        self.market_wei -= amount
        self.pools[where].assets += amount
        self.told(where)
        self.done["reward"] += 1

    @rule(task=ARENA_TASK, amount=AMOUNT)
    def set_stake(self, task: int, amount: int) -> None:
        self.town.market.send("setStake", task, amount)
        self.own[task] = amount
        self.emission.sync((ARENA, task), self.stake_of((ARENA, task)), self.town.now)

    @rule(amount=AMOUNT)
    def set_alliance_stake(self, amount: int) -> None:
        self.town.alliance.send("setStake", TASK, amount)
        self.town.emission.send("sync", self.town.alliance.address, TASK, by=CREATOR)
        self.alliance_wei = amount
        self.emission.sync((ALLIANCE, TASK), amount, self.town.now)

    # --- days

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.town.wait(hours * 3_600)

    @rule()
    def close_day(self) -> None:
        self.attempt(self.emission.close, self.town.emission, "closeDay", by=CREATOR)

    @rule(task=ARENA_TASK, back=RECENT)
    def draw(self, task: int, back: int) -> None:
        day, paid = max(0, len(self.emission.days) - back), self.emission.paid
        step = ("draw", task, day)
        self.attempt(lambda now: self.emission.draw((ARENA, task), day, now), self.town.market, *step, by=DAO)
        self.market_wei += self.emission.paid - paid

    @rule()
    def live_a_day(self) -> None:
        """What everybody does every day."""
        self.town.wait(DAY)
        self.close_day()
        self.draw(TASK, 1)
        self.accept_and_draw(1)

    @rule(back=st.integers(1, 3))
    def accept_and_draw(self, back: int) -> None:
        """The Alliance has a round accepted on a closed day, and anybody draws for it."""
        day, paid = len(self.emission.days) - back, self.emission.paid
        if day < 0:
            return
        self.town.alliance.send("setAccepted", TASK, self.town.start + day * DAY)
        step = ("draw", self.town.alliance.address, TASK, day)
        self.attempt(lambda now: self.emission.draw((ALLIANCE, TASK), day, now), self.town.emission, *step, by=CREATOR)
        self.source_wei += self.emission.paid - paid

    @rule(back=st.integers(0, 12))
    def lapse(self, back: int) -> None:
        day = max(0, len(self.emission.days) - back)
        self.attempt(lambda now: self.emission.lapse(day, now), self.town.emission, "lapse", day, by=CREATOR)

    @rule()
    def lapse_what_is_due(self) -> None:
        """A week goes by, and the oldest day of which something is left lapses."""
        days = [number for number, day in enumerate(self.emission.days) if day.left]
        if days:
            self.town.wait(7 * DAY)
            self.lapse(len(self.emission.days) - days[0])

    # --- the DAO

    @rule(task=st.sampled_from([(ARENA, OTHER_TASK), (ALLIANCE, TASK)]))
    def unverify(self, task: tuple[str, int]) -> None:
        step = ("unverify", self.source(task).address, task[1])
        self.attempt(lambda now: self.emission.unverify(task, now), self.town.emission, *step, by=DAO)

    @rule(task=st.sampled_from([(ARENA, OTHER_TASK), (ALLIANCE, TASK)]))
    def verify(self, task: tuple[str, int]) -> None:
        stake, step = self.stake_of(task), ("verify", self.source(task).address, task[1])
        self.attempt(lambda now: self.emission.verify(task, stake, now), self.town.emission, *step, by=DAO)

    @rule(bps=st.integers(8_000, BPS))
    def lower(self, bps: int) -> None:
        self.attempt(lambda now: self.emission.lower(bps, now), self.town.emission, "lower", bps, by=DAO)

    @rule(halves=st.integers(0, 5))
    def set_power(self, halves: int) -> None:
        self.attempt(lambda now: self.emission.set_power(halves, now), self.town.emission, "setPower", halves, by=DAO)

    @rule(task=st.sampled_from([(ARENA, TASK), (ARENA, OTHER_TASK), (ALLIANCE, TASK)]), percent=st.integers(99, 201))
    def weigh(self, task: tuple[str, int], percent: int) -> None:
        """Gauge votes, of which the DAO's account is the contract here."""
        step = ("weigh", self.source(task).address, task[1], percent)
        self.attempt(lambda now: self.emission.weigh(task, percent, now), self.town.emission, *step, by=DAO)

    # --- the guardian

    @rule(hours=st.integers(1, 400))
    def stop_and_go(self, hours: int) -> None:
        """A pause, what everybody tries in it, and its end by the DAO or by itself."""
        brake, model = self.town.handle("Brake"), self.emission.brake
        if not self.attempt(model.pause, brake, "pause", by=DAO):
            return
        self.town.wait(hours * 3_600)
        self.close_day()
        self.draw(TASK, 1)
        self.deposit(0, CREATOR, FML)
        self.lapse(1)
        if hours % 2:
            self.attempt(model.resume, brake, "resume", by=DAO)
        if hours % 4 in (1, 2):
            self.attempt(model.appoint, brake, "setGuardian", DAO.address, by=DAO)

    # --- what must hold

    def teardown(self) -> None:
        self.check_pools()
        self.check_emission()
        self.check_every_wei()
        self.frame.__exit__(None, None, None)

    @rule()
    def check_pools(self) -> None:
        for handle, pool in zip(self.handles, self.pools, strict=True):
            assert handle.read("totalAssets") == self.town.market.read("assetsWei", handle.address) == pool.assets
            assert handle.read("totalSupply") == pool.supply
            for key in PEOPLE:
                owner, now = key.address, self.town.now
                assert handle.read("balanceOf", owner) == pool.held(owner)
                assert handle.read("maxRedeem", owner) == pool.redeemable(owner, now)
                assert handle.read("maxWithdraw", owner) == pool.worth(pool.redeemable(owner, now))
            assert sum(pool.worth(pool.held(key.address)) for key in PEOPLE) <= pool.assets

    @rule()
    def check_emission(self) -> None:
        model, emission = self.emission, self.town.emission
        assert emission.read("books") == (model.minted, model.paid, model.burned)
        assert emission.read("closedDays") == len(model.days)
        today = model.today(self.town.now)
        for number, kind in ((1, ARENA), (2, ALLIANCE)):
            for day in {today, max(0, today - 1), today // 2}:
                stakes, powers = model.totals(kind, day)
                assert emission.read("totals", number, day) == (stakes // 10**9, powers)
        for number, day in enumerate(model.days):
            expected = (day.parts[ARENA], day.parts[ALLIANCE], day.left, day.at)
            assert emission.read("dayOf", number) == expected
        assert sum(day.left for day in model.days) == model.held

    @rule()
    def check_every_wei(self) -> None:
        """What everybody has is what the model says, and all of it is all there is."""
        expected = {
            **self.people,
            **{handle.address: pool.assets for handle, pool in zip(self.handles, self.pools, strict=True)},
            self.town.market.address: self.market_wei,
            self.town.alliance.address: self.source_wei,
            self.town.emission.address: self.emission.held,
        }
        assert {account: self.town.balance(account) for account in expected} == expected
        assert sum(expected.values()) == SUPPLY + self.emission.minted - self.emission.burned


STEPS = (
    *("deposit", "requestRedeem", "redeem", "withdraw", "transfer", "give", "slash", "reward"),
    *("closeDay", "draw", "lapse", "verify", "unverify", "lower", "setPower"),
    *("weigh", "pause", "resume"),
)
REFUSALS = (
    *("NoShares", "TooManyShares", "ERC4626ExceededMaxRedeem", "ERC4626ExceededMaxWithdraw", "SharesQueued"),
    *("SlashTooHigh", "ERC4626ExceededMaxDeposit", "DayNotOver", "DayNotClosed", "DrawTooLate", "AlreadyDrawn"),
    *("LapseTooEarly", "AlreadyVerified", "NotVerified", "FactorNotLower", "BadParameter"),
    *("Stopped", "Resting"),
)


@pytest.mark.slow
def test_random_days_keep_every_wei_where_the_rules_say(deployed_town: Town) -> None:
    MarketMachine.deployed, MarketMachine.done, MarketMachine.refused = deployed_town, Counter(), Counter()
    play_machine(MarketMachine, 50, 60)
    done, refused = MarketMachine.done, MarketMachine.refused
    assert {step: done[step] for step in STEPS if done[step] < 10} == {}, done
    assert {name for name in REFUSALS if not refused[name]} == set(), refused
