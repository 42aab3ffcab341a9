"""What the workload tests share: digests of models, and CSV files of made-up readings."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fl_alliance.workloads.base import Arrays

Reading = tuple[str, float, float]
"""Patient, minutes since midnight, mg/dL."""


@pytest.fixture
def digest() -> Callable[[Arrays], str]:
    """Names, shapes, types and bytes of a model in one hash."""

    def of(arrays: Arrays) -> str:
        hasher = hashlib.sha256()
        for name, value in arrays.items():
            hasher.update(f"{name}{value.shape}{value.dtype}".encode() + value.tobytes())
        return hasher.hexdigest()

    return of


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[[Sequence[Reading]], Path]:
    """Write readings to a CSV, return its path."""

    def write(readings: Sequence[Reading]) -> Path:
        path = tmp_path / "readings.csv"
        midnight = datetime(2024, 5, 1)
        lines = [f"{patient},{midnight + timedelta(minutes=minute)},{value}" for patient, minute, value in readings]
        path.write_text("\n".join(["patient,time,glucose_mg_dl", *lines]) + "\n")
        return path

    return write


@pytest.fixture
def days_of() -> Callable[..., list[Reading]]:
    """Readings 5 minutes apart whose value tells their place: reading i is 50 + i / 4 mg/dL."""

    def make(patient: str, count: int, left_out: Sequence[int] = ()) -> list[Reading]:
        return [(patient, 5.0 * i, 50 + i / 4) for i in range(count) if i not in set(left_out)]

    return make
