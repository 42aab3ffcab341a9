"""Candidate voting: how the scores of a menu of models become a winner, and marks on the proposals become evidence.

Pure integers, mirrored by the contract. A *menu* lists candidates and, after them, models that only serve a question.
For every candidate it holds a *row*: which proposals the candidate is made of, and a *mark* for each proposal, how
far out it lies as seen from that candidate, in sixteenths of a robust z. Voters score each entry of the menu; only the
winner's row is used.

The decision is the maximin over stake-weighted medians of pairwise differences: a candidate is worth its worst
comparison, and a comparison is what the voter in the middle of the stake says of it. A minority of the stake, however
extreme its scores, moves a median only within the range of the others' scores.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fl_alliance.chain.rules.consensus import BPS

OLD, DEFAULT = 0, 1
"""Entries of every menu: the model adopted last, and the candidate that needs no majority against the others."""
MIN_CANDIDATES = 2
MAX_ENTRIES = 12
"""Entries of a menu at most: what a voter evaluates, and what fits one word of scores."""
MAX_PROPOSERS = 64
SCORE_BITS = 20
SCORE_WORST = 1_000_000
LOSS_LIMIT = 4.0
"""Losses are clipped here before they are rounded, so that one diverged model is no worse than another."""
PART_OF = 0x80
"""Bit of a mark byte: the proposal is part of the candidate."""
MARK_BITS = 0x7F
MARK_LIMIT = 96
"""The largest mark, a robust z of 6: one round convicts nobody on its own."""
MARKS_PER_Z = 16
MAX_EVIDENCE = 65_535

_DIGEST_BYTES = 32
_ROW_HEADER_BYTES = 2


class MenuInvalid(ValueError):
    """The bytes are no menu for that many proposals; the contract refuses them too."""


class ScoresInvalid(ValueError):
    """The word is not the scores of that many entries; the contract refuses it too."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the menu says of one candidate.

    Attributes
    ----------
    marks : bytes
        One byte a proposal, in ascending order of members: `PART_OF`, or'ed with the mark 0..`MARK_LIMIT`.
    reference, question : int
        Entries: voters who find `question` worse than `reference` convict this row's suspects. Equal: no question.
    """

    marks: bytes
    reference: int = 0
    question: int = 0

    def parts(self) -> tuple[int, ...]:
        """Return the positions of the proposals that the candidate is made of."""
        return tuple(index for index, mark in enumerate(self.marks) if mark & PART_OF)

    def suspects(self, suspect_at: int) -> tuple[int, ...]:
        """Return the positions of the proposals whose mark is at least `suspect_at`."""
        return tuple(index for index, mark in enumerate(self.marks) if mark & MARK_BITS >= suspect_at)


@dataclass(frozen=True, slots=True)
class MenuDigest:
    """A menu as the chain sees it: a digest of every entry, and a row for each of the first ones, the candidates."""

    digests: tuple[bytes, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the voters chose.

    Attributes
    ----------
    winner : int
        Entry; `OLD` when the old model stays.
    medians : tuple of tuple of int
        `medians[a][b]` is the middle voter's score of b less that of a: above 0 where a is better.
    best : int
        The maximin candidate, whether or not it had the stake to override the default.
    backing : int
        Weight of those who score `best` better than the default.
    weight : int
        Weight of all who revealed.
    """

    winner: int
    medians: tuple[tuple[int, ...], ...]
    best: int
    backing: int
    weight: int


def score_ppm(loss: float) -> int:
    """Return the on-chain form of a loss, 0..1,000,000: clipped to [0, 4], over 4, rounded half to even.

    Lower is better. What is not a finite number (a diverged model's) is the worst score.
    """
    if not math.isfinite(loss):
        return SCORE_WORST
    return round(min(max(loss, 0.0), LOSS_LIMIT) / LOSS_LIMIT * SCORE_WORST)


def pack_scores(scores: Sequence[int]) -> int:
    """Return the word of the scores of a menu's entries, the first in the lowest 20 bits; raises `ScoresInvalid`."""
    if not 0 < len(scores) <= MAX_ENTRIES:
        raise ScoresInvalid(f"{len(scores)} scores, needed: 1 to {MAX_ENTRIES}")
    for entry, score in enumerate(scores):
        if not 0 <= score <= SCORE_WORST:
            raise ScoresInvalid(f"score {score} of entry {entry}, needed: 0 to {SCORE_WORST}")
    return sum(score << (SCORE_BITS * entry) for entry, score in enumerate(scores))


def unpack_scores(word: int, entries: int) -> tuple[int, ...]:
    """Return the scores in a word; raises `ScoresInvalid` when one is out of range or an unused bit is set."""
    if word < 0 or word >> (SCORE_BITS * entries):
        raise ScoresInvalid(f"word {word:#x} has bits beyond those of {entries} entries")
    scores = tuple(word >> (SCORE_BITS * entry) & ((1 << SCORE_BITS) - 1) for entry in range(entries))
    if max(scores, default=0) > SCORE_WORST:
        raise ScoresInvalid(f"score {max(scores)} in a word, needed: at most {SCORE_WORST}")
    return scores


