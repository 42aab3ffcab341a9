"""What the Arena tells of a task, its accounts and its days, in the order in which the contract's structs hold it.

Units are those of `arena_types.py`.
"""

from dataclasses import dataclass

from fl_alliance.chain.arena_types import NO_POOL, Phase, Role, Verdict


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task as it stands.

    Attributes
    ----------
    phase : Phase
    creator : str
    finished_days : int
        Days finished: the number of the next one to finish.
    dataset_b : bytes
        sha256 of dataset B; 32 zero bytes until it is revealed.
    fell_back : bool
        Whether the B day came to nothing: what was held is paid by each day's own shares.
    staked_wei, own_wei : int
        All own and delegated stakes, and the own ones, which the Arena holds.
    pool_wei : int
        Fees, slashes and what rounding left.
    fund_wei : int
        What is left of the daily rewards that the creator paid in.
    owed_wei : int
        Fees that may go back and rewards that are not claimed.
    held_nodes_wei, held_validators_wei : int
        Of that: what the B day is to pay to nodes and to validators.
    """

    phase: Phase
    creator: str
    finished_days: int
    dataset_b: bytes
    fell_back: bool
    staked_wei: int
    own_wei: int
    pool_wei: int
    fund_wei: int
    owed_wei: int
    held_nodes_wei: int
    held_validators_wei: int

    @property
    def is_dataset_b_revealed(self) -> bool:
        """Whether dataset B is public."""
        return any(self.dataset_b)

    @property
    def held_wei(self) -> int:
        """What the Arena holds for this task: own stakes, pool, fund and what it owes."""
        return self.own_wei + self.pool_wei + self.fund_wei + self.owed_wei


@dataclass(frozen=True, slots=True)
class StakeState:
    """An account's part in a task as it stands.

    Attributes
    ----------
    role : Role
    own_wei, delegated_wei : int
        Its own stake, and its delegators' as its pool last told.
    lock_days : int
        For how many days its own stake is locked, which makes it weigh more (`rules/locks.py`).
    locked_until : int
        Second until which it stays if the task completes earlier.
    weight_gwei : int
        What counts today.
    pool : str
        Its delegators' pool; `NO_POOL` where there is none.
    vrf_x : int
        A validator's key.
    best_score, best_day, best_place : int
        A node's lowest consensus, and of which submission; `WORST` where there is none.
    """

    role: Role
    own_wei: int
    delegated_wei: int
    lock_days: int
    locked_until: int
    weight_gwei: int
    pool: str
    vrf_x: int
    best_score: int
    best_day: int
    best_place: int

    @property
    def has_pool(self) -> bool:
        """Whether anybody can delegate to the account."""
        return self.pool != NO_POOL


@dataclass(frozen=True, slots=True)
class DayState:
    """A day as it stands.

    Attributes
    ----------
    commits : int
        Submissions committed: places 0 to `commits` - 1.
    settled : int
        Places settled.
    validators, revealed, judged : int
        Validators that committed, that revealed, and that are settled, which comes after the places.
    is_finished : bool
    digest : bytes
        Of all reveals in their order; 32 zero bytes before the first.
    nodes_now_wei, nodes_held_wei, validators_now_wei, validators_held_wei : int
        What each role shares now, and where the task falls back.
    """

    commits: int
    settled: int
    validators: int
    revealed: int
    judged: int
    is_finished: bool
    digest: bytes
    nodes_now_wei: int
    nodes_held_wei: int
    validators_now_wei: int
    validators_held_wei: int

    @property
    def left(self) -> int:
        """Places and validators that are still to be settled."""
        return self.commits - self.settled + self.validators - self.judged


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission; stakes and weight are in whole gwei, as they stood when the day began.

    Attributes
    ----------
    node : str
    verdict : Verdict
    score : int
        The consensus, once it is settled.
    sigma_bps : int
        The node's part of what its delegators earn, of 10,000.
    is_claimed_now, is_claimed_held : bool
    own_gwei, delegated_gwei, weight_gwei : int
    share_wad : int
        Of what nodes share, once the day is finished.
    digest : bytes
        The commitment until the reveal, then sha256 of the model.
    """

    node: str
    verdict: Verdict
    score: int
    sigma_bps: int
    is_claimed_now: bool
    is_claimed_held: bool
    own_gwei: int
    delegated_gwei: int
    weight_gwei: int
    share_wad: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Validation:
    """A validator's day; stakes and weight as in `Submission`.

    Attributes
    ----------
    validator : str
    is_revealed : bool
    quota : int
        How many places it scores.
    start, inverse : int
        The first of them, and the inverse of the stride modulo the number of places; 0 until the reveal.
    sigma_bps : int
    is_claimed_now, is_claimed_held : bool
    own_gwei, delegated_gwei, weight_gwei : int
    share_wad : int
        Of what validators share, once the day is finished.
    commitment : bytes
    fits_wad : int
        Sum of F over what it scored.
    scored : int
        How many that was.
    """

    validator: str
    is_revealed: bool
    quota: int
    start: int
    inverse: int
    sigma_bps: int
    is_claimed_now: bool
    is_claimed_held: bool
    own_gwei: int
    delegated_gwei: int
    weight_gwei: int
    share_wad: int
    commitment: bytes
    fits_wad: int
    scored: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim paid: `paid_wei` to the account, `pushed_wei` to its delegators, and the fee that went back."""

    paid_wei: int
    fee_wei: int
    pushed_wei: int

    @property
    def total_wei(self) -> int:
        """All that was paid."""
        return self.paid_wei + self.fee_wei + self.pushed_wei


@dataclass(frozen=True, slots=True)
class DayResult:
    """What a finished day came to: `reward_wei`, of which `drawn_wei` is the emission's, and who shares what of it."""

    reward_wei: int
    drawn_wei: int
    nodes_now_wei: int
    nodes_held_wei: int
    validators_now_wei: int
    validators_held_wei: int
