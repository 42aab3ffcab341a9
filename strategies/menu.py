"""The menu of a round: which models the voters may choose among, made from the proposals alone.

Relayer, voters and audit each compute it, so it must come out the same for all: it is a function of the old model, the
proposals in the order of their commitments and the inner strategy's aggregate, without any randomness, and its
arithmetic is `strategies/geometry.py`'s.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fl_alliance.chain.rules.candidates import MAX_ENTRIES, OLD, PART_OF, MenuDigest, Row, encode_menu
from fl_alliance.strategies.changes import Changes
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.geometry import TINY, Arrays, Matrix, Shapes, Vector, distances, folded, gram, mean_of
from fl_alliance.strategies.limits import Limits
from fl_alliance.strategies.subsets import keep, shorter, sides, trusted
from fl_alliance.strategies.suspicion import Suspicion
from fl_alliance.strategies.views import Block, Updates

ABSENT = -1
"""Position of a member whose proposal did not come."""


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
        """Return the proposals as the inner strategy and voters' contributions take them, e.g. none moved further
        than the median one."""

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
class Candidate:
    """One way to change the old model.

    Attributes
    ----------
    update : function of Block
        What is added to the old model in a block of coordinates: (width,), float64.
    parts : tuple of int
        The positions that it is made of.
    """

    name: str
    update: Callable[[Block], Vector]
    parts: tuple[int, ...]


class Candidates:
    """Candidate voting's menu.

    The old model; the default, which is the mean of the larger of the two sides that the updates' angles part them
    into; the inner strategy's aggregate; and means of everyone, of either side, of the shorter half, and of those who
    contributed most in earlier rounds. Some take a longer step and go by the wide limits: the voters choose it, and
    with it make up for what clipping takes. Behind the candidates stands the question: a small step the way of whom
    the round suspects.

    Parameters
    ----------
    limits : mapping
        Parameters of `Limits`: how far an update may go before any candidate or strategy sees it.
    suspicion : mapping
        Parameters of `Suspicion`: who is asked about.
    clone_gap
        Of two updates nearer to one another than this share of the median distance the later committed is left out.
    longer
        The factor of the longer steps.
    distrusted
        Shares of the proposals to leave out, of those who contributed least; all but the first take the longer step.
    suspect_at
        Mark from which a proposal is asked about; the task's `suspectAt`.
    """

    def __init__(
        self,
        *,
        limits: Mapping[str, Any] | None = None,
        suspicion: Mapping[str, Any] | None = None,
        clone_gap: float = 0.05,
        longer: float = 2.0,
        distrusted: tuple[float, float, float] = (0.35, 0.5, 0.7),
        suspect_at: int = 32,
    ) -> None:
        self.limits, self.suspicion = Limits(**limits or {}), Suspicion(**suspicion or {})
        self.clone_gap, self.longer, self.suspect_at = clone_gap, longer, suspect_at
        self.distrusted = distrusted

    def prepare(self, old: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, dict[str, NDArray[np.floating]]]:
        """Return the proposals with their updates within the narrow limits."""
        shapes = Shapes.of(old)
        changes = Changes.of(shapes, old, proposals)
        made = [np.empty_like(changes.base) for _ in proposals]
        for place, updates in self.limits.narrow(changes).blocks():
            for model, update in zip(made, updates, strict=True):
                model[place] = changes.base[place] + update
        return dict(zip(proposals, map(shapes.views, made), strict=True))

    def menu(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int] | None = None,
        averages: Mapping[int, int] | None = None,
    ) -> Menu:
        """Return the menu, as `ConsensusRule` says."""
        shapes, known = Shapes.of(old), averages or {}
        changes = Changes.of(shapes, old, proposals)
        updates = self.updates(changes, np.array([known.get(member, 0) for member in proposals], dtype=np.float64))
        candidates = [Candidate("old model", lambda block: np.zeros_like(block.aggregate), ())]
        candidates += self.candidates(updates)
        marks = self.suspicion.marks(updates, candidates[1].parts, self.suspect_at)
        question = self._question(marks) if len(candidates) < MAX_ENTRIES else []
        everyone = tuple(sorted(proposals) if members is None else members)
        places = {member: position for position, member in enumerate(proposals)}
        order = [places.get(member, ABSENT) for member in everyone]
        about = (OLD, len(candidates)) if question else (OLD, OLD)
        rows = tuple(Row(_mark_bytes(marks, candidate.parts, order), *about) for candidate in candidates)
        entries = [*candidates, *question]
        changed = _formed(changes, updates, shapes.joined(aggregate), entries[1:])
        models = (dict(old), *map(shapes.views, changed))
        return Menu(tuple(entry.name for entry in entries), models, everyone, rows)

    def updates(self, changes: Changes, averages: Vector) -> Updates:
        """Return the updates within their limits, and their geometry."""
        narrow, wide = self.limits.narrow(changes), self.limits.wide(changes)
        products = folded(gram(rows) for _, rows in wide.blocks())
        wide_lengths = np.sqrt(np.diagonal(products)) + TINY
        cosines = products / wide_lengths[:, None] / wide_lengths
        gaps, lengths = distances(products), np.sqrt(changes.squares)
        giants = self.limits.giants(lengths)
        pool = tuple(place for place in self._distinct(gaps) if place not in giants)
        return Updates(narrow, wide, pool, products, cosines, gaps, lengths, averages)

    def candidates(self, updates: Updates) -> list[Candidate]:
        """Return the candidates beside the old model, the default first; override it to try others."""
        pool = updates.pool
        main, other = sides(updates.cosines, pool)
        first, second, third = (
            trusted(updates.averages, updates.cosines, pool, keep(pool, share)) for share in self.distrusted
        )
        return [
            self.stride("larger side", main),
            Candidate("aggregate", lambda block: block.aggregate, pool),
            self.stride("everyone", pool),
            self.mean("larger side", main),
            self.mean(f"trusted {1 - self.distrusted[0]:.0%}", first),
            self.stride(f"trusted {1 - self.distrusted[1]:.0%}", second),
            self.stride(f"trusted {1 - self.distrusted[2]:.0%}", third),
            self.stride("smaller side", other or pool),
            self.mean("shorter half", shorter(updates.lengths, pool)),
        ]

    def mean(self, name: str, parts: tuple[int, ...]) -> Candidate:
        """Return the candidate that moves by the mean of the narrow updates at `parts`."""
        return Candidate(name, lambda block: mean_of(block.narrow, parts), parts)

    def stride(self, name: str, parts: tuple[int, ...]) -> Candidate:
        """Return the candidate that takes the longer step, by the mean of the wide updates at `parts`."""
        return Candidate(f"{name}, longer step", lambda block: mean_of(block.wide, parts) * self.longer, parts)

    def _question(self, marks: Sequence[int]) -> list[Candidate]:
        """Return the one entry behind the candidates, if anybody is suspected."""
        suspects = tuple(at for at, mark in enumerate(marks) if mark >= self.suspect_at)
        if not suspects:
            return []
        step = self.suspicion.step
        name = "question: a step with the suspect"
        return [Candidate(name, lambda block: mean_of(block.narrow, suspects) * step, suspects)]

    def _distinct(self, gaps: Matrix) -> tuple[int, ...]:
        count = len(gaps)
        pairs = [gaps[a, b] for a in range(count) for b in range(a)]
        limit = self.clone_gap * float(np.median(pairs)) if pairs else 0.0
        kept: list[int] = []
        for position in range(count):
            if all(gaps[position, earlier] >= limit for earlier in kept):
                kept.append(position)
        return tuple(kept)


def _formed(
    changes: Changes, updates: Updates, aggregate: NDArray[np.floating], entries: Sequence[Candidate]
) -> list[NDArray[np.floating]]:
    """Return the old model after each of the entries' updates, as vectors of its dtype, rounded to nearest."""
    made = [np.empty_like(changes.base) for _ in entries]
    for place, raw in changes.blocks():
        base = changes.base[place].astype(np.float64)
        block = Block(place, updates.narrow.of(place, raw), updates.wide.of(place, raw), aggregate[place] - base)
        for model, entry in zip(made, entries, strict=True):
            model[place] = base + entry.update(block)
    return made


def _mark_bytes(marks: Sequence[int], parts: Sequence[int], order: Sequence[int]) -> bytes:
    """Return a row's bytes for the positions in `order`, 0 where nothing came."""
    return bytes(0 if at == ABSENT else marks[at] | PART_OF * (at in parts) for at in order)