def encode_menu(menu: MenuDigest) -> bytes:
    """Return the menu's bytes, whose keccak256 is the motion; raises `MenuInvalid`."""
    head = bytes([len(menu.rows), len(menu.digests)])
    rows = (bytes([row.reference, row.question]) + row.marks for row in menu.rows)
    data = head + b"".join(menu.digests) + b"".join(rows)
    if decode_menu(data, len(menu.rows[0].marks) if menu.rows else 0) != menu:
        raise MenuInvalid("the rows differ in their number of marks, or a digest has not 32 bytes")
    return data


def decode_menu(data: bytes, proposals: int) -> MenuDigest:
    """Return the menu in `data`, for `proposals` marks a row.

    Raises
    ------
    MenuInvalid
        Another length than its head says, fewer than 2 or more than 12 entries, more candidates than entries, or a
        question about an entry that is not there. Marks are not looked at: who votes on a menu stands for them.
    """
    if len(data) < 2:
        raise MenuInvalid(f"{len(data)} bytes, needed: 2 and more")
    candidates, entries = data[0], data[1]
    if not MIN_CANDIDATES <= candidates <= entries <= MAX_ENTRIES:
        raise MenuInvalid(f"{candidates} candidates of {entries} entries, needed: 2 <= candidates <= entries <= 12")
    row_bytes = _ROW_HEADER_BYTES + proposals
    start = 2 + _DIGEST_BYTES * entries
    needed = start + row_bytes * candidates
    if len(data) != needed:
        raise MenuInvalid(f"{len(data)} bytes, needed: {needed} for {proposals} proposals")
    digests = tuple(data[at : at + _DIGEST_BYTES] for at in range(2, start, _DIGEST_BYTES))
    raw = [data[at : at + row_bytes] for at in range(start, needed, row_bytes)]
    rows = tuple(Row(row[_ROW_HEADER_BYTES:], row[0], row[1]) for row in raw)
    if any(max(row.reference, row.question) >= entries for row in rows):
        raise MenuInvalid(f"a question about an entry beyond the {entries}")
    return MenuDigest(digests, rows)


def lower_median(values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the smallest value such that those up to it hold at least half of the weight, which must be above 0."""
    total, below = sum(weights), 0
    for value, weight in sorted(zip(values, weights, strict=True)):
        below += weight
        if 2 * below >= total > 0:
            return value
    raise ValueError("a median needs a weight above 0")


def medians(scores: Sequence[Sequence[int]], weights: Sequence[int], candidates: int) -> tuple[tuple[int, ...], ...]:
    """Return `M[a][b]` for all pairs of candidates: the lower weighted median over voters of s[b] - s[a]; 0 for a = b.

    `M[a][b]` and `-M[b][a]` may differ: both are lower medians.
    """
    span = range(candidates)
    return tuple(
        tuple(lower_median([s[b] - s[a] for s in scores], weights) if a != b else 0 for b in span) for a in span
    )


def decide(scores: Sequence[Sequence[int]], weights: Sequence[int], candidates: int, override_bps: int) -> Decision:
    """Return which candidate is adopted.

    Parameters
    ----------
    scores : sequence of sequence of int
        One row a revealed voter: its scores of at least the first `candidates` entries.
    weights : sequence of int
        The voters' balances before the settlement; not all 0.
    candidates : int
        How many of the entries can win.
    override_bps : int
        Share of the weight that must score the maximin candidate strictly better than the default for it to be adopted.
        Without this a majority bought for one round could pick the worst of the menu.
    """
    matrix = medians(scores, weights, candidates)
    values = [min(row[:a] + row[a + 1 :]) for a, row in enumerate(matrix)]
    best = max(range(candidates), key=lambda a: (values[a], a == DEFAULT, -a))
    weight = sum(weights)
    backing = sum(w for s, w in zip(scores, weights, strict=True) if s[best] < s[DEFAULT])
    is_adopted = best == DEFAULT or backing * BPS >= override_bps * weight
    return Decision(best if is_adopted else DEFAULT, matrix, best, backing, weight)


def convict(row: Row, scores: Sequence[Sequence[int]], weights: Sequence[int], convict_bps: int) -> bool:
    """Return whether the voters convict the row's suspects: enough weight finds the question worse than the reference.

    A row without a question convicts nobody.
    """
    if row.reference == row.question:
        return False
    against = sum(w for s, w in zip(scores, weights, strict=True) if s[row.question] > s[row.reference])
    return against * BPS >= convict_bps * sum(weights)


def next_evidence(
    evidence: int, mark: int, is_convicted: bool, *, offset: int, forgive: int, slash_above: int
) -> tuple[int, bool]:
    """Return a proposer's evidence after a round, and whether it is slashed in it.

    Parameters
    ----------
    evidence : int
        Before, 0..65,535.
    mark : int
        Its byte in the winner's row; of use only when convicted, and then at least `offset`.
    is_convicted : bool
        Whether it was among the suspects of a row that was convicted.
    offset, forgive, slash_above : int
        What a mark counts less, what a round without conviction takes off, and what must be exceeded. After a slash
        the evidence stands at `slash_above`, so that the next conviction slashes again.
    """
    if not is_convicted:
        return max(0, evidence - forgive), False
    raised = min(MAX_EVIDENCE, evidence + max(0, (mark & MARK_BITS) - offset))
    return (slash_above, True) if raised > slash_above else (raised, False)
