"""What a task of the Arena is made of, in the order in which the contract's structs hold it.

Amounts are wei unless their names say gwei; shares, q and lambda are parts of 10^18; scores are losses in millionths,
`WORST` (`rules/arena_consensus.py`) the worst. Digests and commitments are 32 bytes. What each field means and how it
rounds is in `contracts/IArena.sol`.
"""

from dataclasses import dataclass, fields
from enum import IntEnum

from fl_alliance.chain.rules.words import ZERO_ADDRESS

DAY_S = 86_400
"""Seconds in a day, the emission's and the Arena's."""
NO_POOL = ZERO_ADDRESS
"""The pool of who has not opened one."""
_KIND_BYTES = 32
_DIGEST_BYTES = 32


class Phase(IntEnum):
    """Where a task stands."""

    NONE = 0
    """No such task."""
    ACTIVE = 1
    """Created, until its B day is finished."""
    CANCELLED = 2
    """By its creator before day 0: everybody takes out what it put in."""
    COMPLETED = 3
    """Every day is finished: stakes unlock."""


class Role(IntEnum):
    """What an account is in a task; never two at once."""

    NONE = 0
    CREATOR = 1
    NODE = 2
    VALIDATOR = 3


class Verdict(IntEnum):
    """What became of a submission."""

    COMMITTED = 0
    """Not revealed."""
    REVEALED = 1
    """Not settled."""
    REFUSED = 2
    """Revealed, but over the limit or a copy: settled as `WORST`, whatever validators say."""
    UNSCORED = 3
    """Settled; no validator revealed a score of it."""
    RANKED = 4
    """Settled with a consensus below the worst."""
    WORST = 5
    """Settled with the worst consensus, or refused: not paid, fee and a part of the stake lost."""


@dataclass(frozen=True, slots=True)
class TaskParams:
    """What a task's creator fixes for good.

    Attributes
    ----------
    kind : str
        Name of the kind of model, at most 32 characters of Latin-1, the last of them not NUL.
    spec_digest, dataset_a, base_model : bytes
        sha256 of the task's description, of what submissions are scored on, and of the model they start from.
    dataset_b : bytes
        `dataset_b_commitment` of what they are scored on at the end.
    first_day : int
        The emission's day on which day 0 falls: after today, within 1,800 days.
    day_count : int
        Days on dataset A, 1 to 1,800; day `day_count` is the B day.
    submit_s, reveal_s, score_s, reveal_scores_s : int
        A day's windows in seconds, each at least 1, 86,400 together at most.
    paid_nodes, paid_validators : int
        How many of each are paid a day, 1 to 64.
    validator_limit : int
        Submissions that the largest validator scores a day, 1 to 65,535.
    slash_bps : int
        What a slash takes of an account's stake and its delegators', of 10,000.
    power_halves : int
        Twice the exponent of stakes in shares, 0 to 4.
    min_node_stake_wei, min_validator_stake_wei : int
        Own stake at least, from one gwei on; the second is the unit of assignment too.
    floor_bps : int
        What nodes and validators each get of a reward whatever their stakes, 0 to 5,000.
    now_bps : int
        Share of a reward that is paid the same day, of 10,000.
    delegated_bps : int
        What a delegated wei weighs, of 10,000.
    submission_fee_wei : int
        Taken at the commitment, returned with a consensus below the worst.
    daily_wei : int
        Paid each day out of what the creator pays in at the beginning.
    max_parameters : int
        Of a submission, at least 1.
    rank_wad : int
        What a rank weighs of the one before, q, 0 to 10^18.
    decay_wad : int
        How fast a validator loses with its distance from the consensus, lambda, 0 to 10^24.
    creator_stake_wei : int
        At least what the Arena's `minCreatorStakeWei` says.

    Raises
    ------
    ValueError
        A value is out of its range, as far as it can be known without the chain.
    """

    kind: str
    spec_digest: bytes
    dataset_a: bytes
    dataset_b: bytes
    base_model: bytes
    first_day: int
    day_count: int
    submit_s: int
    reveal_s: int
    score_s: int
    reveal_scores_s: int
    paid_nodes: int
    paid_validators: int
    validator_limit: int
    slash_bps: int
    power_halves: int
    min_node_stake_wei: int
    min_validator_stake_wei: int
    floor_bps: int
    now_bps: int
    delegated_bps: int
    submission_fee_wei: int
    daily_wei: int
    max_parameters: int
    rank_wad: int
    decay_wad: int
    creator_stake_wei: int

    def __post_init__(self) -> None:
        kind = self.kind.encode("latin-1", "replace")
        if kind.decode("latin-1") != self.kind or len(kind) > _KIND_BYTES or kind.endswith(b"\0"):
            raise ValueError(f"kind: given {self.kind!r}, needed at most {_KIND_BYTES} of Latin-1, no NUL last")
        for name in ("spec_digest", "dataset_a", "dataset_b", "base_model"):
            given = len(getattr(self, name))
            if given != _DIGEST_BYTES:
                raise ValueError(f"{name}: given {given} bytes, needed {_DIGEST_BYTES}")
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name}: given {value}, needed {least} to {most}")
        if self.windows_s > DAY_S:
            raise ValueError(f"windows: given {self.windows_s} seconds in all, needed at most {DAY_S}")

    @property
    def windows_s(self) -> int:
        """Seconds from the beginning of a day until it can be settled."""
        return self.submit_s + self.reveal_s + self.score_s + self.reveal_scores_s

    @property
    def fund_wei(self) -> int:
        """What the creator pays in for all days' rewards."""
        return self.daily_wei * self.day_count

    def to_solidity(self) -> tuple[bytes | int, ...]:
        """Return the fields in the order of the contract's struct."""
        kind = self.kind.encode("latin-1").ljust(_KIND_BYTES, b"\0")
        return (kind, *(getattr(self, field.name) for field in fields(self)[1:]))


