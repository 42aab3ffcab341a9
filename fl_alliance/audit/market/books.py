"""What a market owes and weighs, as the rules make it of what was told: no figure in here was read from a contract."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fl_alliance.audit.market.alliance_books import AllianceTask
from fl_alliance.chain.arena_types import DAY_S, Phase, Role, TaskParams, Verdict
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.delegation import effective
from fl_alliance.chain.rules.locks import counted
from fl_alliance.chain.types import WEI_PER_GWEI


class Weight(NamedTuple):
    """What counts of an account on a day, in whole gwei: its own stake, its delegators', and what both weigh."""

    own_gwei: int
    delegated_gwei: int
    weight_gwei: int


class Standing(NamedTuple):
    """An account's stake from second `at` on."""

    at: int
    own_wei: int
    delegated_wei: int
    lock_days: int


@dataclass(slots=True)
class Account:
    """An account's part in a task; `standings` are all that its stake ever was, the oldest first.

    `best` is a node's lowest consensus on dataset A: score, day and place.
    """

    role: Role = Role.NONE
    vrf_x: int = 0
    locked_until: int = 0
    pool: str | None = None
    best: tuple[int, int, int] | None = None
    standings: list[Standing] = field(default_factory=lambda: [Standing(0, 0, 0, 0)])

    @property
    def own_wei(self) -> int:
        """Its own stake now."""
        return self.standings[-1].own_wei

    @property
    def delegated_wei(self) -> int:
        """What its pool last told."""
        return self.standings[-1].delegated_wei

    @property
    def lock_days(self) -> int:
        """For how long its own stake was locked last."""
        return self.standings[-1].lock_days

    def change(
        self, at: int, own_wei: int | None = None, delegated_wei: int | None = None, lock_days: int | None = None
    ) -> None:
        """Write down a change at second `at`; what is not named stays."""
        last = self.standings[-1]
        self.standings.append(
            Standing(
                at,
                last.own_wei if own_wei is None else own_wei,
                last.delegated_wei if delegated_wei is None else delegated_wei,
                last.lock_days if lock_days is None else lock_days,
            )
        )

    def weight(self, begins_at: int, delegated_bps: int) -> Weight:
        """Return what counts on a day that begins at second `begins_at`: the stake as it stood before that second."""
        stood = next(standing for standing in reversed(self.standings) if standing.at < begins_at)
        weighs = effective(counted(stood.own_wei, stood.lock_days), stood.delegated_wei, delegated_bps)
        return Weight(stood.own_wei // WEI_PER_GWEI, stood.delegated_wei // WEI_PER_GWEI, weighs // WEI_PER_GWEI)


NO_WEIGHT = Weight(0, 0, 0)


@dataclass(slots=True)
class Place:
    """A submission."""

    node: str
    commitment: bytes
    verdict: Verdict = Verdict.COMMITTED
    digest: bytes = b""
    score: int = 0
    sigma_bps: int = 0
    weight: Weight = NO_WEIGHT
    share_wad: int = 0
    is_claimed_now: bool = False
    is_claimed_held: bool = False


@dataclass(slots=True)
class Seat:
    """A validator's day; `assigned` is where its VRF output sends it, `fits_wad` its F for each place it scored."""

    validator: str
    commitment: bytes
    quota: int
    sigma_bps: int
    weight: Weight
    is_revealed: bool = False
    start: int = 0
    stride: int = 0
    assigned: frozenset[int] = frozenset()
    scores: tuple[int, ...] = ()
    fits_wad: list[int] = field(default_factory=list)
    share_wad: int = 0
    is_claimed_now: bool = False
    is_claimed_held: bool = False


@dataclass(slots=True)
class Day:
    """A day of a task; `settled` and `judged` say how many places and validators are behind it."""

    places: list[Place] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    digest: bytes = bytes(32)
    settled: int = 0
    judged: int = 0
    ranking: tuple[int, ...] = ()
    is_finished: bool = False
    nodes_now_wei: int = 0
    nodes_held_wei: int = 0
    validators_now_wei: int = 0
    validators_held_wei: int = 0

    def seat_of(self, account: str) -> Seat | None:
        """Return a validator's day, None where the account has not committed to scores."""
        return next((seat for seat in self.seats if seat.validator == account), None)

    def place_of(self, account: str) -> int | None:
        """Return a node's place."""
        return next((number for number, place in enumerate(self.places) if place.node == account), None)


@dataclass(slots=True)
class Task:
    """A task of the Arena and its books."""

    number: int
    creator: str
    params: TaskParams
    begins_at: int
    fund_wei: int
    phase: Phase = Phase.ACTIVE
    finished_days: int = 0
    fell_back: bool = False
    dataset_b: bytes = bytes(32)
    pool_wei: int = 0
    owed_wei: int = 0
    held_nodes_wei: int = 0
    held_validators_wei: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    firsts: dict[bytes, tuple[int, int, str]] = field(default_factory=dict)

    @property
    def own_wei(self) -> int:
        """All own stakes."""
        return sum(account.own_wei for account in self.accounts.values())

    @property
    def staked_wei(self) -> int:
        """All own and delegated stakes."""
        return sum(account.own_wei + account.delegated_wei for account in self.accounts.values())

    @property
    def held_wei(self) -> int:
        """What the Arena holds for it."""
        return self.own_wei + self.pool_wei + self.fund_wei + self.owed_wei

    def account(self, address: str) -> Account:
        """Return an account's part, an empty one where it has none yet."""
        return self.accounts.setdefault(address, Account())

    def day(self, number: int) -> Day:
        """Return a day, an empty one where nothing happened on it yet."""
        return self.days.setdefault(number, Day())

    def day_at(self, number: int) -> int:
        """Return the second at which a day begins; `day_count` is the B day."""
        return self.begins_at + number * DAY_S

    def today(self, now: int) -> int:
        """Return the day of a second, below 0 before day 0."""
        return (now - self.begins_at) // DAY_S

    @property
    def ends_at(self) -> int:
        """Second from which on nobody stakes or delegates; 0 in a cancelled task."""
        return 0 if self.phase is Phase.CANCELLED else self.day_at(self.params.day_count)

    def stake_gwei(self, now: int) -> int:
        """Return what the emission counts of it: all stakes, in whole gwei, while the days on dataset A run."""
        runs = self.phase is Phase.ACTIVE and self.begins_at <= now < self.day_at(self.params.day_count)
        return self.staked_wei // WEI_PER_GWEI if runs else 0

    def weight(self, account: str, day: int) -> Weight:
        """Return what counts of an account on a day."""
        return self.account(account).weight(self.day_at(day), self.params.delegated_bps)

    def keep_fee(self, day: int) -> None:
        """Move a submission's fee to the task's pool; on the B day there is none."""
        if day < self.params.day_count:
            self.owed_wei -= self.params.submission_fee_wei
            self.pool_wei += self.params.submission_fee_wei


@dataclass(slots=True)
class Pool:
    """What delegators have behind one delegate; its assets are its balance. `sigmas` are (second, bps).

    `market` is who opened it: the Arena, or the market of an Alliance's tasks.
    """

    address: str
    task: Task | AllianceTask
    delegate: str
    sigmas: list[tuple[int, int]]
    market: str
    shares: dict[str, int] = field(default_factory=dict)
    requests: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def supply(self) -> int:
        """All shares."""
        return sum(self.shares.values())

    @property
    def sigma_bps(self) -> int:
        """The delegate's part now."""
        return self.sigmas[-1][1]

    def sigma_at(self, second: int) -> int:
        """Return the delegate's part at a second; before the pool was there, what it began with."""
        held = [bps for at, bps in self.sigmas if at <= second]
        return held[-1] if held else self.sigmas[0][1]


@dataclass(slots=True)
class Money:
    """FML as its transfers make it; `made_wei` was there from the beginning, `gifts_wei` came for nothing."""

    balances: dict[str, int] = field(default_factory=dict)
    made_wei: int = 0
    minted_wei: int = 0
    burned_wei: int = 0
    gifts_wei: dict[str, int] = field(default_factory=dict)
    last: tuple[str, str, int] | None = None

    @property
    def supply_wei(self) -> int:
        """All FML there is."""
        return self.made_wei + self.minted_wei - self.burned_wei

    def held(self, account: str) -> int:
        """Return an account's wei."""
        return self.balances.get(account, 0)


def best_score(account: Account) -> tuple[int, int, int]:
    """Return a node's lowest consensus as the contract tells it: score, day, place."""
    return account.best or (WORST, 0, 0)


def silent_places(day: Day) -> Iterator[int]:
    """Yield the next places to settle, in order, as long as nobody revealed them: no event tells of those."""
    for number in range(day.settled, len(day.places)):
        if day.places[number].verdict is not Verdict.COMMITTED:
            return
        yield number
