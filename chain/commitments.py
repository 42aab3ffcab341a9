"""What a day of the Arena takes off chain: commitments as the contract opens them, packed scores, places, times."""

from collections.abc import Sequence
from dataclasses import dataclass

from fl_alliance.chain.arena_types import DAY_S, TaskParams
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.assignment import places
from fl_alliance.chain.rules.units import require_range
from fl_alliance.chain.rules.words import hash_words

SCORES_A_WORD = 8
_SCORE_BITS = 32
_SCORES_AT = 5 * 32
"""Where the words begin in abi.encode(task, day, validator, scores, salt)."""


def submission_commitment(task: int, day: int, node: str, digest: bytes, parameters: int, salt: bytes) -> bytes:
    """Return what a node commits to: its model's sha256, how many parameters that has, and 32 random bytes."""
    return hash_words(task, day, node, digest, parameters, salt)


def scores_commitment(task: int, day: int, validator: str, scores: Sequence[int], salt: bytes) -> bytes:
    """Return what a validator commits to.

    Parameters
    ----------
    scores : sequence of int
        One for each place of the day, as `pack_scores` takes them; those of places that are not its own do not count.
    salt : bytes
        32 random bytes: scores can be guessed.

    Raises
    ------
    ValueError
        A score is out of its range.
    """
    return words_commitment(task, day, validator, pack_scores(scores), salt)


def words_commitment(task: int, day: int, validator: str, words: Sequence[int], salt: bytes) -> bytes:
    """Return the same of scores as they are packed, whatever is in the last word behind the last place."""
    return hash_words(task, day, validator, _SCORES_AT, salt, len(words), *words)


def dataset_b_commitment(digest: bytes, salt: bytes) -> bytes:
    """Return what a creator commits to: the sha256 of dataset B, and 32 random bytes."""
    return hash_words(digest, salt)


def pack_scores(scores: Sequence[int]) -> list[int]:
    """Return scores by place in words: that of place p in bits 32 (p mod 8).. of word p / 8.

    Raises
    ------
    ValueError
        A score is not 0 to `WORST`.
    """
    words = [0] * -(-len(scores) // SCORES_A_WORD)
    for place, score in enumerate(scores):
        require_range(f"score of place {place}", score, 0, WORST)
        words[place // SCORES_A_WORD] |= score << _SCORE_BITS * (place % SCORES_A_WORD)
    return words


def unpack_scores(words: Sequence[int], count: int) -> tuple[int, ...]:
    """Return the scores of the first `count` places."""
    return tuple(words[p // SCORES_A_WORD] >> _SCORE_BITS * (p % SCORES_A_WORD) & WORST for p in range(count))


def assigned_places(beta: bytes, quota: int, commits: int) -> tuple[int, ...]:
    """Return the places, of `commits`, that a validator scores: its VRF output `beta` and its quota say which."""
    return places(beta, commits, quota)


def day_of(params: TaskParams, start_at: int, now: int) -> int:
    """Return a task's day at second `now`: below 0 before day 0, `day_count` on the B day, above it after that.

    Parameters
    ----------
    start_at : int
        Second at which day 0 of the emission begins.
    """
    return (now - start_at) // DAY_S - params.first_day


@dataclass(frozen=True, slots=True)
class DayTimes:
    """The seconds at which the windows of a day begin, each until the next.

    Attributes
    ----------
    submit_at : int
        Nodes commit; the day begins. On the B day: dataset B and its submissions come, until `score_at`.
    reveal_at : int
        Nodes reveal.
    score_at : int
        Validators commit to scores.
    reveal_scores_at : int
        Validators reveal them.
    settle_at : int
        Anybody settles, any time later.
    over_at : int
        The day is over: it can be finished once the emission's day is closed.
    """

    submit_at: int
    reveal_at: int
    score_at: int
    reveal_scores_at: int
    settle_at: int
    over_at: int


def day_times(params: TaskParams, start_at: int, day: int) -> DayTimes:
    """Return the times of a day of a task; `start_at` as for `day_of`."""
    begins = start_at + (params.first_day + day) * DAY_S
    reveal = begins + params.submit_s
    score = reveal + params.reveal_s
    reveal_scores = score + params.score_s
    return DayTimes(begins, reveal, score, reveal_scores, reveal_scores + params.reveal_scores_s, begins + DAY_S)
