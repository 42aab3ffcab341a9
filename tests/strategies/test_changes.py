"""Models longer than a block: what is done block by block is what would be done to the whole."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.strategies.changes import BLOCK, Changes
from fl_alliance.strategies.geometry import Shapes, gram, mean_of
from fl_alliance.strategies.limits import Limits
from fl_alliance.strategies.menu import Candidates
from fl_alliance.strategies.ordering import ordered

Model = dict[str, NDArray[np.generic]]
LONG = 2 * BLOCK + 5
"""Coordinates of two whole blocks and a part of one."""


def models(count: int, dtypes: tuple[str, str] = ("f4", "f4")) -> list[Model]:
    """Return an old model and proposals that take a common step from it, each with noise of its own."""
    rng = np.random.default_rng(count)
    old, common = rng.normal(size=(2, LONG))
    rows = [old, *(old + common + 0.5 * rng.normal(size=LONG) for _ in range(count))]
    return [{"a": row[: BLOCK + 1].astype(dtypes[0]), "b": row[BLOCK + 1 :].astype(dtypes[1])} for row in rows]


def changes(old: Model, *proposals: Model) -> Changes:
    return Changes.of(Shapes.of(old), old, dict(enumerate(proposals)))


def test_the_blocks_are_what_proposals_add_to_the_old_model_in_order() -> None:
    old, *proposals = models(3)
    shapes, seen = Shapes.of(old), changes(old, *proposals)
    whole = np.array([shapes.flat(proposal) - shapes.flat(old) for proposal in proposals])
    places, rows = zip(*seen.blocks(), strict=True)
    assert [place.start for place in places] == [0, BLOCK, 2 * BLOCK]
    assert np.array_equal(np.concatenate(rows, axis=1), whole)
    assert seen.squares == pytest.approx(np.sum(whole * whole, axis=1), rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_limits_over_blocks_are_the_medians_of_whole_updates(count: int) -> None:
    old, *proposals = models(count)
    proposals[0] = {name: old[name] + 4 * (array - old[name]) for name, array in proposals[0].items()}
    seen = changes(old, *proposals)
    raw = np.concatenate([rows for _, rows in seen.blocks()], axis=1)
    limits = Limits(kept=0)
    for within, middle in ((limits.narrow(seen), (count - 1) // 2), (limits.wide(seen), count // 2)):
        most = 3 * np.sort(np.abs(raw), axis=0)[middle]
        clipped = np.clip(raw, -most, most)
        lengths = np.linalg.norm(clipped, axis=1)
        expected = clipped * np.minimum(1, np.sort(lengths)[middle] / lengths)[:, None]
        assert within.whole() == pytest.approx(expected, rel=1e-9)


def test_a_menu_of_a_long_model_has_the_means_that_it_names() -> None:
    old, *proposals = models(5)
    aggregate = proposals[2]
    rule, shapes = Candidates(), Shapes.of(old)
    menu = rule.menu(old, dict(enumerate(proposals)), aggregate)
    updates = rule.updates(changes(old, *proposals), np.zeros(5))
    made = {name: shapes.flat(model) - shapes.flat(old) for name, model in zip(menu.names, menu.models, strict=True)}
    everyone = 2 * mean_of(updates.wide.whole(), updates.pool)
    assert updates.pool == tuple(range(5))
    assert made["everyone, longer step"] == pytest.approx(everyone, abs=1e-6)
    assert made["larger side"] == pytest.approx(mean_of(updates.narrow.whole(), menu.rows[1].parts()), abs=1e-6)
    assert made["aggregate"] == pytest.approx(shapes.flat(aggregate) - shapes.flat(old), abs=1e-6)
    assert updates.products == pytest.approx(gram(updates.wide.whole()), rel=1e-12)


@pytest.mark.parametrize("dtypes", [("f4", "f4"), ("f2", "f4"), ("f8", "f8"), ("f4", "i8")])
def test_every_array_keeps_its_dtype_and_is_rounded_once(dtypes: tuple[str, str]) -> None:
    old, *proposals = models(3, dtypes)
    shapes, proposed = Shapes.of(old), dict(enumerate(proposals))
    rule = Candidates()
    prepared, narrow = rule.prepare(old, proposed), Limits().narrow(changes(old, *proposals)).whole()
    for member, update in enumerate(narrow):
        exact = shapes.arrays(shapes.flat(old) + update)
        assert all(np.array_equal(prepared[member][name], exact[name]) for name in old)
    for model in rule.menu(old, proposed, proposals[0]).models:
        assert [array.dtype for array in model.values()] == [np.dtype(dtype) for dtype in dtypes]


@pytest.mark.parametrize("count", range(1, 65))
def test_rows_are_put_in_order_coordinate_by_coordinate(count: int) -> None:
    rows = np.random.default_rng(count).integers(0, count, size=(count, 200)).astype(np.float64)
    assert np.array_equal(np.array(ordered(rows)), np.sort(rows, axis=0))
