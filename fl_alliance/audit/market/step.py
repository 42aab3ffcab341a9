"""What every step of a market does with the books: move FML, tell the emission, count."""

from dataclasses import dataclass, field
from typing import Any

from fl_alliance.audit.market.alliance_books import AllianceBooks
from fl_alliance.audit.market.books import Money, Pool, Task
from fl_alliance.audit.market.dao_books import DaoAddresses, DaoBooks
from fl_alliance.audit.market.emission import EmissionBooks, Key
from fl_alliance.audit.market.polls import LockBooks, PollAddresses, PollBooks
from fl_alliance.audit.market.taken import Reading
from fl_alliance.chain.arena_types import Limits, Phase
from fl_alliance.chain.calls import MAJORITY
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    BRAKE,
    DAO,
    EMISSION,
    GAUGES,
    POOLS,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
)
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.words import ZERO_ADDRESS


@dataclass(slots=True)
class Counts:
    """How much was recomputed."""

    transactions: int = 0
    events: int = 0
    proofs: int = 0
    consensuses: int = 0
    slashes: int = 0
    days: int = 0
    shares: int = 0
    claims: int = 0
    emission_days: int = 0
    draws: int = 0
    delegations: int = 0
    ballots: int = 0
    proposals: int = 0
    appearances: int = 0
    votes: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the market's contracts are, and what their construction fixed.

    `alliance_market` pays the tasks of `alliance`, whose artifact is `rule`; `brake` is the one of the manifest,
    `votes` is what is locked to vote, `polls` are the gauges that say what tasks weigh, `dao` decides. None where there
    is none.
    """

    chain_id: int
    fml: str
    emission: str
    arena: str
    pools: str
    start_at: int
    withdrawal_delay_s: int
    min_creator_stake_wei: int
    alliance_market: str | None = None
    alliance: str | None = None
    rule: str = MAJORITY
    brake: str | None = None
    votes: str | None = None
    polls: PollAddresses | None = None
    dao: DaoAddresses | None = None


@dataclass(slots=True)
class Books:
    """Everything that the rules make of a market's chain.

    Attributes
    ----------
    pools : dict of str to Pool
        By address.
    limits : Limits
        What the DAO lets creators fix.
    brake, guardian : str or None
        Where the emergency brake is, once it is wired; who may use it, once that was told.
    lock : LockBooks or None
        What is locked to vote, where there is a lock.
    polls : PollBooks or None
        Ballots of the gauges, where there are some.
    dao : DaoBooks or None
        What holders decide, where there is a DAO.
    roles : dict
        Who holds a role, or held it, by contract and the role's keccak256.
    """

    addresses: Addresses
    emission: EmissionBooks
    alliance: AllianceBooks | None = None
    money: Money = field(default_factory=Money)
    tasks: dict[int, Task] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    roles: dict[tuple[str, bytes], dict[str, bool]] = field(default_factory=dict)
    min_creator_stake_wei: int = 0
    limits: Limits = field(default_factory=Limits)
    brake: str | None = None
    guardian: str | None = None
    lock: LockBooks | None = None
    polls: PollBooks | None = None
    dao: DaoBooks | None = None
    counts: Counts = field(default_factory=Counts)

    @property
    def contracts(self) -> frozenset[str]:
        """The accounts that move FML by the rules alone."""
        market = () if self.alliance is None else (self.alliance.address,)
        lock = () if self.lock is None else (self.lock.at,)
        polls = () if self.polls is None else (self.polls.at.gauges,)
        dao = () if self.dao is None else (self.dao.at.dao, self.dao.at.treasury)
        return frozenset({self.addresses.arena, self.addresses.emission, *market, *lock, *polls, *dao, *self.pools})

    def source(self, address: str | None) -> str:
        """Return which of the market's contracts is at an address, by its artifact; empty where none is."""
        if address in self.pools:
            return POOLS
        places, dao = self.addresses, self.dao.at if self.dao is not None else None
        known = {
            places.fml: TOKEN,
            places.emission: EMISSION,
            places.arena: ARENA,
            places.alliance_market: ALLIANCE_MARKET,
            places.votes: VOTES,
            places.brake: BRAKE,
            self.brake: BRAKE,
        }
        if places.polls is not None:
            known[places.polls.gauges] = GAUGES
        if dao is not None:
            known |= {dao.dao: DAO, dao.timelock: TIMELOCK, dao.treasury: TREASURY}
        return "" if address is None else known.get(address, "")

    @property
    def arena_pools(self) -> int:
        """How many pools the Arena has opened."""
        return sum(pool.market == self.addresses.arena for pool in self.pools.values())

    def key(self, task: Task) -> Key:
        """Return a task as the emission knows it."""
        return self.addresses.arena, task.number


