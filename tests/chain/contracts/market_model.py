"""Emission and delegation pools by the rules alone: what the state machine holds the contracts against.

Each method does its step and returns None, or returns the name of the custom error by which the contract refuses it.
"""

from dataclasses import dataclass, field

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import (
    MAX_HALVES,
    MAX_PERCENT,
    WHOLE,
    daily_wei,
    lowered,
    split,
    task_share,
    weighed,
)
from fl_alliance.chain.rules.pools import assets_for, is_worthless, shares_burned, shares_for
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

DAY = 86_400
DRAW_S, WINDOW_S = 7 * DAY, 2 * DAY
PAUSE_S, REST_S = 14 * DAY, 28 * DAY
ARENA, ALLIANCE = "arena", "alliance"

Task = tuple[str, int]
"""Kind and number."""


@dataclass
class Pool:
    """One delegation pool."""

    delay_s: int
    assets: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    requests: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def supply(self) -> int:
        return sum(self.shares.values())

    def held(self, owner: str) -> int:
        return self.shares.get(owner, 0)

    def requested(self, owner: str, now: int) -> tuple[int, int]:
        shares, from_at = self.requests.get(owner, (0, 0))
        return (shares, from_at) if now < from_at + WINDOW_S else (0, 0)

    def redeemable(self, owner: str, now: int) -> int:
        shares, from_at = self.requested(owner, now)
        return shares if now >= from_at else 0

    def worth(self, shares: int) -> int:
        return assets_for(shares, self.assets, self.supply)

    def deposit(self, owner: str, amount: int) -> str | None:
        if amount and is_worthless(self.assets, self.supply):
            return "ERC4626ExceededMaxDeposit"
        bought = shares_for(amount, self.assets, self.supply)
        if bought == 0:
            return "NoShares"
        self.assets += amount
        self.shares[owner] = self.held(owner) + bought
        return None

    def request(self, owner: str, shares: int, now: int) -> str | None:
        if shares > self.held(owner):
            return "TooManyShares"
        self.requests[owner] = (shares, now + self.delay_s)
        return None

    def redeem(self, owner: str, shares: int, now: int) -> str | None:
        if shares > self.redeemable(owner, now):
            return "ERC4626ExceededMaxRedeem"
        return self._leave(owner, shares, self.worth(shares))

    def withdraw(self, owner: str, amount: int, now: int) -> str | None:
        if amount > self.worth(self.redeemable(owner, now)):
            return "ERC4626ExceededMaxWithdraw"
        return self._leave(owner, shares_burned(amount, self.assets, self.supply), amount)

    def _leave(self, owner: str, shares: int, amount: int) -> None:
        requested, from_at = self.requests.get(owner, (0, 0))
        self.requests[owner] = (requested - shares, from_at)
        self.shares[owner] = self.held(owner) - shares
        self.assets -= amount

    def transfer(self, owner: str, to: str, shares: int, now: int) -> str | None:
        queued, _ = self.requested(owner, now)
        if queued and shares + queued > self.held(owner):
            return "SharesQueued"
        if shares > self.held(owner):
            return "ERC20InsufficientBalance"
        self.shares[owner] = self.held(owner) - shares
        self.shares[to] = self.held(to) + shares
        return None

    def slash(self, amount: int) -> str | None:
        if amount > self.assets:
            return "SlashTooHigh"
        self.assets -= amount
        return None


@dataclass
class ClosedDay:
    """What a closed day has for each kind, what is left, when it was closed, and how long pauses had been then."""

    parts: dict[str, int]
    left: int
    at: int
    paused_s: int = 0


@dataclass
class Brake:
    """The emergency brake: pauses as (from, until)."""

    pauses: list[tuple[int, int]] = field(default_factory=list)
    rests_until: int = 0

    def until(self) -> int:
        return self.pauses[-1][1] if self.pauses else 0

    def paused_s(self, now: int) -> int:
        return sum(min(now, until) - since for since, until in self.pauses)

    def pause(self, now: int) -> str | None:
        if now < self.rests_until:
            return "Resting"
        self.resume(now)
        self.pauses.append((now, now + PAUSE_S))
        self.rests_until = now + REST_S
        return None

    def resume(self, now: int) -> str | None:
        if now < self.until():
            self.pauses[-1] = (self.pauses[-1][0], now)
        return None

    def appoint(self, _now: int) -> str | None:
        self.rests_until = 0
        return None


