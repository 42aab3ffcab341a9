"""Write the records that a stopped run still owes: rounds that the chain settled just before the process ended."""

from collections.abc import Mapping
from dataclasses import asdict

from fl_alliance.bookkeeping import keep_books
from fl_alliance.books import Round
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rules.reasons import by_member
from fl_alliance.chain.types import Standing
from fl_alliance.federation import Federation
from fl_alliance.records import RoundRecord, RunFolder


def recover_records(folder: RunFolder, federation: Federation, metrics: Mapping[str, float]) -> None:
    """Append a record of every round that the chain has settled and `metrics.jsonl` lacks.

    `metrics` are those of the model that the chain holds: they belong to the last round that it settled. What a round
    told only the process that ran it (training metrics, times, why a reply was dropped) is gone.
    """
    ledger: Alliance = federation.ledger
    rounds = keep_books(ledger.rpc, federation.deployment, federation.task).rounds
    known = {record.round for record in folder.rounds()}
    for entry in rounds:
        if entry.number not in known:
            folder.append(_record(entry, metrics if entry is rounds[-1] else {}))


def _record(entry: Round, metrics: Mapping[str, float]) -> RoundRecord:
    by_standing = entry.standings.items()
    committed = {member for member, standing in by_standing if standing is Standing.WITHHELD} | set(entry.scores)
    deltas, reasons = by_member(entry.lines)
    return RoundRecord(
        round=entry.number,
        outcome=entry.outcome,
        proposers=[member for member, standing in by_standing if standing.is_proposer],
        proposed=[member for member, standing in by_standing if standing is Standing.PROPOSED],
        voters=[member for member, standing in by_standing if standing.is_voter],
        committed=sorted(committed),
        leader=entry.leaders[0] if entry.leaders else -1,
        voters_leader=entry.leaders[1] if len(entry.leaders) > 1 else None,
        absent_leaders=[],
        yes=entry.yes,
        no=entry.no,
        scores={str(member): scores for member, scores in entry.scores.items()},
        deltas={str(member): delta for member, delta in deltas.items()},
        reasons={str(member): reason for member, reason in reasons.items()},
        dropped={},
        balances=list(entry.balances),
        pool=entry.pool_gwei,
        model=entry.model.hex(),
        metrics=dict(metrics),
        reward=entry.reward_gwei,
        bounty=entry.bounty_gwei,
        escrow=sum(entry.escrows),
        choice=asdict(entry.choice) if entry.choice else None,
    )
