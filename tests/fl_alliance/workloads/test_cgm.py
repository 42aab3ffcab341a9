"""Reading a CSV of readings, and cutting it into windows."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.workloads import WorkloadError
from fl_alliance.workloads.cgm import HISTORY, STEP_MIN, TOLERANCE_MIN, Trace, read_traces, shipped, windows

HEADER = "patient,time,glucose_mg_dl"
GOOD = "p1,2024-05-01 00:00:00,100"


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["patient,time,glucose", GOOD], r"line 1: columns patient,time,glucose; needed: also glucose_mg_dl"),
        ([], r"line 1: columns ; needed: also patient,time,glucose_mg_dl"),
        ([HEADER], r"no readings"),
        ([HEADER, GOOD, "p1,2024-05-01 00:05:00"], r"line 3: 2 fields; needed: 3"),
        ([HEADER, GOOD, ",2024-05-01 00:05:00,100"], r"line 3: no patient"),
        ([HEADER, GOOD, "p1,5 May,100"], r"line 3: time '5 May'; needed: ISO 8601"),
        ([HEADER, GOOD, "p1,2024-05-01 00:05:00,Low"], r"line 3: glucose_mg_dl 'Low'; needed: 20 to 600"),
        ([HEADER, GOOD, "p1,2024-05-01 00:05:00,nan"], r"line 3: glucose_mg_dl 'nan'"),
        ([HEADER, "p1,2024-05-01 00:00:00,5.5"], r"line 2: glucose_mg_dl '5.5'; needed: .*not mmol/L"),
        ([HEADER, GOOD, GOOD], r"line 3: a second reading of patient p1"),
    ],
)
def test_a_bad_line_is_refused_with_file_line_and_what_is_needed(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(WorkloadError, match=rf"own\.csv.*{message}"):
        read_traces(written(tmp_path, *lines))


def test_a_missing_file_is_refused_with_the_columns_it_needs(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match=r"nowhere\.csv: no such file.*patient,time,glucose_mg_dl"):
        read_traces(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b"x" * 10_000, mtime=0)[:-20]], ids=["text", "cut short"]
)
def test_a_broken_gzip_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.csv.gz").write_bytes(content)
    with pytest.raises(WorkloadError, match=r"own\.csv\.gz"):
        read_traces(tmp_path / "own.csv.gz")


def test_text_that_is_not_utf8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe,2024-05-01,100\n")
    with pytest.raises(WorkloadError, match=r"own\.csv.*UTF-8"):
        read_traces(tmp_path / "own.csv")


def test_readings_in_any_order_and_with_more_columns_are_sorted_by_patient_and_time(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "glucose_mg_dl,note,time,patient",
        "120,x,2024-05-01T00:05:00,p2",
        "",
        "110,y,2024-05-01T00:00:00,p2",
        "100,z,2024-05-01T02:00:00+02:00,p1",
    )
    first, second = read_traces(path)
    assert (first.patient, second.patient) == ("p1", "p2")
    assert second.glucose.tolist() == [110, 120]
    assert first.minutes[0] == second.minutes[0] == second.minutes[1] - 5


def test_the_shipped_data_is_what_its_readme_says() -> None:
    traces = read_traces(shipped("cgm_hall.csv.gz"))
    assert len(traces) == 19
    assert sum(len(trace.minutes) for trace in traces) == 34_890


def test_the_shipped_data_is_found_where_the_package_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "fl_alliance" / "workloads" / "data" / "only_here.csv"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert shipped("only_here.csv") == elsewhere
    assert shipped("nowhere.csv").name == "nowhere.csv"


def test_an_unbroken_trace_gives_a_window_for_every_start(
    days_of: Callable[..., list[tuple[str, float, float]]],
) -> None:
    readings = days_of("p", 100)
    trace = Trace("p", np.array([r[1] for r in readings]), np.array([r[2] for r in readings], np.float32))
    cut = windows(trace, 30)
    assert cut.history.shape == (100 - HISTORY - 6 + 1, HISTORY)
    np.testing.assert_allclose(cut.target - cut.history[:, -1], 6 / 4)
    np.testing.assert_allclose(np.diff(cut.history, axis=1), 1 / 4)
    assert (cut.ends - cut.starts == 29 * STEP_MIN).all()


@pytest.mark.parametrize("count", [0, 1, 29])
def test_a_trace_shorter_than_a_window_gives_none(count: int) -> None:
    cut = windows(Trace("p", 5.0 * np.arange(count, dtype=np.float64), np.full(count, 100, np.float32)), 30)
    assert cut.history.shape == (0, HISTORY)
    assert len(cut.target) == len(cut.starts) == 0


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.sampled_from([4.0, 4.5, 5.0, 5.0, 5.0, 5.0, 5.5, 6.0, 10.0, 600.0]), min_size=30, max_size=200),
    horizon=st.sampled_from([5, 30, 60]),
)
def test_no_window_crosses_a_gap_or_drifts_by_more_than_a_step(steps: list[float], horizon: int) -> None:
    minutes = np.concatenate([[0.0], np.cumsum(steps)])
    trace = Trace("p", minutes, np.arange(len(minutes), dtype=np.float32))
    cut = windows(trace, horizon)
    found = {int(history[0]) for history in cut.history}
    length = HISTORY + horizon // STEP_MIN
    for start in range(len(minutes) - length + 1):
        inside = np.diff(minutes[start : start + length])
        unbroken = bool((abs(inside - STEP_MIN) <= TOLERANCE_MIN).all())
        on_time = abs(float(inside.sum()) - (length - 1) * STEP_MIN) <= STEP_MIN
        assert (start in found) == (unbroken and on_time)
