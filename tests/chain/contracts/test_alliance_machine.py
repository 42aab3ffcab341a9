"""Random days of an Alliance task that the emission pays, step by step, through the contracts and through the rules."""

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from alliance_town import AllianceTown, behind_snapshot
from emissions import CREATOR, DAO, DAY, DELAY, DELEGATOR, FML, SUPPLY, Handle
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from machines import play_machine
from market_model import ALLIANCE, DRAW_S, Emission, Pool

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rules.alliance_pay import delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

PEOPLE = (DAO, CREATOR, DELEGATOR)
SIGMAS = (0, 2_500)
"""Of the two members that have delegators."""
AMOUNT = st.integers(1, 5_000 * FML) | st.integers(0, 10**12) | st.sampled_from([FML, 1_000 * FML])
PART = st.sampled_from([1, 2_500, 5_000, BPS])
WHERE, WHO, BACK = st.sampled_from(range(len(SIGMAS))), st.sampled_from(PEOPLE), st.integers(0, 3)


class Delegated(Pool):
    """One member's delegators by the rules."""

    def __init__(self, sigma_bps: int, since: int) -> None:
        super().__init__(DELAY)
        self.sigmas, self.sigma_since = [(0, sigma_bps)], since
        self.weights: dict[int, int] = {}
        self.counted = self.claimed = 0
        self.is_seated = True

    def sigma_at(self, second: int) -> int:
        return next(sigma for since, sigma in reversed(self.sigmas) if since <= second)

    def weight(self, day: int) -> int:
        return at(self.weights, day)


def at(history: dict[int, int], day: int) -> int:
    return next((history[known] for known in sorted(history, reverse=True) if known <= day), 0)


