"""The menu of a round: deterministic, and made of the proposals alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.chain.rules.candidates import MARK_BITS, MARK_LIMIT, MAX_ENTRIES, decode_menu
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.menu import Candidates, Menu

Model = dict[str, NDArray[np.floating]]
SUSPECT_AT = 56


def model(values: NDArray[np.float64]) -> Model:
    return {"weight": values[:12].reshape(3, 4).astype(np.float32), "bias": values[12:].astype(np.float32)}


def moved(old: Model, update: NDArray[np.float64]) -> Model:
    step = model(update)
    return {name: old[name] + step[name] for name in old}


@pytest.fixture
def old() -> Model:
    return model(np.random.default_rng(1).normal(size=16))


@pytest.fixture
def updates() -> NDArray[np.float64]:
    """Ten honest updates: a common direction, and each its own noise."""
    rng = np.random.default_rng(2)
    return rng.normal(size=16) + 0.4 * rng.normal(size=(10, 16))


def menu_of(old: Model, updates: NDArray[np.float64], order: list[int] | None = None) -> Menu:
    order = list(range(len(updates))) if order is None else order
    proposals = {member: moved(old, updates[member]) for member in order}
    return Candidates().menu(old, proposals, moved(old, np.mean(updates, axis=0)))


def test_a_menu_starts_with_the_old_model_and_fits_a_vote(old: Model, updates: NDArray[np.float64]) -> None:
    menu = menu_of(old, updates)
    assert model_digest(menu.models[0]) == model_digest(old)
    assert 2 <= len(menu.rows) <= len(menu.models) == len(menu.names) <= MAX_ENTRIES
    assert decode_menu(menu.encoded, len(updates)) == menu.digest
    assert menu.rows[0].parts() == ()


def test_two_computations_of_a_menu_agree_to_the_bit(old: Model, updates: NDArray[np.float64]) -> None:
    assert menu_of(old, updates).encoded == menu_of(old, updates).encoded


def test_rows_are_in_the_order_of_members_whatever_the_order_of_commitments(
    old: Model, updates: NDArray[np.float64]
) -> None:
    updates[7] = -3 * updates[7]
    one, other = menu_of(old, updates), menu_of(old, updates, [5, 7, 1, 0, 9, 8, 2, 6, 3, 4])
    assert one.members == other.members == tuple(range(10))
    assert [row.suspects(SUSPECT_AT) for row in one.rows] == [row.suspects(SUSPECT_AT) for row in other.rows]
    for left, right in zip(one.models, other.models, strict=True):
        assert np.allclose(left["weight"], right["weight"], atol=1e-5)


def test_marks_stay_within_their_seven_bits(old: Model, updates: NDArray[np.float64]) -> None:
    updates[3] *= 1e6
    for row in menu_of(old, updates).rows:
        assert max(mark & MARK_BITS for mark in row.marks) <= MARK_LIMIT


def test_a_reversed_update_is_a_suspect_and_no_part_of_the_default(old: Model, updates: NDArray[np.float64]) -> None:
    updates[4] *= -1
    menu = menu_of(old, updates)
    default = menu.rows[1]
    assert 4 in default.suspects(SUSPECT_AT)
    assert 4 not in default.parts()
    assert default.question != default.reference


def test_of_two_clones_the_later_committed_is_left_out(old: Model, updates: NDArray[np.float64]) -> None:
    updates[2] = updates[6]
    for order, left_out in (([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 6), ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 2)):
        menu = menu_of(old, updates, order)
        assert left_out not in menu.rows[1].parts()
        assert 8 - left_out in menu.rows[1].parts()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_proposals_make_a_menu_too(old: Model, updates: NDArray[np.float64], count: int) -> None:
    menu = menu_of(old, updates[:count])
    assert all(np.isfinite(array).all() for entry in menu.models for array in entry.values())
    assert decode_menu(menu.encoded, count) == menu.digest


def test_a_huge_update_moves_no_candidate_but_the_aggregate_far(old: Model, updates: NDArray[np.float64]) -> None:
    updates[0] *= 1e4
    menu = menu_of(old, updates)
    for name, entry in zip(menu.names, menu.models, strict=True):
        distance = float(np.abs(entry["weight"] - old["weight"]).max())
        assert distance < 10 or name == "aggregate"


def test_who_proposed_and_sent_nothing_has_a_place_and_no_mark(old: Model, updates: NDArray[np.float64]) -> None:
    proposals = {member: moved(old, update) for member, update in enumerate(updates)}
    everyone = [*range(10), 12]
    menu = Candidates().menu(old, proposals, old, everyone)
    assert menu.members == tuple(everyone)
    assert all(len(row.marks) == 11 and row.marks[10] == 0 for row in menu.rows)


def test_what_the_inner_strategy_sees_is_clipped_to_the_median_length(old: Model, updates: NDArray[np.float64]) -> None:
    updates[0] *= 1e4
    proposals = {member: moved(old, update) for member, update in enumerate(updates)}
    prepared = Candidates().prepare(old, proposals)
    assert list(prepared) == list(proposals)
    assert float(np.abs(prepared[0]["weight"] - old["weight"]).max()) < 5
