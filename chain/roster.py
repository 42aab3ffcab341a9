"""Who belongs to a task: joining, leaving, balances and seats, as the contract keeps them."""

from dataclasses import dataclass, field

from fl_alliance.chain.alliance_refusals import (
    AlreadyLeaving,
    AlreadyRegistered,
    KeyTaken,
    StakeTooHigh,
    StakeTooLow,
    TaskFull,
)
from fl_alliance.chain.rules.draw import seat_count
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI

MAX_MEMBERS = 1024
"""Members and queued ones of a task at most."""
MAX_ADMISSIONS = 16
"""Joins and departures that take effect at one opening at most."""
WAITS_ROUNDS = 2
"""What is asked for in round r holds from the opening of round r + 2 on: nobody joins against a seed it knows."""

_LAST_ROUND = 65_535


@dataclass(frozen=True, slots=True)
class Node:
    """A member's identity: its account and the x coordinate of its VRF key."""

    address: str
    vrf_x: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A join (`member` is None) or that member's departure, which holds from a round on."""

    node: Node
    amount_gwei: int
    from_round: int
    member: int | None = None


@dataclass(slots=True)
class Roster:
    """A task's members by index, which is the order of their admission and, after the start, never changes.

    Attributes
    ----------
    nodes, balances : list
        Of each member; balances in gwei. Who has left keeps its index, with a balance of 0.
    leaving : set of int
        Members who have asked to leave.
    queue : dict of int to Waiting
        What has not taken effect, by its position; positions count from 0 and are never used twice.
    tail : int
        The next free position.
    known, keys : set
        Accounts and VRF keys that ever registered.
    """

    task: int
    min_stake_gwei: int
    nodes: list[Node] = field(default_factory=list)
    balances: list[int] = field(default_factory=list)
    leaving: set[int] = field(default_factory=set)
    queue: dict[int, Waiting] = field(default_factory=dict)
    tail: int = 0
    known: set[str] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)

    def copy(self) -> "Roster":
        """Return an independent copy."""
        return Roster(
            self.task,
            self.min_stake_gwei,
            self.nodes[:],
            self.balances[:],
            set(self.leaving),
            dict(self.queue),
            self.tail,
            set(self.known),
            set(self.keys),
        )

    @property
    def queued_gwei(self) -> int:
        """Stakes that wait to be admitted."""
        return sum(waiting.amount_gwei for waiting in self.queue.values())

    def seats(self) -> list[int]:
        """Return each member's seats by its present balance."""
        return [seat_count(balance, self.min_stake_gwei) for balance in self.balances]

    def is_member(self, member: int, address: str) -> bool:
        """Return whether this index is this account's."""
        return member < len(self.nodes) and self.nodes[member].address == address

    def require_room(self, node: Node, amount_gwei: int) -> None:
        """Refuse who cannot register.

        Raises
        ------
        TaskFull, StakeTooLow, StakeTooHigh, AlreadyRegistered, KeyTaken
        """
        taken = len(self.nodes) + len(self.queue)
        if taken >= MAX_MEMBERS:
            raise TaskFull(self.task, taken)
        if amount_gwei < self.min_stake_gwei:
            raise StakeTooLow(amount_gwei, self.min_stake_gwei)
        if amount_gwei > MAX_BALANCE_GWEI:
            raise StakeTooHigh(amount_gwei, MAX_BALANCE_GWEI)
        if node.address in self.known:
            raise AlreadyRegistered(self.task, node.address)
        if node.vrf_x in self.keys:
            raise KeyTaken(self.task, node.vrf_x)
        self.known.add(node.address)
        self.keys.add(node.vrf_x)

    def add(self, node: Node, amount_gwei: int) -> None:
        """Make a node a member."""
        self.nodes.append(node)
        self.balances.append(amount_gwei)

    def remove(self, member: int) -> int:
        """Let a member go before the start and return its balance; the last member takes its index."""
        balance, last, last_node = self.balances[member], self.balances.pop(), self.nodes.pop()
        if member < len(self.nodes):
            self.balances[member], self.nodes[member] = last, last_node
        return balance

    def queue_join(self, node: Node, amount_gwei: int, round_: int) -> None:
        """Let a node wait for its round, `round_` being the present one."""
        self._enqueue(Waiting(node, amount_gwei, min(round_ + WAITS_ROUNDS, _LAST_ROUND)))

    def queue_leave(self, member: int, round_: int) -> None:
        """Let a member's departure wait for its round.

        Raises
        ------
        AlreadyLeaving
        """
        if member in self.leaving:
            raise AlreadyLeaving(self.task, member)
        self.leaving.add(member)
        self._enqueue(Waiting(self.nodes[member], 0, min(round_ + WAITS_ROUNDS, _LAST_ROUND), member))

    def advance(self, round_: int) -> list[tuple[int, int]]:
        """Let take effect what is due when `round_` opens, and return who left with what: (member, gwei)."""
        left = []
        for position, waiting in list(self.queue.items())[:MAX_ADMISSIONS]:
            if waiting.from_round > round_:
                break
            del self.queue[position]
            if waiting.member is None:
                self.add(waiting.node, waiting.amount_gwei)
            else:
                left.append((waiting.member, self.balances[waiting.member]))
                self.balances[waiting.member] = 0
        return left

    def _enqueue(self, waiting: Waiting) -> None:
        self.queue[self.tail] = waiting
        self.tail += 1
