"""The market of an Alliance's tasks on a chain, as members, delegators and whoever keeps its days going use it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.deploy import ALLIANCE_MARKET, RULES
from fl_alliance.chain.emission import DRAW_S, Emission
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.chain.rules.alliance_pay import delegators_share
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.chain.types import WEI_PER_GWEI, Phase, TaskState

_OPEN_GAS = 600_000
_WALK_GAS = 3_000_000  # for MAX_STEPS days or rewards


@dataclass(frozen=True, slots=True)
class Delegation:
    """What is known of a member's delegators.

    Attributes
    ----------
    pool : str
        Their pool.
    member : int
        The delegate's index in the task.
    counted_wei : int
        What of the pool's assets is part of the task's stake now; 0 while the delegate has no seat.
    weight : int
        As `rules.alliance_pay.delegated_weight`, at the last report.
    claimed : int
        How many of the task's rewards it has claimed.
    """

    pool: str
    member: int
    counted_wei: int
    weight: int
    claimed: int


@dataclass(frozen=True, slots=True)
class Reward:
    """What all delegators of a task were paid for a day of the emission, in wei, and their weights' sum then."""

    day: int
    delegated_wei: int
    weight: int


@dataclass(frozen=True, slots=True)
class Split:
    """A day's share of a task, in wei: what came, what its pool got, what its delegators; the rest was burned."""

    day: int
    amount_wei: int
    funded_wei: int
    delegated_wei: int


