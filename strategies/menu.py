"""The menu of a round: which models the voters may choose among, made from the proposals alone.

Relayer, voters and audit each compute it, so it must come out the same for all: it is a function of the old model, the
proposals in the order of their commitments and the inner strategy's aggregate, without any randomness, and its
arithmetic is `strategies/geometry.py`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fl_alliance.chain.rules.candidates import (
    MARK_LIMIT,
    MARKS_PER_Z,
    MAX_ENTRIES,
    PART_OF,
    MenuDigest,
    Row,
    encode_menu,
)
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.geometry import Arrays, Matrix, Shapes, Vector, distances, gram, logs, mean_of, robust_z
from fl_alliance.strategies.subsets import keep, sides, to_mean, trusted

ABSENT = -1
"""Position of a member whose proposal did not come."""
SHORT_COUNTS = 3.0
"""How many times shorter, in logarithms, an update may be than longer: who has learnt all it can moves little."""
POINTS = 10_000
"""What a voter's contributions add up to in size."""
TINY = 1e-12
"""Added to lengths before they are divided by or their logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What voters score.

    Attributes
    ----------
    names : tuple of str
        What each entry is, candidates first.
    models : tuple of arrays
        The entries themselves, in the model's dtypes.
    members : tuple of int
        Who proposed, ascending; the marks of every row are in this order.
    rows : tuple of Row
        One for each candidate.
    """

    names: tuple[str, ...]
    models: tuple[dict[str, NDArray[np.floating]], ...]
    members: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def digest(self) -> MenuDigest:
        """Return what the chain sees of it."""
        return MenuDigest(tuple(model_digest(model) for model in self.models), self.rows)

    @property
    def encoded(self) -> bytes:
        """Return its bytes; their keccak256 is the motion."""
        return encode_menu(self.digest)


class ConsensusRule(Protocol):
    """Makes a round's menu; a class of your own needs these methods and no base class.

    The results must be functions of the arguments alone, to the bit: a voter whose menu differs is not heard.
    """

    def prepare(self, old: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, dict[str, NDArray[np.floating]]]:
        """Return the proposals as the inner strategy may see them, e.g. none moved further than the median one."""

    def menu(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int] | None = None,
        averages: Mapping[int, int] | None = None,
    ) -> Menu:
        """Return the menu; entry 0 is `old`, entry 1 the candidate that wins unless the voters agree on another.

        Parameters
        ----------
        old
            The model adopted last.
        proposals
            Member -> its finite proposal, in the order of their commitments.
        aggregate
            What the inner strategy made of the prepared proposals.
        members
            All who proposed, ascending. One of them without content in `proposals` (it told the chain a digest and
            nobody else the model) is part of no candidate and has the mark 0. By default those in `proposals`.
        averages
            Member -> its average contribution before this round, as the chain has it; 0 for a member that is not in it,
            and for all where the task pays by stake.
        """