class AllianceMachine(RuleBasedStateMachine):
    """A verified task of five members, two of which have delegators, from an hour before day 0 on."""

    deployed: ClassVar[AllianceTown]
    done: ClassVar[Counter[str]]
    refused: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.frame = behind_snapshot(self.deployed)
        self.allied = self.frame.__enter__()
        self.town = self.allied.town
        self.emission = Emission(self.town.start)
        self.emission.verified.add(self.key)
        self.handles, self.pools = [], []
        for member, sigma in enumerate(SIGMAS):
            self.handles.append(self.allied.open_pool(member, sigma))
            # The allowances of three delegators came after it.
            self.pools.append(Delegated(sigma, self.town.now - len(PEOPLE)))
        self.accepted_at: dict[int, int] = {}
        self.last_accepted = 0
        self.rewards: list[tuple[int, int, int]] = []
        self.market_wei = self.burned = 0
        self.sync()
        for where, who in ((0, DAO), (0, DELEGATOR), (1, CREATOR)):
            self.deposit(where, who, 100 * FML)

    @property
    def key(self) -> tuple[str, int]:
        return (ALLIANCE, self.allied.task)

    @property
    def task(self) -> int:
        return self.allied.task

    # --- how steps are tried, and what the rules make of them

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

    def sync(self) -> None:
        """The emission writes down what the seated members and their delegators have."""
        own = self.allied.chain.read("stakedGwei", self.task) * GWEI
        self.emission.sync(self.key, own + sum(pool.counted for pool in self.pools), self.town.now)

    def count(self, where: int) -> None:
        """A pool's assets were told."""
        pool, day = self.pools[where], self.emission.today(self.town.now)
        pool.counted = pool.assets if pool.is_seated else 0
        pool.weights[day] = delegated_weight(pool.counted, pool.sigma_at(self.town.start + day * DAY))
        self.sync()

    def is_accepted(self, day: int) -> bool:
        begin = self.town.start + day * DAY
        return day in self.accepted_at or begin <= self.last_accepted < begin + DAY

    def is_due(self, day: int, now: int) -> bool:
        """Whether a day that is over can still be drawn."""
        if not self.is_accepted(day) or not at(self.emission.stakes.get(self.key, {}), day):
            return False
        if day >= len(self.emission.days):
            return True
        late = now >= self.emission.days[day].at + DRAW_S
        return not late and (self.key, day) not in self.emission.drawn and self.emission.share(self.key, day) > 0

    def nothing_due(self, where: int, now: int) -> bool:
        days = range(self.emission.today(now))
        return self.pools[where].claimed == len(self.rewards) and not any(self.is_due(day, now) for day in days)

    # --- delegators

    @rule(where=WHERE, who=WHO, amount=AMOUNT)
    def deposit(self, where: int, who: NodeKey, amount: int) -> None:
        pool, me = self.pools[where], who.address

        def model(now: int) -> str | None:
            before = (pool.assets, dict(pool.shares))
            refused = pool.deposit(me, amount)
            if refused is None and not self.nothing_due(where, now):
                pool.assets, pool.shares = before
                return "RewardDue"
            return refused

        if self.attempt(model, self.handles[where], "deposit", amount, me, by=who):
            self.count(where)

    @rule(where=WHERE, who=WHO, part=PART)
    def ask_wait_and_redeem(self, where: int, who: NodeKey, part: int) -> None:
        pool, me = self.pools[where], who.address
        shares = pool.held(me) * part // BPS
        self.attempt(lambda now: pool.request(me, shares, now), self.handles[where], "requestRedeem", shares, by=who)
        self.town.wait(DELAY)
        step = ("redeem", shares, me, me)
        if self.attempt(lambda now: pool.redeem(me, shares, now), self.handles[where], *step, by=who):
            self.count(where)

    @rule(where=WHERE, who=WHO, amount=AMOUNT)
    def give(self, where: int, who: NodeKey, amount: int) -> None:
        """A plain transfer, of which nobody tells yet."""
        self.town.fml.send("transfer", self.handles[where].address, amount, by=who)
        self.pools[where].assets += amount
        self.done["give"] += 1

    # --- members

    @rule(where=WHERE)
    def report(self, where: int) -> None:
        self.handles[where].send("report", by=CREATOR)
        self.count(where)
        self.done["report"] += 1

    @rule(where=WHERE, sigma=st.sampled_from([0, 1, 5_000, BPS, BPS + 1]))
    def set_sigma(self, where: int, sigma: int) -> None:
        pool = self.pools[where]

        def model(now: int) -> str | None:
            if now < pool.sigma_since + 30 * DAY:
                return "SigmaFrozen"
            if sigma > BPS:
                return "BadParameter"
            pool.sigmas.append((now, sigma))
            pool.sigma_since = now
            return None

        self.attempt(model, self.handles[where], "setSigma", sigma, by=self.allied.paid.keys[where])

    @rule()
    def accept(self) -> None:
        self.allied.accept()
        self.last_accepted = self.town.now
        self.done["accept"] += 1

    @rule()
    def lose_the_seat(self) -> None:
        """The second member signs two proposals."""
        f = self.allied.paid
        if not self.pools[1].is_seated or self.emission.today(self.town.now) < 12:
            return
        self.allied.open(f)
        first, second = (f.proposal(1, bytes([n]) * 32)[-64:] for n in (1, 2))
        signatures = ((first[:32], first[32:]), (second[:32], second[32:]))
        proof = (f.round, 1, 0, bytes(32), b"\x01" * 32, b"\x02" * 32, *signatures)
        self.allied.chain.send("slashEquivocation", self.task, proof)
        f.propose()
        self.allied.chain.send("settle", self.task, bytes(32), bytes(32), b"")
        self.last_accepted = self.town.now
        self.pools[1].is_seated = False
        self.done["lose_the_seat"] += 1

    # --- days

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.town.wait(hours * 3_600)

    @rule()
    def note(self) -> None:
        self.allied.note()
        day = (self.last_accepted - self.town.start) // DAY
        if day >= 0:
            self.accepted_at.setdefault(day, self.last_accepted)
        self.sync()
        self.done["note"] += 1

    @rule()
    def close_day(self) -> None:
        self.attempt(self.emission.close, self.town.emission, "closeDay", by=CREATOR)

    @rule(back=BACK)
    def draw(self, back: int) -> None:
        day, paid = max(0, len(self.emission.days) - back), self.emission.paid

        def model(now: int) -> str | None:
            early = day >= len(self.emission.days)
            drawn = early or now >= self.emission.days[day].at + DRAW_S or (self.key, day) in self.emission.drawn
            return (
                "NothingAccepted" if not drawn and not self.is_accepted(day) else self.emission.draw(self.key, day, now)
            )

        market = self.allied.market.address
        if not self.attempt(model, self.town.emission, "draw", market, self.task, day, by=DAO):
            return
        share = self.emission.paid - paid
        staked, weight = at(self.emission.stakes[self.key], day) // GWEI, sum(pool.weight(day) for pool in self.pools)
        if share:
            delegated = reward_parts(share, staked, weight).delegated_wei
            self.market_wei += delegated
            if delegated:
                self.rewards.append((day, delegated, weight))

    @rule(where=WHERE)
    def claim(self, where: int) -> None:
        pool = self.pools[where]
        amount = sum(
            delegators_share(delegated, pool.weight(day), weight)
            for day, delegated, weight in self.rewards[pool.claimed :]
        )
        assert self.allied.market.read("claimableWei", self.task, self.allied.paid.keys[where].address) == amount
        self.allied.market.send("claim", self.task, self.allied.paid.keys[where].address, by=CREATOR)
        pool.claimed = len(self.rewards)
        self.market_wei -= amount
        self.done["claim"] += amount > 0
        if amount and pool.supply:
            pool.assets += amount
            self.count(where)
        else:
            self.burned += amount

    @rule()
    def live_a_day(self) -> None:
        """What everybody does every day."""
        self.accept()
        self.note()
        self.town.wait(DAY)
        while len(self.emission.days) < self.emission.today(self.town.now):
            self.close_day()
        self.draw(1)
        for where in range(len(self.pools)):
            self.claim(where)

    @rule()
    def be_greedy(self) -> None:
        """Draw what was drawn, and a day on which nothing was accepted."""
        self.live_a_day()
        self.draw(1)
        self.town.wait(DAY)
        self.close_day()
        self.draw(1)

    @rule(where=WHERE, who=WHO)
    def come_before_the_day_is_paid(self, where: int, who: NodeKey) -> None:
        """Work was accepted, its day is over, and somebody would share in it who was not there."""
        self.accept()
        self.note()
        self.town.wait(DAY)
        self.deposit(where, who, FML)

    @rule()
    def wait_a_month_and_set_sigma(self) -> None:
        self.town.wait(30 * DAY)
        self.set_sigma(0, 5_000)

    @rule()
    def let_a_day_lapse(self) -> None:
        """A week goes by, and the oldest day of which something is left lapses."""
        left = [number for number, day in enumerate(self.emission.days) if day.left]
        if left:
            self.town.wait(DRAW_S)
            self.lapse(len(self.emission.days) - left[0])

    @rule(back=st.integers(0, 12))
    def lapse(self, back: int) -> None:
        day = max(0, len(self.emission.days) - back)
        self.attempt(lambda now: self.emission.lapse(day, now), self.town.emission, "lapse", day, by=CREATOR)

    # --- what must hold

    @rule()
    def check_stakes(self) -> None:
        market = self.allied.market
        assert market.read("delegatedWei", self.task) == sum(pool.counted for pool in self.pools)
        for member, pool in enumerate(self.pools):
            address = self.allied.paid.keys[member].address
            for day in range(self.emission.today(self.town.now) + 1):
                assert market.read("weightAt", self.task, address, day) == pool.weight(day)
        for day in range(self.emission.today(self.town.now) + 1):
            found = self.town.emission.read("stakeGwei", market.address, self.task, day)
            assert found * GWEI == at(self.emission.stakes[self.key], day)

    def teardown(self) -> None:
        """Minted is paid, burned or held; what was paid is in the task, its delegators' or due to them, or burned."""
        self.check_stakes()
        emission, market = self.emission, self.allied.market.address
        assert self.town.emission.read("books") == (emission.minted, emission.paid, emission.burned)
        for handle, pool in zip(self.handles, self.pools, strict=True):
            assert self.town.balance(handle.address) == pool.assets
            assert handle.read("totalSupply") == pool.supply
        assert self.town.balance(market) == self.market_wei
        rewards = [tuple(reward) for reward in self.allied.market.read("rewardsOf", self.task)]
        assert rewards == self.rewards
        supply = self.town.fml.read("totalSupply")
        assert supply == SUPPLY + emission.minted - emission.burned - self.burned
        assert self.town.balance(self.town.emission.address) == emission.held
        self.frame.__exit__(None, None, None)


STEPS = (
    *("deposit", "requestRedeem", "redeem", "give", "report", "setSigma", "accept", "note", "lose_the_seat"),
    *("closeDay", "draw", "claim", "lapse"),
)
REFUSALS = (
    "RewardDue",
    "NothingAccepted",
    "DayNotOver",
    "DayNotClosed",
    "AlreadyDrawn",
    "LapseTooEarly",
    "SigmaFrozen",
)


@pytest.mark.slow
def test_random_days_of_a_task_keep_every_wei_where_the_rules_say(deployed_alliance_town: AllianceTown) -> None:
    AllianceMachine.deployed, AllianceMachine.done, AllianceMachine.refused = (
        deployed_alliance_town,
        Counter(),
        Counter(),
    )
    play_machine(AllianceMachine, 25, 40)
    done, refused = AllianceMachine.done, AllianceMachine.refused
    assert {step: done[step] for step in STEPS if done[step] < 3} == {}, done
    assert {name for name in REFUSALS if not refused[name]} == set(), refused
