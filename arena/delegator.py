"""The delegator: puts FML behind nodes and validators, earns and is slashed with them, and takes it back at the end."""

from collections.abc import Mapping

from fl_alliance.arena.errors import FundsMissing, TaskMismatch
from fl_alliance.arena.events import Delegated, Redeemed, RedemptionRequested
from fl_alliance.arena.role import Desk, Role
from fl_alliance.arena.task import Task
from fl_alliance.chain.pools import DelegationPool


class Delegator(Role):
    """Delegates once to each of its delegates, and redeems all of it when the task is over.

    Parameters
    ----------
    amounts_wei : mapping
        Delegate -> what to put behind it. Each must have opened a pool.
    """

    def __init__(self, desk: Desk, task: Task, amounts_wei: Mapping[str, int]) -> None:
        super().__init__(desk, task)
        self.amounts_wei = dict(amounts_wei)

    def join(self) -> None:
        """Delegate what is not delegated yet."""
        for delegate, amount_wei in self.amounts_wei.items():
            self.delegate(delegate, amount_wei)

    def leave(self) -> None:
        """Ask for all of it, wait as long as the pools do, and take it."""
        for delegate in self.amounts_wei:
            self.request(delegate)
        for delegate in self.amounts_wei:
            self.redeem(delegate)

    def delegate(self, delegate: str, amount_wei: int) -> None:
        """Put `amount_wei` behind a delegate, once.

        Raises
        ------
        TaskMismatch
            It has no pool.
        FundsMissing
            The account holds less.
        """
        deposit_once(self.desk, self.number, self.pool(delegate), delegate, amount_wei)

    def request(self, delegate: str) -> None:
        """Ask a pool for all that this account has there, unless that is asked for."""
        pool = self.pool(delegate)
        if not pool.shares or pool.redemption().shares == pool.shares:
            return
        asked = pool.request_redeem(pool.shares)
        self.desk.tell(RedemptionRequested(self.number, self.me, delegate, asked.from_at, asked.until_at))

    def redeem(self, delegate: str) -> None:
        """Wait until what was asked for may be redeemed, and take it; a request that ran out is made anew."""
        pool = self.pool(delegate)
        while pool.shares:
            asked = pool.redemption()
            if not asked.shares:
                self.request(delegate)
                continue
            self.desk.clock.wait_until(asked.from_at)
            if amount_wei := pool.redeem():
                self.desk.tell(Redeemed(self.number, self.me, delegate, amount_wei))

    def pool(self, delegate: str) -> DelegationPool:
        """Return a delegate's pool; raises `TaskMismatch` where it has none."""
        found = self.arena.stake_of(self.number, delegate)
        if not found.has_pool:
            raise TaskMismatch(self.number, f"pool of {delegate}", "none", "one: the delegate has to open it first")
        return DelegationPool(self.desk.sender, found.pool)


def deposit_once(desk: Desk, task: int, pool: DelegationPool, delegate: str, amount_wei: int) -> None:
    """Put `amount_wei` into a delegate's pool, once however often the process is killed.

    Raises
    ------
    FundsMissing
        The account holds less.
    """
    name = f"deposit-{delegate.lower()}"
    entry = desk.journal.read(name)
    if entry is None:
        # What tells afterwards whether a deposit arrived that was sent when the process was killed.
        entry = {"amount_wei": amount_wei, "shares_before": pool.shares, "is_done": False}
        desk.journal.write(name, entry)
    if not entry["is_done"] and pool.shares == entry["shares_before"]:
        if (held := desk.arena.token.balance_wei()) < entry["amount_wei"]:
            raise FundsMissing(desk.me, f"delegation to {delegate}", held, entry["amount_wei"])
        shares = pool.deposit(entry["amount_wei"])
        desk.tell(Delegated(task, desk.me, delegate, entry["amount_wei"], shares))
    desk.journal.write(name, entry | {"is_done": True})
