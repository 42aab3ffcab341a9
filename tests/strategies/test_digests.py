"""A digest changes with every bit that matters and with nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.strategies.digests import model_digest, update_digest

ARRAYS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, dtype=np.float32)}
METRICS = {"num-examples": 10, "train_loss": 0.5}


def test_equal_content_has_one_digest() -> None:
    copy = {name: array.copy() for name, array in ARRAYS.items()}
    assert model_digest(copy) == model_digest(ARRAYS)
    assert update_digest(copy, dict(reversed(METRICS.items()))) == update_digest(ARRAYS, METRICS)


def test_memory_layout_does_not_enter_a_digest() -> None:
    fortran = {name: np.asfortranarray(array) for name, array in ARRAYS.items()}
    assert model_digest(fortran) == model_digest(ARRAYS)


@pytest.mark.parametrize(
    "other",
    [
        {"b": ARRAYS["b"], "w": ARRAYS["w"]},
        {"w": ARRAYS["w"].reshape(3, 2), "b": ARRAYS["b"]},
        {"w": ARRAYS["w"].astype(np.float64), "b": ARRAYS["b"]},
        {"v": ARRAYS["w"], "b": ARRAYS["b"]},
        {"w": ARRAYS["w"]},
        {"w": np.nextafter(ARRAYS["w"], np.float32(9)), "b": ARRAYS["b"]},
    ],
    ids=["order", "shape", "dtype", "name", "missing", "one bit"],
)
def test_another_model_has_another_digest(other: dict[str, np.ndarray]) -> None:
    assert model_digest(other) != model_digest(ARRAYS)


def test_a_reweighted_update_has_another_digest() -> None:
    assert update_digest(ARRAYS, METRICS | {"num-examples": 11}) != update_digest(ARRAYS, METRICS)
    assert update_digest(ARRAYS, METRICS) != model_digest(ARRAYS)


@given(st.integers(-(2**40), 2**40), st.floats(allow_nan=False))
def test_integers_and_floats_are_told_apart(integer: int, real: float) -> None:
    assert update_digest({}, {"m": integer}) != update_digest({}, {"m": float(integer)})
    assert (update_digest({}, {"m": real}) == update_digest({}, {"m": real + 0.0})) or real == 0.0
