"""A hospital's clock: minutes behind is borne; ahead, or hours off, keeps it out until the clock is put right."""

from collections.abc import Callable

import pytest
from commands import BENCH
from loopback import Loopback

WRONG = str(BENCH / "clock")


@pytest.mark.minutes
@pytest.mark.parametrize("off_s", [-120, 3])
def test_a_clock_that_is_minutes_behind_or_seconds_ahead_does_no_harm(
    start: Callable[..., Loopback], off_s: int
) -> None:
    town = start("rounds=1", hospitals=range(3))
    town.join(3, CLOCK_OFF=str(off_s), PYTHONPATH=WRONG)
    assert town.finish() == []
    (one,) = town.run.rounds()
    assert one.proposed == one.proposers
    assert one.committed == one.voters


@pytest.mark.minutes
@pytest.mark.parametrize("off_s", [-7200, 120])
def test_another_clock_keeps_a_hospital_out_until_it_is_put_right(start: Callable[..., Loopback], off_s: int) -> None:
    town = start("rounds=1", hospitals=range(3))
    town.join(3, CLOCK_OFF=str(off_s), PYTHONPATH=WRONG)
    log = town.folder / "hospital-3" / "supernode.log"
    town.wait(lambda: log.is_file() and "not let in yet" in log.read_text())
    assert "4 of 4 hospitals have joined" not in town.said("coordinate")
    town.kill("hospital-3")
    town.join(3)
    assert town.finish() == []
    (one,) = town.run.rounds()
    assert one.proposed == one.proposers
    assert one.committed == one.voters
