"""Models of the kinds `tabular` and `classify`: rows of numbers in, a forecast or a class out."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.tensors import Arrays
from fl_alliance.market.kinds import TABULAR
from fl_alliance.marketplace.errors import EngineFailed, InputRefused
from fl_alliance.workloads.cgm import HIGHEST_MG_DL, LOWEST_MG_DL

MOST_ROWS = 64
"""Of one call."""
_GLUCOSE = (LOWEST_MG_DL, HIGHEST_MG_DL, " mg/dL, two hours of readings 5 minutes apart")
_ANY = (-1e6, 1e6, "")


class Table:
    """A network of the Arena's, as it answers calls.

    Parameters
    ----------
    kind : NetworkKind
        What the model is of.
    options : mapping
        Of the listing: the workload, and what shapes its network.
    arrays : Arrays
        The model.
    """

    def __init__(self, kind: NetworkKind, options: Mapping[str, Any], arrays: Arrays) -> None:
        self.kind, self.options, self.arrays = kind, options, arrays
        self.inputs = int(cast(Any, kind.learner).inputs)

    def check(self, rows: Any) -> None:
        """Refuse what is not 1 to `MOST_ROWS` rows that the model can answer; raises `InputRefused`."""
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
            given = f"{len(rows)} rows" if isinstance(rows, list) else type(rows).__name__
            raise InputRefused(f"inputs: given {given}, needed a list of 1 to {MOST_ROWS} rows")
        for number, row in enumerate(rows):
            self._check_row(number, row)

    def predict(self, rows: Any) -> Mapping[str, Any]:
        """Return the model's answer to rows that `check` lets pass; raises `EngineFailed`."""
        outputs = self.kind.learner.outputs(self.arrays, np.array(rows, np.float32))
        if not np.isfinite(outputs).all():
            raise EngineFailed("the model's answer is not a finite number")
        return self._forecast(outputs) if self.kind.name == TABULAR else _classes(outputs)

    def _check_row(self, number: int, row: Any) -> None:
        if not isinstance(row, list) or len(row) != self.inputs:
            given = f"{len(row)} numbers" if isinstance(row, list) else type(row).__name__
            raise InputRefused(f"inputs[{number}]: given {given}, needed {self.inputs}")
        least, most, unit = _GLUCOSE if self.options["workload"] == "glucose" else _ANY
        for place, value in enumerate(row):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not least <= value <= most:  # which no NaN is
                given = str(value)[:40]
                raise InputRefused(f"inputs[{number}][{place}]: given {given}, needed {least:g} to {most:g}{unit}")

    def _forecast(self, outputs: Any) -> Mapping[str, Any]:
        found: dict[str, Any] = {"forecast": [round(float(value), 3) for value in outputs]}
        if self.options["workload"] == "glucose":
            found |= {"unit": "mg/dL", "minutes_ahead": int(self.options["options"].get("horizon_min", 30))}
        return found


def _classes(outputs: Any) -> Mapping[str, Any]:
    """Return the likeliest class of each row, and all classes' probabilities (softmax)."""
    raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    shares = raised / raised.sum(axis=1, keepdims=True)
    return {
        "classes": [int(found) for found in outputs.argmax(axis=1)],
        "probabilities": [[round(float(share), 6) for share in row] for row in shares],
    }
