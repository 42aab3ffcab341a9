"""What a node draws follows from its secret and its purpose, and is spread as it should be."""

import numpy as np
import pytest

from fl_alliance.dp.noise import SecretStream


def test_the_same_secret_and_purpose_give_the_same_draws_and_others_give_others() -> None:
    drawn = [
        SecretStream(*named).normal(8).tolist() for named in ((b"a", b"x"), (b"a", b"x"), (b"b", b"x"), (b"a", b"y"))
    ]
    assert drawn[0] == drawn[1]
    assert len({tuple(each) for each in drawn}) == 3


def test_where_a_secret_ends_and_its_purpose_begins_matters() -> None:
    assert SecretStream(b"ab", b"c").uniform(1) != SecretStream(b"a", b"bc").uniform(1)


def test_normal_draws_have_the_moments_of_a_normal_distribution() -> None:
    drawn = SecretStream(b"secret", b"normal").normal(200_000)
    moments = [float((drawn**power).mean()) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0.0, 1.0, 0.0, 3.0], abs=0.05)


def test_uniform_draws_fill_the_open_unit_interval() -> None:
    drawn = SecretStream(b"secret", b"uniform").uniform(100_000)
    assert 0 < drawn.min() < 1e-3
    assert 1 - 1e-3 < drawn.max() < 1
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx([10_000] * 10, rel=0.05)


def test_neighbouring_integers_differ_in_how_likely_they_are_by_the_scale() -> None:
    drawn = SecretStream(b"secret", b"laplace").discrete_laplace(2.0, 400_000)
    counts = {k: int((drawn == k).sum()) for k in range(-4, 5)}
    for k in range(4):
        assert counts[k] / counts[k + 1] == pytest.approx(np.exp(1 / 2.0), rel=0.05)
        assert counts[-k] / counts[-k - 1] == pytest.approx(np.exp(1 / 2.0), rel=0.05)
