"""What a creator of a task of the Arena fixes, within which limits, and the words for where things stand.

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