class AllianceMarket:
    """One account's access to a deployed market of an Alliance's tasks.

    Parameters
    ----------
    sender : Sender
        Pays for what this account sends.
    address : str
        Where the contract is.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        self._contract = BoundContract(sender, ALLIANCE_MARKET, address)
        self._sender, self.address = sender, self._contract.address
        self.emission = Emission(sender, checksum(self._contract.read("emission")))
        # Either rule's contract tells a task's state alike.
        anyone = next(iter(RULES.values()))
        self._alliance = ContractReader(sender.rpc, anyone, checksum(self._contract.read("alliance")))

    # what is sent

    def open_pool(self, task: int, member: int, sigma_bps: int) -> str:
        """Open the pool of the sender, who is this member, at a sigma of 0 to 10,000, and return its address.

        Raises
        ------
        NotMember, NotSeated, PoolExists, BadParameter
        """
        receipt = self._contract.send(_OPEN_GAS, "openPool", task, member, sigma_bps)
        return checksum(self._contract.events(receipt, "PoolOpened")[0]["pool"])

    def note(self, task: int) -> Receipt:
        """Have it written down that a round was accepted today, if one was, and the task's stake."""
        return self._contract.send(_WALK_GAS, "note", task)

    def draw_due(self, task: int, now: int) -> tuple[Split, ...]:
        """Draw every closed day of which the task can draw something at second `now`; return how each was split."""
        days = tuple(self.due_days(task, now))
        return tuple(self._split(self.emission.draw_receipt(self.address, task, day)) for day in days)

    def claim(self, task: int, delegate: str) -> int:
        """Pay a member's delegators all that is due to them, and return it, in wei; raises `NoPool`."""
        paid = 0
        while self.delegation(task, delegate).claimed < len(self.rewards(task)):
            receipt = self._contract.send(_WALK_GAS, "claim", task, delegate)
            paid += sum(event["amountWei"] for event in self._contract.events(receipt, "RewardClaimed"))
        return paid

    def keep(self, task: int, now: int) -> tuple[Split, ...]:
        """Do all that is due of a task at second `now`, and return how each day drawn was split.

        Notes an acceptance and the stake, closes days, draws, and pays every pool; sends nothing where nothing is due.
        In a guardian's pause days and draws wait, and lose no time.
        To be called once a day at least, on a day with an accepted round before a round of a later day is accepted.

        Raises
        ------
        Refused
            Somebody else did it in between, where several keep one task: called again, it does what is left.
        """
        if self.is_note_due(task):
            self.note(task)
        self.emission.catch_up(now)
        drawn = () if self.emission.is_paused else self.draw_due(task, now)
        for delegate in self.delegates(task):
            self.claim(task, delegate)
        return drawn

    # what is read

    def due_days(self, task: int, now: int) -> Iterator[int]:
        """Yield the closed days, the last first, of which the task can draw something at second `now`."""
        drawn_s = DRAW_S + self.emission.paused_s
        for day in range(self.emission.closed_days - 1, -1, -1):
            if self.emission.day(day).closed_at + drawn_s <= now:
                return  # days are closed in order
            if self.is_accepted(task, day) and self.emission.drawable_wei(self.address, task, day):
                yield day

    def is_note_due(self, task: int) -> bool:
        """Return whether `note` would write down an acceptance, or another stake than the emission has.

        When a task has ended its stake is none. That is not due on the day of its last round, or what the day's work
        was done with would not be paid.
        """
        accepted_at = self._accepted_at(task)
        is_today = self._day_of(accepted_at) == self.emission.today
        if self.is_finished(task) and is_today:
            return False
        if accepted_at >= self.emission.start_at and not self.noted_at(task, self._day_of(accepted_at)):
            return True
        staked_gwei = self.stake_wei(task) // WEI_PER_GWEI
        is_counted = self.emission.is_verified(self.address, task)
        return is_counted and staked_gwei != self.emission.stake_gwei(self.address, task, self.emission.today)

    def is_finished(self, task: int) -> bool:
        """Return whether a task has ended."""
        return self._phase(task) is Phase.FINISHED

    def is_over(self, task: int) -> bool:
        """Return whether a task has ended, and with its days: there will be nothing more to keep."""
        last_day = self._day_of(self._accepted_at(task))
        return self.is_finished(task) and self.emission.closed_days > last_day and not self.is_note_due(task)

    def noted_at(self, task: int, day: int) -> int:
        """Return the second of an acceptance that was noted for a day, 0 where none was."""
        return int(self._contract.read("acceptedAt", task, day))

    def is_accepted(self, task: int, day: int) -> bool:
        """Return whether a round was accepted on a day of the emission, as far as that is known here."""
        begin = self.emission.start_at + day * DAY_S
        return bool(self._contract.read("accepted", task, begin, begin + DAY_S))

    def stake_wei(self, task: int) -> int:
        """Return what counts as staked in a running task now: seated members' balances, and what is delegated."""
        return int(self._contract.read("stakeWei", task))

    def delegated_wei(self, task: int) -> int:
        """Return what of that is delegated."""
        return int(self._contract.read("delegatedWei", task))

    def delegates(self, task: int) -> tuple[str, ...]:
        """Return the members of a task that have a pool, in the order in which they opened it."""
        return tuple(checksum(delegate) for delegate in self._contract.read("delegatesOf", task))

    def delegation(self, task: int, delegate: str) -> Delegation:
        """Return what is known of a member's delegators; its pool is nobody's, 0, where it has none."""
        pool, member, counted, weight, claimed = self._contract.read("delegationOf", task, delegate)
        return Delegation(checksum(pool), member, counted, weight, claimed)

    def pool(self, task: int, delegate: str) -> DelegationPool | None:
        """Return this account's access to a member's pool, None where it has none."""
        address = self.delegation(task, delegate).pool
        return None if address == ZERO_ADDRESS else DelegationPool(self._sender, address)

    def member(self, task: int, account: str) -> int | None:
        """Return an account's index among a task's members, None where it is none."""
        nodes = [checksum(node) for node, *_ in self._alliance.read("members", task)]
        return nodes.index(account) if account in nodes else None

    def rewards(self, task: int) -> tuple[Reward, ...]:
        """Return what delegators of a task were paid so far, in the order in which it was drawn."""
        return tuple(Reward(*values) for values in self._contract.read("rewardsOf", task))

    def weight_at(self, task: int, delegate: str, day: int) -> int:
        """Return a pool's weight at the end of a day, or now if the day is not over."""
        return int(self._contract.read("weightAt", task, delegate, day))

    def claimable_wei(self, task: int, delegate: str) -> int:
        """Return what `claim` would pay, by the rules: equal to what the contract says."""
        delegation = self.delegation(task, delegate)
        return sum(
            delegators_share(reward.delegated_wei, self.weight_at(task, delegate, reward.day), reward.weight)
            for reward in self.rewards(task)[delegation.claimed :]
        )

    def _phase(self, task: int) -> Phase:
        return Phase(self._state(task)["phase"])

    def _accepted_at(self, task: int) -> int:
        """Return the second of the last acceptance, 0 before the first."""
        return int(self._state(task)["accepted_at"])

    def _state(self, task: int) -> dict[str, int]:
        names = (field.name for field in fields(TaskState))
        return dict(zip(names, self._alliance.read("state", task), strict=True))

    def _day_of(self, second: int) -> int:
        """Return the emission's day of a second, -1 of all before its first."""
        return max(-1, (second - self.emission.start_at) // DAY_S)

    def _split(self, receipt: Receipt) -> Split:
        [told] = self._contract.events(receipt, "RewardSplit")
        return Split(told["day"], told["amountWei"], told["fundedWei"], told["delegatedWei"])
