"""What malicious proposers send, as pure functions of the honest proposers' updates.

An update is what training adds to the old model, as one float64 vector; `honest` has one row for each honest
proposer of the round. Every function returns an update. Which sites act, and what they know, is `craft.py`'s.
"""

import math
from statistics import NormalDist
from typing import Literal

import numpy as np

from fl_alliance.strategies.geometry import Matrix, Vector

Direction = Literal["mean", "std", "sign"]
"""Which way Min-Max and Min-Sum push: against the honest mean, its sign, or the honest standard deviation."""

_LEAST_SHARE, _MOST_SHARE = 0.5 + 1e-3, 1 - 1e-3


def sign_flip(own: Vector, scale: float = 1.0) -> Vector:
    """Return the opposite of an honest update, `scale` times as long (Karimireddy et al. 2021, "bit flipping")."""
    return -scale * own


def noise(own: Vector, rng: np.random.Generator, scale: float = 3.0) -> Vector:
    """Return Gaussian noise `scale` times as long as the honest update (Blanchard et al. 2017)."""
    return scale * float(np.linalg.norm(own)) * _random_direction(len(own), rng)


def model_replacement(poisoned: Vector, factor: float) -> Vector:
    """Return a poisoned update made `factor` times as long, to survive the mean (Bagdasaryan et al. 2020).

    With a factor of proposers / attackers the mean becomes the poisoned model where all others stand still.
    """
    return factor * poisoned


def alie(honest: Matrix, attackers: int, z: float | None = None) -> Vector:
    """Return "A little is enough" (Baruch et al. 2019): the mean moved by `z` standard deviations of each coordinate.

    By default z is the paper's: the largest that leaves enough honest updates further out than the attackers' own
    to have a majority with them. Where the attackers are a majority, and the paper needs no z, it is that of .999.
    """
    deviations = alie_z(len(honest), attackers) if z is None else z
    return np.asarray(honest.mean(axis=0) - deviations * honest.std(axis=0))


def alie_z(honest: int, attackers: int) -> float:
    """Return the z of "A little is enough" for so many honest and malicious proposers."""
    needed = (honest + attackers) // 2 + 1 - attackers
    share = (honest - needed) / honest
    return NormalDist().inv_cdf(min(max(share, _LEAST_SHARE), _MOST_SHARE))


def inner_product(honest: Matrix, epsilon: float = 0.5) -> Vector:
    """Return the honest mean turned around, `epsilon` times as long (IPM, Xie et al. 2019, "Fall of empires").

    A small epsilon slips through geometric defences, one above (honest / attackers) turns the mean itself around.
    """
    return np.asarray(-epsilon * honest.mean(axis=0))


def min_max(honest: Matrix, direction: Direction = "mean") -> Vector:
    """Return Min-Max (Shejwalkar & Houmansadr 2021): no further from any honest update than two of these are apart.

    The mean is pushed as far as that allows; the largest factor is solved for, not searched.
    """
    mean, push = honest.mean(axis=0), _push(honest, direction)
    away = mean - honest
    limit = _squares_apart(honest).max()
    return np.asarray(mean + _furthest(away @ push, (away**2).sum(axis=1), limit).min() * push)


def min_sum(honest: Matrix, direction: Direction = "mean") -> Vector:
    """Return Min-Sum (Shejwalkar & Houmansadr 2021): in sum of squares no further out than any honest update is."""
    mean, push = honest.mean(axis=0), _push(honest, direction)
    away = mean - honest
    limit = _squares_apart(honest).sum(axis=1).max() / len(honest)
    # The sum over honest updates is a quadratic in the factor; divided by their number it has the form solved for.
    furthest = _furthest((away @ push).mean(), (away**2).sum(axis=1).mean(), limit)
    return np.asarray(mean + furthest * push)


def free_ride(own: Vector, rng: np.random.Generator, disguise: float = 0.0) -> Vector:
    """Return no update at all, or noise `disguise` times as long as an honest one (Fraboni et al. 2021)."""
    return disguise * float(np.linalg.norm(own)) * _random_direction(len(own), rng)


def clone(honest: Matrix, victim: int, rng: np.random.Generator, noise: float = 0.0) -> Vector:
    """Return the update of one honest proposer, with noise of `noise` times its length so that it is no exact copy."""
    copied = honest[victim % len(honest)]
    return np.asarray(copied + noise * float(np.linalg.norm(copied)) * _random_direction(len(copied), rng))


def _random_direction(size: int, rng: np.random.Generator) -> Vector:
    drawn = rng.normal(size=size)
    return np.asarray(drawn / np.linalg.norm(drawn))


def _push(honest: Matrix, direction: Direction) -> Vector:
    mean = honest.mean(axis=0)
    way = {"mean": mean, "sign": np.sign(mean), "std": honest.std(axis=0)}[direction]
    return np.asarray(-way / max(float(np.linalg.norm(way)), math.ulp(0.0)))


def _squares_apart(rows: Matrix) -> Matrix:
    squares = (rows**2).sum(axis=1)
    return np.asarray(np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0))


def _furthest(along: Vector | float, square: Vector | float, limit: float) -> Vector:
    """Return the largest factor g with |away + g push|^2 = g^2 + 2 g along + square <= limit; push has length 1."""
    return np.asarray(np.sqrt(np.maximum(np.square(along) + limit - square, 0.0)) - along)
