"""What all roles have in common: where they work, the steps of a day, and being paid.

A role is asked to do its part of each window (`epoch.py`). Every step looks at the chain first and may be repeated at
any time, in a new process too: what was done is on the chain, and what must not be forgotten is in the journal before
it is sent.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from fl_alliance.arena.calendar import Calendar, Window
from fl_alliance.arena.claims import due
from fl_alliance.arena.clock import Clock
from fl_alliance.arena.errors import ContentDamaged, ContentMissing, FundsMissing, TaskMismatch
from fl_alliance.arena.events import Claimed, Listener, Locked, Missed, PoolOpened, Staked, Trying, Unlocked, unheard
from fl_alliance.arena.journal import Journal
from fl_alliance.arena.patience import Patience, Waiting, patiently
from fl_alliance.arena.store import Store
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_states import StakeState
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.sender import Sender

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one account works.

    Attributes
    ----------
    sender : Sender
        The account, and what it signs with.
    arena : Arena
        Sends as this account.
    emission : Emission
        The same account's.
    store : Store
        Where datasets and models are.
    clock : Clock
        The chain's time.
    journal : Journal
        This account's, in this task.
    tell : callable
        Hears what happens.
    entropy : callable
        Returns so many random bytes, for salts and secret seeds.
    patience : Patience
        How long to go on without an answer.
    """

    sender: Sender
    arena: Arena
    emission: Emission
    store: Store
    clock: Clock
    journal: Journal
    tell: Listener = unheard
    entropy: Callable[[int], bytes] = secrets.token_bytes
    patience: Patience = field(default_factory=Patience)

    @property
    def me(self) -> str:
        """The account."""
        return self.sender.address

    def patiently(self, step: Callable[[], T], task: int = 0) -> T:
        """Run a step that may be repeated until chain and store have answered; see `patience.py` for what it raises."""
        return patiently(step, self.arena.rpc, self.me, self.waiting(task))

    def waiting(self, task: int = 0) -> Waiting:
        """Return pauses of which each is told."""
        return Waiting(self.patience, lambda why, pause_s: self.tell(Trying(task, self.me, why, pause_s)))

    def fetch(self, digest: bytes, most: int) -> bytes | None:
        """Return a stranger's content of at most `most` bytes, None where the store does not have it whole.

        Raises
        ------
        ContentTooLarge
            It is there and larger.
        """
        try:
            return self.store.get(digest, most)
        except (ContentMissing, ContentDamaged):
            return None


def open_desk(
    sender: Sender,
    arena: str,
    store: Store,
    clock: Clock,
    folder: Path,
    matter: str,
    tell: Listener = unheard,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    patience: Patience | None = None,
) -> Desk:
    """Return an account's desk, its journal in `folder`; close that when the work is done.

    Parameters
    ----------
    arena : str
        The Arena's address.
    matter : str
        What the journal is of, such as the task's number: a folder serves one matter of one account.

    Raises
    ------
    JournalError
        The folder is another matter's, or in use.
    """
    market = Arena(sender, arena)
    owner = f"{matter} of {sender.address} in {sender.chain_id}:{market.address}"
    emission = Emission(sender, market.emission)
    return Desk(sender, market, emission, store, clock, Journal(folder, owner), tell, entropy, patience or Patience())


@dataclass(frozen=True, slots=True)
class Stake:
    """What an account puts into a task.

    Attributes
    ----------
    amount_wei : int
        Own stake, staked once.
    lock_days : int
        For how long it is locked, 0 to 365; above 30 it weighs more.
    sigma_bps : int or None
        What the account keeps of its delegators' earnings, of 10,000; None: it takes no delegators.
    """

    amount_wei: int
    lock_days: int = 0
    sigma_bps: int | None = None


