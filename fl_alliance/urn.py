"""The votes that a node has committed to: each is kept until it is asked for, whatever else is asked in between.

A voter whose commitment is locked on chain and that does not reveal loses stake. A coordinator that asks it about
another motion of the same round, or about another round, must not make it forget the first.
"""

from collections.abc import Iterator
from typing import cast

from flwr.app import ConfigRecord, MetricRecord, RecordDict

from fl_alliance.chain.messages import commitment
from fl_alliance.node import Ballot
from fl_alliance.strategies.wire import Place

_NAME, _METRICS = "alliance.ballot", "alliance.ballot.metrics"


class Urn:
    """The ballots in a node's Flower state: one for each motion that it has voted on.

    Parameters
    ----------
    state : RecordDict
        Lives as long as the node's context; in a deployment it is on disk before a reply leaves.
    """

    def __init__(self, state: RecordDict) -> None:
        self._state = state

    def keep(self, place: Place, ballot: Ballot) -> None:
        """Keep a vote that is about to be promised."""
        name = f"{_where(place)}/{ballot.motion.hex()}"
        self._state[_NAME + name] = ConfigRecord(
            {**ballot.fields, "motion": ballot.motion, "signature": ballot.signature}
        )
        self._state[_METRICS + name] = MetricRecord(dict(ballot.metrics))

    def promised(self, place: Place, commitments: bytes) -> tuple[ConfigRecord, MetricRecord]:
        """Return the vote of this round whose commitment is in a list of commitments, with its metrics.

        Whoever sees a vote can submit it only where its commitment is listed; otherwise revealing gives it away.

        Raises
        ------
        LookupError
            No vote was cast in this round, or none of them is promised there.
        """
        kept = dict(self._cast(place))
        if not kept:
            raise LookupError(f"no vote was cast in round {place.round} of task {place.task}")
        for name, ballot in kept.items():
            if commitment(cast(bytes, ballot["signature"])) in commitments:
                return ballot, self._state.metric_records[_METRICS + name.removeprefix(_NAME)]
        raise LookupError(f"this node's commitment is not among those of round {place.round}")

    def _cast(self, place: Place) -> Iterator[tuple[str, ConfigRecord]]:
        prefix = f"{_NAME}{_where(place)}/"
        return ((name, record) for name, record in self._state.config_records.items() if name.startswith(prefix))


def _where(place: Place) -> str:
    return f"/{place.domain.chain_id}/{place.domain.contract}/{place.task}/{place.round}"
