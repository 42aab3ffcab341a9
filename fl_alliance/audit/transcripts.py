"""Transcripts compared with the chain: one of each round, whole, and saying what the chain was shown to say.

Most of a transcript is what the steps on chain make it (`transcript/account.py`), made again here and compared key by
key. The rest only the coordinator can tell: commitments carry their voters' signatures, and the aggregate and the
updates' sizes follow from the kept proposals; why a reply was dropped is its word, and stays that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fl_alliance.archive import ProposalArchive, ProposalDamaged
from fl_alliance.audit.facts import Audited, EndedRound
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.audit.receipts import Receipts
from fl_alliance.chain.evidence_model import signers
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.evidence import Kind, Leaf
from fl_alliance.chain.types import Phase
from fl_alliance.records import RunFolder
from fl_alliance.transcript.account import differences
from fl_alliance.transcript.content import RELAYER_KEYS, Transcript, TranscriptDamaged
from fl_alliance.transcript.shelf import Shelf

_CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(("task", "chain", "contract", "round"), Check.TRANSCRIPTS),
    **dict.fromkeys(("code", "config"), Check.BUNDLE),
    "seeds": Check.SEEDS,
    **dict.fromkeys(("proposers", "voters"), Check.ROLES),
    **dict.fromkeys(("proposals", "commitments", "withheld", "ballot"), Check.MESSAGES),
    **dict.fromkeys(("votes", "yes", "no"), Check.SCORES),
    **dict.fromkeys(("motion", "menu", "outcome"), Check.DECISION),
    **dict.fromkeys(("previous", "named", "model"), Check.MODEL),
    **dict.fromkeys(("payouts", "balances", "pool"), Check.PAYOUTS),
}


def check_transcripts(
    folder: RunFolder,
    audited: Audited,
    task: int,
    aggregates: Mapping[int, bytes],
    notes: list[str],
    receipts: Receipts | None = None,
) -> dict[int, bytes]:
    """Verify a run's transcripts; return the roots of their trees by round.

    Parameters
    ----------
    aggregates : mapping of int to bytes
        The digest of what the strategy makes of the kept proposals, by round, as far as it was made again.
    notes : list of str
        Where it is added what is missing without anybody's fault.
    receipts : Receipts, optional
        Verifies what the transcripts tell of spent privacy budgets, where some is promised.

    Raises
    ------
    DoesNotHold
        The first thing that does not hold, with the check that found it.
    """
    shelf, model, rounds = Shelf(folder.transcripts), audited.models.tasks[task], audited.rounds.get(task, [])
    files = shelf.numbers()
    archive, roots = ProposalArchive(folder.proposals), dict[int, bytes]()
    for ended in rounds:
        where = f"transcript of round {ended.number}"
        paths = files.pop(ended.number, [])
        if not paths and ended is rounds[-1] and model.stored_phase is not Phase.FINISHED:
            notes.append(f"no {where}: the run was stopped before it wrote it")
            continue
        if len(paths) != 1:
            raise DoesNotHold(where, f"there are {len(paths)}, needed one", Check.TRANSCRIPTS)
        try:
            transcript = shelf.read(paths[0])
        except (TranscriptDamaged, OSError) as damage:
            raise DoesNotHold(where, f"{paths[0].name}: {damage}", Check.TRANSCRIPTS) from damage
        _account(where, transcript, ended)
        try:
            _relayer(where, transcript, model, ended, archive, aggregates)
            if receipts is not None and transcript.relayer is not None:
                receipts.take(where, transcript.relayer["updates"], ended)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as broken:
            found = f"what its coordinator tells cannot be read: {broken}"
            raise DoesNotHold(where, found, Check.TRANSCRIPTS) from broken
        roots[ended.number] = transcript.tree().root
    if files:
        raise DoesNotHold(f"transcript of round {min(files)}", "the chain has no such round", Check.TRANSCRIPTS)
    return roots


def _account(where: str, transcript: Transcript, ended: EndedRound) -> None:
    for key, found, needed in differences(transcript.account, ended.account):
        check = _CHECKS.get(key, Check.TRANSCRIPTS)
        found, needed = _first(found, needed)
        raise DoesNotHold(where, f"says {key} {found}, the chain says {needed}", check)


def _first(found: Any, needed: Any) -> tuple[Any, Any]:
    """Return of two lists of one length the first entries that differ; else the values themselves."""
    if isinstance(found, list) and isinstance(needed, list) and len(found) == len(needed):
        return next((left, right) for left, right in zip(found, needed, strict=True) if left != right)
    return found, needed


def _relayer(
    where: str,
    transcript: Transcript,
    model: TaskModel,
    ended: EndedRound,
    archive: ProposalArchive,
    aggregates: Mapping[int, bytes],
) -> None:
    told = transcript.relayer
    if told is None:
        return  # the coordinator stopped before it wrote it down
    if sorted(told) != sorted(RELAYER_KEYS):
        keys = ", ".join(RELAYER_KEYS)
        raise DoesNotHold(where, f"tells {', '.join(sorted(told))}, needed {keys}", Check.TRANSCRIPTS)
    _commitments(where, told["commitments"], model, ended)
    formed = aggregates.get(ended.number)
    if formed is not None and told["aggregate"] != formed.hex():
        raise DoesNotHold(where, f"says aggregate {told['aggregate']}, formed is {formed.hex()}", Check.AGGREGATE)
    _updates(where, told["updates"], ended, archive)


def _commitments(where: str, told: Sequence[Mapping[str, Any]], model: TaskModel, ended: EndedRound) -> None:
    motion = bytes.fromhex(ended.account["motion"] or "") or bytes(32)
    for one in told:
        member = one["member"]
        if member not in ended.committee.voters:
            raise DoesNotHold(where, f"has a commitment of member {member}, who does not vote", Check.ROLES)
        leaf = Leaf(bytes.fromhex(one["commitment"]), motion, bytes.fromhex(one["signature"]))
        address = model.roster.nodes[member].address
        if ended.account["motion"] and address not in signers(
            model.domain, model.task, ended.number, Kind.COMMITMENT, leaf
        ):
            raise DoesNotHold(where, f"member {member} has not signed the commitment told of it", Check.MESSAGES)
    listed = {one["member"] for one in told}
    if ended.listed is not None and not set(ended.listed) <= listed:
        missing = min(set(ended.listed) - listed)
        raise DoesNotHold(where, f"lacks the commitment of member {missing}, who is in the list", Check.MESSAGES)


def _updates(where: str, told: Mapping[str, Any], ended: EndedRound, archive: ProposalArchive) -> None:
    for member, digest in ended.committee.updates.items():
        one = told.get(str(member))
        if one is None:
            continue  # proposed past the coordinator, or before it was stopped
        try:
            kept = archive.get(digest)
        except ProposalDamaged as damage:
            proposal = f"round {ended.number}, proposal of member {member}"
            raise DoesNotHold(proposal, str(damage), Check.PROPOSALS) from damage
        if kept is None:
            continue
        size = sum(len(data) for data in map(_serialised, kept[0].values()))
        if one["bytes"] != size:
            raise DoesNotHold(
                where, f"says {one['bytes']} bytes of member {member}'s update, it has {size}", Check.PROPOSALS
            )


def _serialised(array: Any) -> bytes:
    from flwr.app import Array

    return Array(array).data
