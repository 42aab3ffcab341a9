"""Who watches: what everybody has after each day, own FML, stakes and delegations together."""

from collections import defaultdict
from collections.abc import Callable

from fl_alliance.arena.role import Desk, Role
from fl_alliance.arena.task import Task
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.market.demo.cast import CAST, CREATOR
from fl_alliance.market.demo.stage import Stage

Reported = Callable[[int], None]
"""Told of a day that is finished and claimed."""


class Witness(Role):
    """Notes what everybody is worth; it acts last, so that a day's rewards have been claimed.

    Parameters
    ----------
    reported : callable
        Told of every day.
    """

    def __init__(self, desk: Desk, task: Task, stage: Stage, reported: Reported) -> None:
        super().__init__(desk, task)
        self._stage, self._reported = stage, reported
        self._pools: dict[tuple[str, str], DelegationPool] = {}
        self.worth: defaultdict[str, list[int]] = defaultdict(list)

    def join(self) -> None:
        """Note the start."""
        self._note()

    def close(self, day: int) -> None:
        """Note a day, and tell of it."""
        self._note()
        self._reported(day)

    def leave(self) -> None:
        """Note the end."""
        self._note()

    def _note(self) -> None:
        state = self.arena.state(self.number)
        for member in CAST:
            address = self._stage.senders[member.name].address
            worth = self._stage.token.balance_wei(address) + self.arena.stake_of(self.number, address).own_wei
            worth += sum(self._pool(member.name, delegate).worth_wei for delegate in member.behind)
            self.worth[member.name].append(worth + (state.fund_wei if member.name == CREATOR else 0))

    def _pool(self, delegator: str, delegate: str) -> DelegationPool:
        key = delegator, delegate
        if key not in self._pools:
            address = self.arena.stake_of(self.number, self._stage.senders[delegate].address).pool
            self._pools[key] = DelegationPool(self._stage.senders[delegator], address)
        return self._pools[key]
