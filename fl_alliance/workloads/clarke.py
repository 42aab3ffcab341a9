"""Clarke's error grid: what a wrong glucose value would do to the person treated by it.

Clarke WL, Cox D, Gonder-Frederick LA, Carter W, Pohl SL. "Evaluating clinical accuracy of systems for self-monitoring
of blood glucose." Diabetes Care 10(5), 1987, pages 622 to 628.

A: within 20 % of the reference, or both in hypoglycaemia. B: off, but treatment is benign or none. C: overcorrects a
glucose that was acceptable. D: fails to detect a glucose that needs treatment. E: treats the opposite of what is there.
"""

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.errors import WorkloadError

ZONES = ("A", "B", "C", "D", "E")
LOW, HIGH, VERY_HIGH = 70.0, 180.0, 240.0
"""Borders of hypoglycaemia, of the acceptable range, and of what must be treated, in mg/dL."""


def clarke_labels(reference: NDArray[np.float64], predicted: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the zone of every pair of values in mg/dL.

    A point on a border belongs to the first of A, E, C, D, B whose closed area holds it. A prediction that is not a
    finite number counts as E: nobody can act on it.

    Raises
    ------
    WorkloadError
        When the two are not one-dimensional and equally long, or a reference is not a positive finite number.
    """
    r, p = np.asarray(reference, np.float64), np.asarray(predicted, np.float64)
    if r.ndim != 1 or r.shape != p.shape:
        raise WorkloadError(f"clarke: reference {r.shape} and prediction {p.shape}, needed: two equal lists")
    if not ((r > 0) & (r < np.inf)).all():
        raise WorkloadError("clarke: a reference is not positive and finite; needed: glucose in mg/dL")
    zone_a = ((r <= LOW) & (p <= LOW)) | ((0.8 * r <= p) & (p <= 1.2 * r))
    zone_e = ((r <= LOW) & (p >= HIGH)) | ((r >= HIGH) & (p <= LOW))
    # The upper area's edge runs from (70, 180) to (290, 400), the lower one's from (130, 0) to (180, 70).
    zone_c = ((r >= LOW) & (r <= 290) & (p >= r + 110)) | ((r >= 130) & (r <= HIGH) & (p <= 1.4 * r - 182))
    zone_d = ((r <= LOW) | (r >= VERY_HIGH)) & (p >= LOW) & (p <= HIGH)
    labels: NDArray[np.str_] = np.select(
        [~np.isfinite(p), zone_a, zone_e, zone_c, zone_d], ["E", "A", "E", "C", "D"], "B"
    )
    return labels


def clarke_zones(reference: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float]:
    """Return zone -> share of all pairs, in [0, 1]; the five sum to 1. At least one pair is needed."""
    labels = clarke_labels(reference, predicted)
    if not len(labels):
        raise WorkloadError("clarke: no values; needed: at least one pair")
    return {zone: float(np.mean(labels == zone)) for zone in ZONES}
