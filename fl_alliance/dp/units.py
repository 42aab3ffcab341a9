"""Whom a promise of privacy is about: one record, or one patient with all that is known of it."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fl_alliance.dp.errors import PrivacyError
from fl_alliance.workloads.base import Examples


class Unit(StrEnum):
    """What is erased between two data sets that nobody may tell apart."""

    RECORD = "record"
    PATIENT = "patient"


def members(examples: Examples, unit: Unit) -> list[NDArray[np.int64]]:
    """Return the places of every unit's examples, each example in one unit.

    Raises
    ------
    PrivacyError
        The workload does not say whose its examples are.
    """
    if unit is Unit.RECORD:
        return list(np.arange(len(examples), dtype=np.int64)[:, None])
    if examples.patients is None:
        raise PrivacyError("dp.unit=patient: this workload does not say whose its examples are; needed dp.unit=record")
    return [np.flatnonzero(examples.patients == patient) for patient in np.unique(examples.patients)]