_MAX_UINT = {bits: (1 << bits) - 1 for bits in (16, 32, 64, 96)}
_GWEI = 10**9
RANGES: dict[str, tuple[int, int]] = {
    "first_day": (1, _MAX_UINT[32]),
    "day_count": (1, 1_800),
    "submit_s": (1, DAY_S),
    "reveal_s": (1, DAY_S),
    "score_s": (1, DAY_S),
    "reveal_scores_s": (1, DAY_S),
    "paid_nodes": (1, 64),
    "paid_validators": (1, 64),
    "validator_limit": (1, _MAX_UINT[16]),
    "slash_bps": (0, 10_000),
    "power_halves": (0, 4),
    "min_node_stake_wei": (_GWEI, _MAX_UINT[96]),
    "min_validator_stake_wei": (_GWEI, _MAX_UINT[96]),
    "floor_bps": (0, 5_000),
    "now_bps": (0, 10_000),
    "delegated_bps": (0, 10_000),
    "submission_fee_wei": (0, _MAX_UINT[96]),
    "daily_wei": (0, _MAX_UINT[96]),
    "max_parameters": (1, _MAX_UINT[64]),
    "rank_wad": (0, 10**18),
    "decay_wad": (0, 10**24),
    "creator_stake_wei": (0, _MAX_UINT[96]),
}
"""Least and most of each number of `TaskParams`, whatever the chain; the contract refuses the same."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the DAO lets creators of tasks fix; without its word whatever `RANGES` allow.

    Attributes
    ----------
    min_node_stake_wei, min_validator_stake_wei : int
        Least own stakes that a task may ask for.
    paid_nodes, paid_validators : int
        How many of each a task may pay a day at most.
    """

    min_node_stake_wei: int = RANGES["min_node_stake_wei"][0]
    min_validator_stake_wei: int = RANGES["min_validator_stake_wei"][0]
    paid_nodes: int = RANGES["paid_nodes"][1]
    paid_validators: int = RANGES["paid_validators"][1]

    def allow(self, params: TaskParams) -> bool:
        """Return whether a task may be so."""
        return (
            params.min_node_stake_wei >= self.min_node_stake_wei
            and params.min_validator_stake_wei >= self.min_validator_stake_wei
            and params.paid_nodes <= self.paid_nodes
            and params.paid_validators <= self.paid_validators
        )


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
