"""A copy is known by its direction, and the earlier commitment wins."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.arena.adapters import Adapter, AdapterSpec, down_name, up_name
from fl_alliance.arena.copies import (
    SIMILARITY_LIMIT,
    AdapterUpdate,
    Committed,
    Copy,
    ParameterUpdate,
    cosine,
    find_copies,
)

SPEC = AdapterSpec({"a": (24, 16), "b": (16, 32)}, max_rank=8)
LAYERS = tuple(SPEC.layers)


def trained(seed: int, rank: int = 4) -> Adapter:
    rng = np.random.default_rng(seed)
    shapes = SPEC.shapes(rank).items()
    return Adapter(rank, 8.0, {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes})


def with_noise(adapter: Adapter, share: float, seed: int = 9) -> Adapter:
    """A copy whose every matrix got noise of `share` of its own size."""
    rng = np.random.default_rng(seed)
    noisy = {
        name: (array + share * array.std() * rng.normal(size=array.shape)).astype(np.float32)
        for name, array in adapter.arrays.items()
    }
    return Adapter(adapter.rank, adapter.alpha, noisy)


def update(adapter: Adapter) -> AdapterUpdate:
    return AdapterUpdate(adapter, LAYERS)


def flattened(adapter: Adapter) -> np.ndarray:
    parts = [adapter.arrays[up_name(layer)] @ adapter.arrays[down_name(layer)] for layer in LAYERS]
    return np.concatenate([part.astype(np.float64).ravel() for part in parts])


@given(st.integers(0, 50), st.integers(51, 100), st.integers(1, 8), st.integers(1, 8))
def test_the_inner_product_is_that_of_the_multiplied_out_matrices(
    seed: int, other_seed: int, rank: int, other_rank: int
) -> None:
    left, right = trained(seed, rank), trained(other_seed, other_rank)
    assert update(left).inner(update(right)) == pytest.approx(flattened(left) @ flattened(right), rel=1e-4, abs=1e-3)
    assert -1 <= cosine(update(left), update(right)) <= 1


def test_a_copy_with_two_percent_noise_is_a_copy() -> None:
    honest = trained(1)
    assert cosine(update(honest), update(with_noise(honest, 0.02))) > 0.999
    found = find_copies(
        [Committed("honest", 3, update(honest)), Committed("copier", 4, update(with_noise(honest, 0.02)))]
    )
    assert found == {4: Copy(4, 3, pytest.approx(0.9996, abs=4e-4))}


def test_the_earlier_commitment_wins_in_whatever_sequence_they_come() -> None:
    first, second = (
        Committed("early", 1, update(trained(1))),
        Committed("late", 2, update(with_noise(trained(1), 0.02))),
    )
    stranger = Committed("stranger", 0, update(trained(2)))
    for submissions in itertools.permutations([first, second, stranger]):
        assert set(find_copies(submissions)) == {2}


@pytest.mark.parametrize("factor", [0.01, 3.0, 1000.0])
def test_a_rescaled_copy_is_a_copy(factor: float) -> None:
    honest = trained(1)
    scaled = {name: array * np.float32(factor) for name, array in honest.arrays.items()}
    assert cosine(update(honest), update(Adapter(4, 1.0, scaled))) == pytest.approx(1)


def test_a_copy_written_with_other_matrices_and_another_rank_is_a_copy() -> None:
    honest, rng, turned = trained(1), np.random.default_rng(5), {}
    for layer in LAYERS:
        turn = rng.normal(size=(4, 8))
        turned[up_name(layer)] = (honest.arrays[up_name(layer)] @ turn).astype(np.float32)
        turned[down_name(layer)] = (np.linalg.pinv(turn) @ honest.arrays[down_name(layer)]).astype(np.float32)
    assert cosine(update(honest), update(Adapter(8, 8.0, turned))) == pytest.approx(1)


def test_nodes_that_trained_for_themselves_are_no_copies() -> None:
    submissions = [Committed(f"node {seed}", seed, update(trained(seed))) for seed in range(6)]
    assert find_copies(submissions) == {}


def test_a_node_may_go_on_from_its_own_model_even_after_it_was_copied() -> None:
    yesterday, today = trained(1), with_noise(trained(1), 0.05)
    found = find_copies(
        [
            Committed("trainer", 1, update(yesterday)),
            Committed("copier", 2, update(with_noise(yesterday, 0.02))),
            Committed("trainer", 3, update(today)),
        ]
    )
    assert set(found) == {2}


def test_a_model_turned_round_is_no_copy() -> None:
    honest = trained(1)
    poison = {name: -array if ".lora_B." in name else array for name, array in honest.arrays.items()}
    assert cosine(update(honest), update(Adapter(4, 8.0, poison))) == pytest.approx(-1)


def test_two_who_changed_nothing_are_copies_and_one_is_not() -> None:
    nothing = {name: np.zeros(shape, np.float32) for name, shape in SPEC.shapes(4).items()}
    idle, other = update(Adapter(4, 8.0, nothing)), update(trained(1))
    assert cosine(idle, other) == 0
    submissions = [Committed("trainer", 0, other), Committed("idle", 1, idle), Committed("idle too", 2, idle)]
    assert find_copies(submissions) == {2: Copy(2, 1, 1.0)}


def test_parameters_are_compared_by_their_difference_from_the_base() -> None:
    rng = np.random.default_rng(0)
    base = {"w": rng.normal(size=(10, 10)).astype(np.float32) * 100}
    trained_by = [{"w": base["w"] + rng.normal(size=(10, 10)).astype(np.float32)} for _ in range(2)]
    one, other = (ParameterUpdate.between(arrays, base) for arrays in trained_by)
    # The parameters themselves are all but equal, since both are near the base.
    assert cosine(ParameterUpdate(trained_by[0]["w"].ravel()), ParameterUpdate(trained_by[1]["w"].ravel())) > 0.999
    assert abs(cosine(one, other)) < 0.5
    noisy = {"w": trained_by[0]["w"] + 0.02 * rng.normal(size=(10, 10)).astype(np.float32)}
    assert cosine(one, ParameterUpdate.between(noisy, base)) > SIMILARITY_LIMIT


def test_todays_submissions_are_compared_with_the_originals_of_earlier_days() -> None:
    yesterday = Committed("trainer", 1, update(trained(1)))
    today = [Committed("copier", 5, update(with_noise(trained(1), 0.02))), Committed("other", 6, update(trained(2)))]
    assert find_copies(today) == {}
    assert set(find_copies(today, [yesterday])) == {5}


@pytest.mark.parametrize(("new_order", "original_order"), [(1, 1), (1, 2)])
def test_orders_that_repeat_or_run_backwards_are_an_error(new_order: int, original_order: int) -> None:
    new, original = (Committed(str(order), order, update(trained(1))) for order in (new_order, original_order))
    with pytest.raises(ValueError, match=r"needed each once and originals before new ones"):
        find_copies([new], [original])
    with pytest.raises(ValueError, match=r"given orders \[1, 1\]"):
        find_copies([Committed("one", 1, update(trained(1))), Committed("other", 1, update(trained(2)))])


def test_updates_of_different_kinds_cannot_be_compared() -> None:
    dense = ParameterUpdate(np.ones(3))
    with pytest.raises(TypeError, match="needed another"):
        update(trained(1)).inner(dense)
    with pytest.raises(TypeError, match="needed another"):
        dense.inner(update(trained(1)))
