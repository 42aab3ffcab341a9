"""The books of a task, read from its chain: members, rounds, and where every FML is.

Nothing here comes from the run's own records: the steps on the chain are replayed by the rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.types import Standing
from fl_alliance.strategies.events import Choice


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the chain something happened."""

    block: int
    tx_hash: str
    sender: str


@dataclass(frozen=True, slots=True)
class Round:
    """A round that has ended. Members are roster indexes, amounts gwei, scores micro-units.

    `scores` are (old, new), or the losses of a menu's entries, of which `choice` says what was chosen. `lines` holds
    everything that changed a balance in it, absent leaders and equivocators included; `balances`, `escrows` and
    `pool_gwei` are those after it, `seats` those its draws used.
    """

    number: int
    outcome: str
    yes: int
    no: int
    leaders: tuple[int, ...]
    reward_gwei: int
    bounty_gwei: int
    pool_gwei: int
    model: bytes
    seats: Sequence[int]
    standings: Mapping[int, Standing]
    scores: Mapping[int, tuple[int, ...]]
    lines: tuple[Line, ...]
    balances: Sequence[int]
    escrows: Sequence[int]
    choice: Choice | None
    ended: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sum that must come out even: who holds what, in wei."""

    holder: str
    amount_wei: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the task: what it brought, won, lost, holds in the contract and has withdrawn, in gwei.

    What it holds is its balance and what it has in escrow.
    """

    index: int
    address: str
    stake_gwei: int
    won_gwei: int
    lost_gwei: int
    balance_gwei: int
    escrow_gwei: int
    withdrawn_gwei: int

    @property
    def held_gwei(self) -> int:
        """What the contract owes it."""
        return self.balance_gwei + self.escrow_gwei


@dataclass(frozen=True, slots=True)
class Flows:
    """What went into a task and what came of it, in gwei; both sides must sum up to the same."""

    stakes_gwei: int
    funded_gwei: int
    members_gwei: int
    pool_gwei: int
    returned_gwei: int
    bounties_gwei: int

    @property
    def is_even(self) -> bool:
        """Whether nothing came from nowhere or got lost."""
        went = self.members_gwei + self.pool_gwei + self.returned_gwei + self.bounties_gwei
        return self.stakes_gwei + self.funded_gwei == went


@dataclass(frozen=True, slots=True)
class Books:
    """A task's books.

    Attributes
    ----------
    supply_wei : int
        The token's whole supply, as the token contract says.
    held : sequence of Entry
        What the task's accounts hold of it, as the token contract says; on a chain of its own that is the supply.
    inside : sequence of Entry
        What the Alliance contract's own holding consists of by the replayed rules; they must sum up to what the token
        contract says it holds.
    alliance_wei : int
        What the token contract says that the Alliance contract holds.
    """

    task: int
    chain_id: int
    contract: str
    token: str
    phase: str
    rounds_in_all: int
    members: Sequence[Member]
    rounds: Sequence[Round]
    flows: Flows
    supply_wei: int
    held: Sequence[Entry]
    inside: Sequence[Entry]
    alliance_wei: int

    def round(self, number: int) -> Round | None:
        """Return a round that has ended, or None."""
        return next((entry for entry in self.rounds if entry.number == number), None)

    def member(self, name: str) -> Member | None:
        """Return the member with this roster index or address, or None."""
        return next(
            (m for m in self.members if name in (str(m.index), m.address) or name.lower() == m.address.lower()), None
        )
