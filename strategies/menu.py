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
from fl_alliance.strategies.geometry import (
    Arrays,
    Matrix,
    Shapes,
    Vector,
    distances,
    gram,
    logs,
    mean_of,
    robust_z,
    total,
)

ABSENT = -1
"""Position of a member whose proposal did not come."""
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
        self, old: Arrays, proposals: Mapping[int, Arrays], aggregate: Arrays, members: Sequence[int] | None = None
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
    products, gaps : (proposals, proposals)
        Scalar products of the clipped updates, and the distances between them.
    lengths : (proposals,)
        Of the raw updates.
    """

    raw: Matrix
    clipped: Matrix
    pool: tuple[int, ...]
    products: Matrix
    gaps: Matrix
    lengths: Vector


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to change the old model: `update` is added to it; `parts` are the positions it is made of."""

    name: str
    update: Vector
    parts: tuple[int, ...]


class Candidates:
    """Candidate voting's menu.

    The old model; the default a0 = nearest-neighbour mixing, then trimmed mean (Allouah et al. 2023, "Fixing by
    Mixing"); the inner strategy's aggregate; means of the densest and of the sparsest subsets; the coordinate median.
    Suspects as seen from a subset are taken out of it. The entries left over serve the questions.

    Parameters
    ----------
    clone_gap
        Of two updates nearer to one another than this share of the median distance the later committed is left out.
    trim
        Share of the proposals that a0 assumes hostile.
    dense, sparse
        Shares of the proposals that the subsets leave out.
    questions
        How many entries serve questions, first come first served, in the order of the candidates.
    suspect_at
        Mark from which a proposal is left out of a subset and asked about; the task's `suspectAt`.
    """

    def __init__(
        self,
        *,
        clone_gap: float = 0.05,
        trim: float = 0.4,
        dense: Sequence[float] = (0.2, 0.35, 0.5),
        sparse: Sequence[float] = (0.35, 0.5),
        questions: int = 4,
        suspect_at: int = 56,
    ) -> None:
        self.clone_gap, self.trim, self.questions, self.suspect_at = clone_gap, trim, questions, suspect_at
        self.dense, self.sparse = tuple(dense), tuple(sparse)

    def prepare(self, old: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, dict[str, NDArray[np.floating]]]:
        """Return the proposals with their updates clipped to the median length."""
        shapes = Shapes.of(old)
        base, raw = _changes(shapes, old, proposals)
        return {
            member: shapes.arrays(base + update)
            for member, update in zip(proposals, self.updates(raw).clipped, strict=True)
        }

    def menu(
        self, old: Arrays, proposals: Mapping[int, Arrays], aggregate: Arrays, members: Sequence[int] | None = None
    ) -> Menu:
        """Return the menu, as `ConsensusRule` says."""
        shapes = Shapes.of(old)
        base, raw = _changes(shapes, old, proposals)
        updates = self.updates(raw)
        candidates = [self._old(updates), *self.candidates(updates, shapes.flat(aggregate) - base)]
        everyone = tuple(sorted(proposals) if members is None else members)
        places = {member: position for position, member in enumerate(proposals)}
        order = [places.get(member, ABSENT) for member in everyone]
        asked: list[Candidate] = []
        rows = []
        for entry, candidate in enumerate(candidates):
            marks = self.marks(updates, candidate)
            question = self._question(updates, candidate, marks)
            is_asked = question is not None and len(asked) < min(self.questions, MAX_ENTRIES - len(candidates))
            if question is not None and is_asked:
                asked.append(question)
            about = (entry, len(candidates) + len(asked) - 1) if is_asked else (0, 0)
            rows.append(Row(_mark_bytes(marks, candidate.parts, order), *about))
        entries = [*candidates, *asked]
        models = [dict(old)] + [shapes.arrays(base + entry.update) for entry in entries[1:]]
        return Menu(tuple(e.name for e in entries), tuple(models), everyone, tuple(rows))

    def updates(self, raw: Matrix) -> Updates:
        """Return the clipped updates and their geometry."""
        products = gram(raw)
        lengths = np.sqrt(np.diagonal(products))
        factors = np.minimum(1.0, np.median(lengths) / (lengths + TINY))
        clipped, products = raw * factors[:, None], products * factors[:, None] * factors
        gaps = distances(products)
        return Updates(raw, clipped, self._pool(gaps), products, gaps, lengths)

    def candidates(self, updates: Updates, aggregate: Vector) -> list[Candidate]:
        """Return the candidates beside the old model, the default first; override it to try others."""
        everyone = tuple(range(len(updates.raw)))
        pool = updates.pool
        made = [self._default(updates), Candidate("aggregate", aggregate, everyone)]
        for share in self.dense:
            near = dense(updates.gaps, pool, keep(pool, share))
            made.append(self._subset(f"densest without {share:.0%}", updates, near))
        for share in self.sparse:
            left = dense(updates.gaps, pool, len(pool) - keep(pool, share))
            rest = tuple(position for position in pool if position not in left)
            made.append(self._subset(f"sparsest without {share:.0%}", updates, rest))
        made.append(Candidate("median", np.median(updates.clipped[list(pool)], axis=0), pool))
        return made

    def marks(self, updates: Updates, candidate: Candidate) -> list[int]:
        """Return how far out each proposal lies as seen from a candidate, in sixteenths of a robust z, 0 to 96."""
        if len(candidate.parts) < 3:
            return [0] * len(updates.raw)
        lowest = self._lowest_z(updates, candidate.parts)
        return [min(MARK_LIMIT, round(MARKS_PER_Z * max(0.0, -z))) for z in lowest.tolist()]

    def _lowest_z(self, updates: Updates, parts: Sequence[int]) -> Vector:
        lengths = updates.lengths + TINY
        middle = float(np.median(lengths[list(parts)]))
        ratio = -np.abs(logs(lengths / middle))
        others = updates.gaps + np.diag(np.full(len(lengths), np.inf))
        nearest = logs(np.minimum(others.min(axis=1), 1 / TINY) + TINY)
        cosine = cosines(updates.products, parts)
        z = [robust_z(cosine, parts, 0.05), robust_z(ratio, parts, 0.1), robust_z(nearest, parts, 0.1)]
        return np.minimum(np.minimum(z[0], z[1]), z[2])

    def _old(self, updates: Updates) -> Candidate:
        return Candidate("old model", np.zeros(updates.raw.shape[1]), ())

    def _default(self, updates: Updates) -> Candidate:
        pool = updates.pool
        hostile = min(int(self.trim * len(pool)), (len(pool) - 1) // 2)
        mixed = nearest_mixed(updates.clipped, updates.gaps, pool, len(pool) - hostile)
        return Candidate("mixed and trimmed", trimmed_mean(mixed, hostile), pool)

    def _subset(self, name: str, updates: Updates, parts: tuple[int, ...]) -> Candidate:
        first = Candidate(name, np.zeros(0), parts)
        row = self.marks(updates, first)
        kept = tuple(part for part in parts if row[part] < self.suspect_at) or parts
        return Candidate(name, mean_of(updates.clipped, kept), kept)

    def _question(self, updates: Updates, candidate: Candidate, row: Sequence[int]) -> Candidate | None:
        suspects = [at for at, mark in enumerate(row) if mark >= self.suspect_at]
        if not suspects or not candidate.parts:
            return None
        both = sorted({*candidate.parts, *suspects})
        return Candidate(f"{candidate.name}, with its suspects", mean_of(updates.clipped, both), tuple(both))

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


def keep(pool: Sequence[int], share: float) -> int:
    """Return how many of the pool stay when a share of it is left out, at least one."""
    return max(1, len(pool) - int(share * len(pool)))


def dense(gaps: Matrix, pool: Sequence[int], size: int) -> tuple[int, ...]:
    """Return the `size` positions nearest to the one that has them nearest, ascending; ties go to the earlier."""
    if size < 1:
        return ()
    best: tuple[float, tuple[int, ...]] = (np.inf, tuple(pool[:size]))
    for centre in pool:
        near = sorted(pool, key=lambda other: (gaps[centre, other], other))[:size]
        reach = float(sum(gaps[centre, other] for other in near))
        if reach < best[0]:
            best = (reach, tuple(sorted(near)))
    return best[1]


def nearest_mixed(rows: Matrix, gaps: Matrix, pool: Sequence[int], size: int) -> Matrix:
    """Return, for each of the pool, the mean of its `size` nearest, itself included (Allouah et al. 2023)."""
    near = [sorted(pool, key=lambda other: (gaps[centre, other], other))[:size] for centre in pool]
    return np.array([mean_of(rows, sorted(group)) for group in near])


def trimmed_mean(rows: Matrix, trim: int) -> Vector:
    """Return the mean of each coordinate without its `trim` lowest and highest values (Yin et al. 2018)."""
    ordered = np.sort(rows, axis=0)
    return mean_of(ordered, range(trim, len(rows) - trim))


def cosines(products: Matrix, parts: Sequence[int]) -> Vector:
    """Return each position's cosine to the mean of the parts, itself left out of the mean."""
    inside = np.zeros(len(products))
    inside[list(parts)] = 1.0
    own = np.diagonal(products)
    towards = total(products * inside)
    along = towards - inside * own
    square = total(towards * inside) - inside * (2 * towards - own)
    return np.asarray(along / (np.sqrt(np.maximum(square, 0.0) * own) + TINY))
