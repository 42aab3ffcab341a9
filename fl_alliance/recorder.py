"""Turn a run's events into its records: one line of `metrics.jsonl` for every settled round."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.strategies.events import (
    Event,
    Listener,
    ProposalsLocked,
    RoundOpened,
    RoundSettled,
    VotersDrawn,
    VotesCommitted,
)


class Recorder:
    """A listener that writes records and passes every event on."""

    def __init__(self, folder: RunFolder, listener: Listener) -> None:
        self._folder = folder
        self._listener = listener
        self._round: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        """Gather what the event says of its round; write the round when it is settled."""
        match event:
            case RoundOpened():
                self._round = _blank() | {"leader": event.leader, "absent_leaders": list(event.absent_leaders)}
                self._round["proposers"] = list(event.proposers)
            case ProposalsLocked():
                self._round["proposed"] = list(event.proposed)
                self._round["dropped"] |= _by_text(event.dropped)
                self._round["train_metrics"] = dict(event.train_metrics)
            case VotersDrawn():
                self._round["voters"], self._round["voters_leader"] = list(event.voters), event.leader
                self._round["absent_leaders"] += event.absent_leaders
            case VotesCommitted():
                self._round["committed"] = list(event.committed)
                self._round["dropped"] |= _by_text(event.dropped)
                self._round["ballot_bytes"], self._round["proposal_bytes"] = event.ballot_bytes, event.proposal_bytes
            case RoundSettled():
                self._folder.append(self._settled(event))
                self._round = {}
        self._listener(event)

    def _settled(self, event: RoundSettled) -> RoundRecord:
        gathered = self._round or _blank()
        return RoundRecord(
            **gathered,
            round=event.round,
            outcome=event.outcome,
            yes=event.yes,
            no=event.no,
            scores=_by_text(event.scores),
            deltas=_by_text(event.deltas),
            reasons=_by_text(event.reasons),
            balances=list(event.balances),
            pool=event.pool,
            model=event.model.hex(),
            metrics=dict(event.metrics),
            evaluate_metrics=dict(event.evaluate_metrics),
            seconds=dict(event.seconds),
            reward=event.reward,
            bounty=event.bounty,
            escrow=event.escrow,
            choice=asdict(event.choice) if event.choice else None,
        )


def _blank() -> dict[str, Any]:
    """Return the record of a round in which nothing has happened."""
    lists = ("proposers", "proposed", "voters", "committed", "absent_leaders")
    return {name: [] for name in lists} | {"leader": -1, "voters_leader": None, "dropped": {}, "train_metrics": {}}


def _by_text(by_member: Mapping[int, Any]) -> dict[str, Any]:
    """Return the mapping with keys that JSON can have."""
    return {str(member): value for member, value in by_member.items()}