class Role:
    """Somebody in a task; who does nothing in a window inherits that from here.

    Parameters
    ----------
    desk : Desk
        Where it works.
    task : Task
        The task.
    """

    def __init__(self, desk: Desk, task: Task) -> None:
        self.desk, self.task, self.number = desk, task, task.number
        self.arena, self.params, self.spec = desk.arena, task.params, task.spec
        self.calendar = Calendar(task.params, desk.emission.start_at)

    @property
    def me(self) -> str:
        """Its account."""
        return self.desk.me

    # --- a task, in its order

    def join(self) -> None:
        """Before the task: stake."""

    def submit(self, day: int) -> None:
        """First window: commit to a model."""

    def reveal(self, day: int) -> None:
        """Second window: reveal it."""

    def open_final(self) -> None:
        """On the B day, instead of these two: reveal dataset B and enter the best submissions."""

    def score(self, day: int) -> None:
        """Third window: score, and commit to that."""

    def reveal_scores(self, day: int) -> None:
        """Fourth window: reveal the scores."""

    def settle(self, day: int) -> None:
        """After the windows: settle the day."""

    def close(self, day: int) -> None:
        """After the day: finish it and be paid."""

    def leave(self) -> None:
        """After the task: take out what is left."""

    def missed(self, day: int, window: Window) -> None:
        """Instead of a window's step, where it has closed: say what that costs, if it costs anything."""

    # --- what they share

    def tell_missed(self, day: int, what: str, cost: str) -> None:
        """Tell that something was not done."""
        self.desk.tell(Missed(self.number, self.me, day, what, cost))


class Staker(Role):
    """A node or a validator: stakes, is paid every day, and takes its stake out."""

    stake_role: StakeRole

    def __init__(self, desk: Desk, task: Task, stake: Stake) -> None:
        super().__init__(desk, task)
        self.stake = stake

    def join(self) -> None:
        """Stake once, and open the pool where there is to be one."""
        mine = self.arena.my(self.number)
        if mine.role is StakeRole.NONE:
            mine = self._stake()
        if mine.role is not self.stake_role:
            found, needed = mine.role.name.lower(), self.stake_role.name.lower()
            raise TaskMismatch(self.number, f"part of {self.me}", found, f"{needed}: an account is one thing in a task")
        if self.stake.sigma_bps is not None and not mine.has_pool:
            pool = self.arena.open_pool(self.number, self.stake.sigma_bps)
            self.desk.tell(PoolOpened(self.number, self.me, pool, self.stake.sigma_bps))

    def close(self, day: int) -> None:
        """Take what is due of all days that are finished."""
        self.claim()

    def leave(self) -> None:
        """Take what is due and, once the task is over and the lock too, the stake."""
        self.claim()
        mine, phase = self.arena.my(self.number), self.arena.state(self.number).phase
        if not mine.own_wei or phase is Phase.ACTIVE:
            return
        if phase is Phase.COMPLETED and self.desk.clock.now() < mine.locked_until:
            self.desk.tell(Locked(self.number, self.me, mine.locked_until))
            return
        self.desk.tell(Unlocked(self.number, self.me, self.arena.unlock(self.number)))

    def claim(self) -> None:
        """Take what this account is due of all days that are finished."""
        claim_for(self.desk, self.number, self.me)

    def _stake(self) -> StakeState:
        stake, token = self.stake, self.arena.token
        if (held := token.balance_wei()) < stake.amount_wei:
            raise FundsMissing(self.me, f"stake in task {self.number}", held, stake.amount_wei)
        mine = self.arena.stake(self.number, self.stake_role, stake.amount_wei, stake.lock_days)
        self.desk.tell(Staked(self.number, self.me, self.stake_role.name.lower(), mine.own_wei))
        return mine


def claim_for(desk: Desk, task: int, account: str) -> None:
    """Have an account paid what it is due of all finished days of a task; nothing is sent for days without."""
    for day in range(desk.arena.state(task).finished_days):
        if due(desk.arena, task, day, account):
            paid = desk.arena.claim(task, day, account)
            desk.tell(Claimed(task, desk.me, day, account, paid.paid_wei, paid.fee_wei, paid.pushed_wei))