@dataclass(slots=True)
class Step:
    """The books, and the transaction whose events are being compared with them."""

    books: Books
    reading: Reading

    @property
    def now(self) -> int:
        """The transaction's second."""
        return self.reading.taken.timestamp

    @property
    def head(self) -> MarketEvent:
        """The event that is to be taken next."""
        event = self.reading.peek()
        if event is None:
            raise ValueError("a step begins at an event")
        return event

    def require(self, holds: bool, what: str) -> None:
        """Refuse what the rules do; `what` names what was given and what is needed."""
        self.reading.require(holds, what)

    def within(self, what: str, from_at: int, until: int) -> None:
        """Refuse what came before its time or after it."""
        self.require(from_at <= self.now < until, f"{what} at second {self.now}, needed {from_at} to {until - 1}")

    def running(self) -> None:
        """Refuse what a guardian's pause stops."""
        pauses = self.books.emission.pauses
        self.require(not pauses.are_on(self.now), f"at second {self.now}, in a pause")

    def active(self, task: Task) -> None:
        """Refuse what happens in a task that is cancelled or completed."""
        self.require(task.phase is Phase.ACTIVE, f"task {task.number} is {task.phase.name}, needed ACTIVE")

    def called(self, name: str, *args: Any, by: str | None = None) -> tuple[Any, ...] | None:
        """Take the call of the Arena that left an event, as `Reading.called`."""
        found = self.reading.called(ARENA, name, *args, by=by)
        self.books.counts.unseen += found is None
        return found

    def task(self) -> Task:
        """Return the task that the next event names."""
        number = self.head.values["task"]
        self.reading.require(number in self.books.tasks, f"task {number}, needed one that was created")
        return self.books.tasks[number]

    def arena(self, name: str, **values: object) -> None:
        """Take an event of the Arena, which must be this one."""
        self.reading.need(ARENA, self.books.addresses.arena, name, values)

    def emission(self, name: str, **values: object) -> None:
        """Take an event of the emission, which must be this one."""
        self.reading.need(EMISSION, self.books.addresses.emission, name, values)

    def brake(self, name: str, **values: object) -> None:
        """Take an event of the brake, which must be this one."""
        self.reading.need(BRAKE, self.head.address, name, values)

    def pool(self, pool: str, name: str, **values: object) -> None:
        """Take an event of a pool, which must be this one."""
        self.reading.need(POOLS, pool, name, values)

    def transfer(self, sender: str, recipient: str, wei: int) -> None:
        """Take a transfer of FML, which must be this one, and book it."""
        values = {"from": sender, "to": recipient, "value": wei}
        self.reading.need(TOKEN, self.books.addresses.fml, "Transfer", values)
        self.book(sender, recipient, wei)

    def book(self, sender: str, recipient: str, wei: int) -> None:
        """Move FML in the books; minting and burning are whoever's who says so."""
        money = self.books.money
        money.last = (sender, recipient, wei)
        if sender != ZERO_ADDRESS:
            held = money.held(sender)
            self.reading.require(held >= wei, f"{sender} sends {wei} wei of FML, it holds {held}")
            money.balances[sender] = held - wei
        if recipient == ZERO_ADDRESS:
            money.burned_wei += wei
        else:
            money.balances[recipient] = money.held(recipient) + wei

    def sync(self, task: Task) -> None:
        """Write a task's stake down with the emission, as the Arena has it do after each change."""
        key, emission = self.books.key(task), self.books.emission
        if key in emission.verified and emission.write(key, task.stake_gwei(self.now), self.now):
            self.synced(key)

    def synced(self, key: Key) -> None:
        """Take the event of a stake that was written down."""
        emission = self.books.emission
        day = emission.today(self.now)
        powered = emission.totals(emission.kind(key), day)[1]
        self.emission(
            "TaskSynced",
            source=key[0],
            task=key[1],
            day=day,
            stakeGwei=emission.stake(key, day),
            poweredTotal=powered,
        )