@dataclass(frozen=True, slots=True)
class Updates:
    """A round's updates, seen from the old model; positions count proposals in the order of their commitments.

    Attributes
    ----------
    raw, clipped : (proposals, coordinates)
        What each proposal adds to the old model; and the same with no update longer than the median one.
    pool : tuple of int
        Positions that are no clone of an earlier one.
    products, cosines, gaps : (proposals, proposals)
        Scalar products of the clipped updates, of the same at length 1, and the distances between the clipped.
    lengths : (proposals,)
        Of the raw updates.
    averages : (proposals,)
        What their members contributed on average in earlier rounds, as the chain has it.
    """

    raw: Matrix
    clipped: Matrix
    pool: tuple[int, ...]
    products: Matrix
    cosines: Matrix
    gaps: Matrix
    lengths: Vector
    averages: Vector


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to change the old model: `update` is added to it; `parts` are the positions it is made of.

    `is_asked` reserves an entry for a question: would the candidate be worse with its suspects in it?
    """

    name: str
    update: Vector
    parts: tuple[int, ...]
    step: float = 1.0
    is_asked: bool = False


class Candidates:
    """Candidate voting's menu.

    The old model; the default, which is the mean of the larger of the two sides that the updates' angles part them
    into; the inner strategy's aggregate; and means of everyone, of either side, and of those who contributed most in
    earlier rounds. Some take a longer step: the voters choose it, and with it make up
    for what clipping takes.

    Parameters
    ----------
    clone_gap
        Of two updates nearer to one another than this share of the median distance the later committed is left out.
    longer
        The factor of the longer steps.
    distrusted
        Shares of the proposals to leave out, of those who contributed least; all but the first take the longer step.
    floors
        Smallest standard deviations that marks are measured in: of the cosine to the candidate, of the logarithm of the
        length, of the logarithm of the distance to the nearest earlier committed update, and of the average
        contribution in earlier rounds in units of an even share of a voter's points.
    suspect_at
        Mark from which a proposal is asked about; the task's `suspectAt`.
    """

    def __init__(
        self,
        *,
        clone_gap: float = 0.05,
        longer: float = 2.0,
        distrusted: tuple[float, float, float] = (0.35, 0.5, 0.7),
        floors: tuple[float, float, float, float] = (0.3, 0.5, 0.5, 0.5),
        suspect_at: int = 56,
    ) -> None:
        self.floors = floors
        self.clone_gap, self.longer, self.suspect_at = clone_gap, longer, suspect_at
        self.distrusted = distrusted

    def prepare(self, old: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, dict[str, NDArray[np.floating]]]:
        """Return the proposals with their updates clipped to the median length."""
        shapes = Shapes.of(old)
        base, raw = _changes(shapes, old, proposals)
        clipped = self.updates(raw, np.zeros(len(raw))).clipped
        return {member: shapes.arrays(base + update) for member, update in zip(proposals, clipped, strict=True)}

    def menu(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int] | None = None,
        averages: Mapping[int, int] | None = None,
    ) -> Menu:
        """Return the menu, as `ConsensusRule` says."""
        shapes = Shapes.of(old)
        base, raw = _changes(shapes, old, proposals)
        known = averages or {}
        updates = self.updates(raw, np.array([known.get(member, 0) for member in proposals], dtype=np.float64))
        candidates = [self._old(updates), *self.candidates(updates, shapes.flat(aggregate) - base)]
        everyone = tuple(sorted(proposals) if members is None else members)
        places = {member: position for position, member in enumerate(proposals)}
        order = [places.get(member, ABSENT) for member in everyone]
        asked: list[Candidate] = []
        questions: dict[tuple[int, ...], tuple[int, int]] = {}
        rows = []
        for entry, candidate in enumerate(candidates):
            marks = self.marks(updates, candidate)
            question = self._question(updates, candidate, marks)
            if question is not None and len(candidates) + len(asked) < MAX_ENTRIES:
                asked.append(question)
                questions[candidate.parts] = (entry, len(candidates) + len(asked) - 1)
            about = questions.get(candidate.parts, (0, 0))
            rows.append(Row(_mark_bytes(marks, candidate.parts, order), *about))
        entries = [*candidates, *asked]
        models = [dict(old)] + [shapes.arrays(base + entry.update) for entry in entries[1:]]
        return Menu(tuple(e.name for e in entries), tuple(models), everyone, tuple(rows))

    def updates(self, raw: Matrix, averages: Vector) -> Updates:
        """Return the clipped updates and their geometry."""
        products = gram(raw)
        lengths = np.sqrt(np.diagonal(products))
        factors = np.minimum(1.0, np.median(lengths) / (lengths + TINY))
        clipped, products = raw * factors[:, None], products * factors[:, None] * factors
        clipped_lengths = np.sqrt(np.diagonal(products)) + TINY
        cosines = products / clipped_lengths[:, None] / clipped_lengths
        gaps = distances(products)
        return Updates(raw, clipped, self._pool(gaps), products, cosines, gaps, lengths, averages)

    def candidates(self, updates: Updates, aggregate: Vector) -> list[Candidate]:
        """Return the candidates beside the old model, the default first; override it to try others."""
        pool = updates.pool
        main, other = sides(updates.cosines, pool)
        first, second, third = (
            trusted(updates.averages, updates.cosines, pool, keep(pool, share)) for share in self.distrusted
        )
        return [
            self.mean("larger side, longer step", updates, main, self.longer, is_asked=True),
            Candidate("aggregate", aggregate, pool),
            self.mean("everyone, longer step", updates, pool, self.longer),
            self.mean("larger side", updates, main),
            self.mean(f"trusted {1 - self.distrusted[0]:.0%}", updates, first, is_asked=True),
            self.mean(f"trusted {1 - self.distrusted[1]:.0%}, longer step", updates, second, self.longer),
            self.mean(f"trusted {1 - self.distrusted[2]:.0%}, longer step", updates, third, self.longer, is_asked=True),
            self.mean("smaller side, longer step", updates, other or pool, self.longer),
        ]

    def mean(
        self, name: str, updates: Updates, parts: tuple[int, ...], step: float = 1.0, is_asked: bool = False
    ) -> Candidate:
        """Return the candidate that moves by `step` times the mean of the clipped updates at `parts`."""
        return Candidate(name, mean_of(updates.clipped, parts) * step, parts, step, is_asked)

    def marks(self, updates: Updates, candidate: Candidate) -> list[int]:
        """Return how far out each proposal lies as seen from a candidate, in sixteenths of a robust z, 0 to 96."""
        if len(candidate.parts) < 3:
            return [0] * len(updates.raw)
        lowest = self._lowest_z(updates, candidate.parts)
        return [min(MARK_LIMIT, round(MARKS_PER_Z * max(0.0, -z))) for z in lowest.tolist()]

    def _lowest_z(self, updates: Updates, parts: Sequence[int]) -> Vector:
        """Return the lowest robust z of four: turned away, of unusual length, near copy, of harm in earlier rounds."""
        lengths = updates.lengths + TINY
        longer = logs(lengths / float(np.median(lengths[list(parts)])))
        ratio = -np.maximum(longer, -longer / SHORT_COUNTS)
        earlier = np.where(np.tri(len(lengths), k=-1) > 0, updates.gaps, np.inf).min(axis=1)
        nearest = logs(np.minimum(earlier, np.median(updates.gaps)) + TINY)
        harm = updates.averages * len(updates.raw) / POINTS
        features = (to_mean(updates.products, parts), ratio, nearest, harm)
        z = [robust_z(feature, parts, floor) for feature, floor in zip(features, self.floors, strict=True)]
        return np.asarray(np.min(z, axis=0))

    def _old(self, updates: Updates) -> Candidate:
        return Candidate("old model", np.zeros(updates.raw.shape[1]), ())

    def _question(self, updates: Updates, candidate: Candidate, marks: Sequence[int]) -> Candidate | None:
        suspects = [at for at, mark in enumerate(marks) if mark >= self.suspect_at]
        if not candidate.is_asked or not suspects:
            return None
        both = tuple(sorted({*candidate.parts, *suspects}))
        return self.mean(f"{candidate.name}, with its suspects", updates, both, candidate.step)

    def _pool(self, gaps: Matrix) -> tuple[int, ...]:
        count = len(gaps)
        pairs = [gaps[a, b] for a in range(count) for b in range(a)]
        limit = self.clone_gap * float(np.median(pairs)) if pairs else 0.0
        kept: list[int] = []
        for position in range(count):
            if all(gaps[position, earlier] >= limit for earlier in kept):
                kept.append(position)
        return tuple(kept)


def _changes(shapes: Shapes, old: Arrays, proposals: Mapping[int, Arrays]) -> tuple[Vector, Matrix]:
    """Return the old model as a vector, and what each proposal adds to it."""
    base = shapes.flat(old)
    return base, np.array([shapes.flat(arrays) - base for arrays in proposals.values()])


def _mark_bytes(marks: Sequence[int], parts: Sequence[int], order: Sequence[int]) -> bytes:
    """Return a row's bytes for the positions in `order`, 0 where nothing came."""
    return bytes(0 if at == ABSENT else marks[at] | PART_OF * (at in parts) for at in order)
