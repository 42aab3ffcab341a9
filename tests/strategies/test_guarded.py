"""A strategy of somebody's own with a defect ends the run in words, and what was settled before stays settled."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance.chain.types import Phase
from fl_alliance.strategies import inner, wire
from fl_alliance.strategies.errors import SettingRefused, StrategyFailed
from fl_alliance.strategies.events import RoundSettled, VotersDrawn

Aggregate = tuple[ArrayRecord | None, MetricRecord | None]


class Faulty(FedAvg):
    """FedAvg that does something wrong in its second round."""

    def __init__(self, fault: Callable[[Aggregate], Any]) -> None:
        super().__init__()
        self.fault = fault

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Aggregate:
        """Aggregate as FedAvg does, and spoil the second round's result."""
        result = super().aggregate_train(server_round, replies)
        return self.fault(result) if server_round == 2 else result  # type: ignore[no-any-return]


def raising(_: Aggregate) -> Aggregate:
    raise ZeroDivisionError("no weights")


def cut(result: Aggregate) -> Aggregate:
    assert result[0] is not None
    return ArrayRecord({name: Array(array.numpy()[:1]) for name, array in result[0].items()}), result[1]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (raising, r"strategy Faulty: aggregate_train of round 2 raised ZeroDivisionError: no weights .*:\d+"),
        (cut, "aggregate_train of round 2 raised ValueError: returned arrays"),
        (lambda _: None, "aggregate_train of round 2 raised TypeError"),
        (lambda _: ({"w": 1}, None), "aggregate_train of round 2 raised"),
    ],
    ids=["raises", "other shapes", "no pair", "no arrays"],
)
def test_a_defect_is_named_and_the_rounds_before_it_stay_settled(
    alliance: Callable[..., Any], fault: Callable[[Aggregate], Any], message: str
) -> None:
    it = alliance()
    with pytest.raises(StrategyFailed, match=message):
        it.run(Faulty(fault))
    assert [event.round for event in it.told(RoundSettled)] == [1]
    assert it.model.committee.number == 2


def test_an_aggregate_that_is_withheld_voids_the_round_and_the_next_goes_on(alliance: Callable[..., Any]) -> None:
    it = alliance()
    it.run(Faulty(lambda _: (None, None)))
    assert [event.outcome for event in it.told(RoundSettled)] == ["accepted", "void", "accepted"]
    assert it.model.stored_phase is Phase.FINISHED
    assert [len(event.voters) for event in it.told(VotersDrawn)] == [3, 3, 3]


@pytest.mark.parametrize("fraction", [0.0, 2.0, float("nan"), "half"])
def test_a_fraction_that_flower_would_wait_for_is_refused(fraction: Any) -> None:
    strategy = FedAvg()
    strategy.fraction_train = fraction
    with pytest.raises(SettingRefused, match="fraction_train"):
        inner.check_committee(strategy, 3, 3)


def test_a_voter_whose_metrics_are_no_numbers_is_counted_and_not_slashed(alliance: Callable[..., Any]) -> None:
    def reporting_nan(message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == f"query.{wire.REVEAL}":
            for record in reply.content.metric_records.values():
                record["loss"] = float(np.nan)
        return reply

    it = alliance(behave=reporting_nan)
    it.run(FedAvg())
    settled = it.told(RoundSettled)
    assert [(event.outcome, event.yes) for event in settled] == [("accepted", 3)] * 3
    assert all(delta >= 0 for event in settled for delta in event.deltas.values())