@dataclass
class Emission:
    """The emission; `start` is the second at which day 0 begins."""

    start: int
    stakes: dict[Task, dict[int, int]] = field(default_factory=dict)
    percents: dict[Task, dict[int, int]] = field(default_factory=dict)
    verified: set[Task] = field(default_factory=set)
    brake: Brake = field(default_factory=Brake)
    factors: dict[int, int] = field(default_factory=lambda: {0: BPS})
    powers: dict[int, int] = field(default_factory=lambda: {0: 2})
    days: list[ClosedDay] = field(default_factory=list)
    drawn: set[tuple[Task, int]] = field(default_factory=set)
    minted: int = 0
    paid: int = 0
    burned: int = 0

    @property
    def held(self) -> int:
        return self.minted - self.paid - self.burned

    def today(self, now: int) -> int:
        return max(0, now - self.start) // DAY

    def sync(self, task: Task, stake_wei: int, now: int) -> None:
        if task in self.verified:
            self.stakes.setdefault(task, {})[self.today(now)] = stake_wei // GWEI * GWEI

    def verify(self, task: Task, stake_wei: int, now: int) -> str | None:
        if task in self.verified:
            return "AlreadyVerified"
        self.verified.add(task)
        self.sync(task, stake_wei, now)
        return None

    def unverify(self, task: Task, now: int) -> str | None:
        if task not in self.verified:
            return "NotVerified"
        self.sync(task, 0, now)
        self.verified.remove(task)
        return None

    def lower(self, bps: int, now: int) -> str | None:
        if bps >= _at(self.factors, 2**40):
            return "FactorNotLower"
        self.factors[self.today(now)] = bps
        return None

    def set_power(self, halves: int, now: int) -> str | None:
        if halves > MAX_HALVES:
            return "BadParameter"
        self.powers[self.today(now)] = halves
        return None

    def weigh(self, task: Task, percent: int, now: int) -> str | None:
        if not WHOLE <= percent <= MAX_PERCENT:
            return "BadParameter"
        if task not in self.stakes:
            return "NotVerified"
        self.percents.setdefault(task, {})[self.today(now)] = percent
        return None

    def weighed(self, task: Task, day: int) -> int:
        """Return a task's powered stake of a day, times its percent."""
        stake, percent = _at(self.stakes.get(task, {}), day), _at(self.percents.get(task, {}), day) or WHOLE
        return weighed(stake, _at(self.powers, day), percent)

    def totals(self, kind: str, day: int) -> tuple[int, int]:
        """Return the stakes of a kind in wei, and the sum of what their powers weigh."""
        tasks = [task for task in self.stakes if task[0] == kind]
        return sum(_at(self.stakes[task], day) for task in tasks), sum(self.weighed(task, day) for task in tasks)

    def close(self, now: int) -> str | None:
        day = len(self.days)
        if now < self.brake.until():
            return "Stopped"
        if now < self.start + (day + 1) * DAY:
            return "DayNotOver"
        total = lowered(daily_wei(day), _at(self.factors, day))
        arena, alliance, unearned = split(total, self.totals(ARENA, day)[0], self.totals(ALLIANCE, day)[0])
        self.days.append(ClosedDay({ARENA: arena, ALLIANCE: alliance}, total - unearned, now, self.brake.paused_s(now)))
        self.minted += total
        self.burned += unearned
        return None

    def share(self, task: Task, day: int) -> int:
        kind, unit = task[0], GWEI if task[0] == ALLIANCE else 1
        return task_share(self.days[day].parts[kind], self.weighed(task, day), self.totals(kind, day)[1]) // unit * unit

    def drawn_until(self, day: int, now: int) -> int:
        """Return the second until which a closed day can be drawn, as far as pauses have prolonged it."""
        return self.days[day].at + DRAW_S + self.brake.paused_s(now) - self.days[day].paused_s

    def draw(self, task: Task, day: int, now: int) -> str | None:
        if now < self.brake.until():
            return "Stopped"
        if day >= len(self.days):
            return "DayNotClosed"
        if now >= self.drawn_until(day, now):
            return "DrawTooLate"
        if task not in self.stakes:
            return "NotVerified"
        if (task, day) in self.drawn:
            return "AlreadyDrawn"
        amount = self.share(task, day)
        self.drawn.add((task, day))
        self.days[day].left -= amount
        self.paid += amount
        return None

    def lapse(self, day: int, now: int) -> str | None:
        if day >= len(self.days):
            return "DayNotClosed"
        if now < self.drawn_until(day, now):
            return "LapseTooEarly"
        self.burned += self.days[day].left
        self.days[day].left = 0
        return None


def _at(history: dict[int, int], day: int) -> int:
    """Return the last value written on a day or before; 0 before the first."""
    written = [key for key in history if key <= day]
    return history[max(written)] if written else 0
