"""A disk is full, a hospital's or the coordinator's: nothing is signed that is not kept, and it goes on with room."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import JUDGED, Loopback

from fl_alliance.chain.types import Phase

SLOW = ("workload.name=slow:Slow", "+workload.options.train_s=3")
FILLER = "filler"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Put small file systems in the test's folder; only root can."""
    made: list[Path] = []

    def mount(name: str) -> Path:
        path = tmp_path / name
        path.mkdir(mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(path)], check=False)
        if done.returncode:
            pytest.skip("cannot mount a small file system here")
        made.append(path)
        return path

    yield mount
    for path in made:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with (disk / FILLER).open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            os.sync()


@pytest.mark.minutes
def test_a_hospital_without_room_stops_and_goes_on_when_it_has_some(
    small_disk: Callable[[str], Path], start: Callable[..., Loopback]
) -> None:
    disk = small_disk("hospital-3")
    town = start("rounds=3", *SLOW)
    town.await_phase(1, Phase.PROPOSING)
    fill(disk)
    hospital = town.processes["hospital-3"].running
    town.wait(lambda: hospital.poll() is not None)
    assert hospital.returncode == 2
    assert "No space left on device" in town.said("hospital-3")
    (disk / FILLER).unlink()
    full = town.member(3)
    town.restart("hospital-3")
    assert town.finish() == []
    *_, last = town.run.rounds()
    assert full in [*last.proposed, *last.committed], last
    assert [one.outcome in JUDGED for one in town.run.rounds()] == [True] * 3


@pytest.mark.minutes
def test_a_coordinator_without_room_stops_and_goes_on_when_it_has_some(
    small_disk: Callable[[str], Path], start: Callable[..., Loopback]
) -> None:
    disk = small_disk("disk")
    town = start("rounds=3", *SLOW, run="disk/task")
    town.await_phase(1, Phase.PROPOSING)
    fill(disk)
    coordinator = town.processes["coordinate"].running
    town.wait(lambda: coordinator.poll() is not None)
    assert coordinator.returncode != 0
    assert "No space left" in town.said("coordinate")
    (disk / FILLER).unlink()
    town.restart("coordinate")
    assert town.finish() == []
    assert [(one.round, one.outcome in JUDGED) for one in town.run.rounds()] == [(n, True) for n in (1, 2, 3)]
