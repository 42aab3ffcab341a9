import numpy as np
import pytest
from flwr.app import ConfigRecord, RecordDict

from fl_alliance.ballots import MOST, Ballots
from fl_alliance.strategies import wire
from fl_alliance.strategies.rules import Majority


class Counting(Majority):
    """The published rule, which counts how often it reads."""

    times = 0

    def read(self, content: RecordDict) -> object:  # type: ignore[override]
        self.times += 1
        return super().read(content)


def ballot(new: float, node: int = 0) -> RecordDict:
    models = {wire.ARRAYS: new, wire.PREVIOUS: 0.0}
    records = {name: wire.to_record({"w": np.full(3, value, np.float32)}) for name, value in models.items()}
    return RecordDict({**records, wire.ALLIANCE: ConfigRecord({"node": node})})


def test_the_same_ballot_is_read_once_whoever_gets_it() -> None:
    rule = Counting()
    ballots = Ballots(rule)
    assert ballots.read(ballot(1.0, node=1)) is ballots.read(ballot(1.0, node=2))
    assert rule.times == 1


def test_another_ballot_is_another_motion_and_only_the_latest_are_kept() -> None:
    rule = Counting()
    ballots = Ballots(rule)
    digests = {ballots.read(ballot(float(value))).digest for value in range(MOST + 1)}
    assert len(digests) == MOST + 1
    ballots.read(ballot(0.0))
    assert rule.times == MOST + 2


def test_large_motions_go_before_another_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Counting()
    ballots = Ballots(rule)
    monkeypatch.setattr("fl_alliance.ballots.MOST_BYTES", 47)  # a motion is two models of three times four bytes
    for value in (1.0, 2.0, 1.0):
        ballots.read(ballot(value))
    assert rule.times == 2
    for value in (3.0, 1.0):
        ballots.read(ballot(value))
    assert rule.times == 4
