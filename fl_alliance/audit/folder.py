"""What a run folder claims beside its chain, compared with what the chain was shown to say.

Test metrics, times, the report and the figures to beat are on no chain: nothing here vouches for them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fl_alliance.audit.facts import Approval, Audited, EndedRound
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.audit.initial import check_initial
from fl_alliance.audit.promises import check_approval, check_bonds
from fl_alliance.audit.receipts import Receipts
from fl_alliance.audit.transcripts import check_transcripts
from fl_alliance.chain import strict_json
from fl_alliance.chain.deploy import SITES
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag
from fl_alliance.code_digest import code_digest
from fl_alliance.config import JobConfig
from fl_alliance.dp.account import Promise
from fl_alliance.records import FolderError, RoundRecord, RunFolder
from fl_alliance.strategies.digests import Arrays

_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading somebody's file can raise where it is not what it should be."""


@dataclass(slots=True)
class Agreement:
    """Which files of a run folder agree with the chain, and what is said of those that are missing.

    `menus` is of how many rounds what was put to the vote was formed again from the kept proposals, `transcripts` how
    many transcripts were compared, `posted` how many of their roots are on chain, `receipts` how many receipts of spent
    privacy budget were verified, None where there are none. `approval` is the consortium's of code and settings.
    """

    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    menus: int | None = None
    transcripts: int | None = None
    posted: int | None = None
    receipts: int | None = None
    approval: Approval | None = None


def check_folder(folder: RunFolder, audited: Audited, sites: str = "") -> Agreement:
    """Compare every file of a run folder that says something the chain says too.

    Parameters
    ----------
    sites : str
        The consortium that must have approved what ran; empty: that which the folder names, if it does.

    Raises
    ------
    DoesNotHold
        The first file that says something else.
    """
    agreement = Agreement()
    task = _deployment(folder, audited, agreement)
    model, rounds = audited.models.tasks[task], audited.rounds.get(task, [])
    config = _config(folder, model, agreement)
    _code(model, agreement)
    if consortium := sites or _consortium(folder):
        agreement.approval = check_approval(audited, task, consortium)
    _metrics(folder, model, rounds, agreement)
    _model(folder, model, agreement)
    initial = check_initial(folder, model, agreement.files, agreement.notes)
    aggregates = _menus(folder, config, initial, model, rounds, agreement)
    roots: dict[int, bytes] = {}
    if folder.transcripts.is_dir():
        receipts = _receipts(config, model)
        roots = check_transcripts(folder, audited, task, aggregates, agreement.notes, receipts)
        agreement.transcripts = len(roots)
        agreement.files.append(f"{folder.transcripts.name}/")
        if receipts is not None:
            _receipt_book(folder, receipts, rounds, agreement)
    elif any(facts.roots for facts in audited.bonds.get(task, ())):
        raise DoesNotHold(
            f"{folder.transcripts.name}/", "is not there, and the coordinator posted its roots", Check.TRANSCRIPTS
        )
    else:
        agreement.notes.append(f"no {folder.transcripts.name}/")
    agreement.posted = check_bonds(config, audited, task, roots, agreement.notes)
    return agreement


def _consortium(folder: RunFolder) -> str:
    """Return the consortium's contract that the folder names; empty where it names none."""
    for path in (folder.deployment, folder.manifest):
        if path.is_file() and (found := strict_json.parse(path.read_bytes()).get("contracts", {}).get(SITES)):
            return str(found["address"])
    return ""


def _receipts(config: JobConfig | None, model: TaskModel) -> Receipts | None:
    """Return what verifies receipts, None where the configuration promises no privacy."""
    promise = Promise.of(config) if config is not None else None
    return Receipts(promise, model) if promise is not None else None


def _receipt_book(folder: RunFolder, receipts: Receipts, rounds: Sequence[EndedRound], agreement: Agreement) -> None:
    """Verify the list of receipts beside the transcripts."""
    agreement.receipts = receipts.verified
    if not folder.receipts.is_file():
        agreement.notes.append(f"no {folder.receipts.name}")
        return
    receipts.compare(folder.receipts.name, folder.receipts, {ended.number: ended for ended in rounds})
    agreement.files.append(folder.receipts.name)


def _deployment(folder: RunFolder, audited: Audited, agreement: Agreement) -> int:
    """Compare the deployment, and return the number of the run's task."""
    last = len(audited.models.tasks)
    if not last:
        raise DoesNotHold("the chain", "no task was created on it")
    task = last
    for path in (folder.deployment, folder.manifest):
        content = _read_json(path, agreement)
        if content is None:
            continue
        task = content.get("task", task)
        if not isinstance(task, int) or task not in audited.models.tasks:
            raise DoesNotHold(path.name, f"says task {task}, the chain has tasks 1 to {last}")
        try:
            claims = list(_claims(content, audited, audited.models.tasks[task]))
        except (KeyError, TypeError, AttributeError) as broken:
            raise DoesNotHold(path.name, f"is not of its form: {type(broken).__name__}: {broken}") from broken
        for name, found, needed in claims:
            if found != needed:
                raise DoesNotHold(path.name, f"says {name} {found}, the chain says {needed}")
    return task


def _claims(content: Mapping[str, Any], audited: Audited, model: TaskModel) -> Iterator[tuple[str, object, object]]:
    """Yield what a deployment file says beside what the chain says: name, claim, truth."""
    yield "chain id", content.get("chain_id", audited.chain_id), audited.chain_id
    for name, contract in content.get("contracts", {}).items():
        address, known = contract["address"], audited.others.get(name, {})
        is_known = address in known
        yield f"address of {name}", address, address if is_known else audited.addresses.get(name)
        code_hash = known[address] if is_known else audited.code_hashes.get(name)
        yield f"code hash of {name}", contract["code_hash"], code_hash
    for name in ("code_digest", "config_digest", "initial_model"):
        digest = "0x" + getattr(model.params, name).hex()
        yield name, content.get(name, digest), digest
    addresses = [node.address for node in model.roster.nodes]
    for member in content.get("members", ()):
        index = member["index"]
        needed = addresses[index] if 0 <= index < len(addresses) else "that there is no such member"
        yield f"member {index}", member["address"], needed


def _config(folder: RunFolder, model: TaskModel, agreement: Agreement) -> JobConfig | None:
    """Compare the settings with those that the task pins, and return them; None where they cannot be told."""
    if not folder.config.is_file():
        agreement.notes.append(f"no {folder.config.name}")
        return None
    from fl_alliance.config import ConfigError, read_config, yaml_digest

    try:
        content = folder.config.read_text()
        digest = yaml_digest(content)
    except _BROKEN as broken:
        raise DoesNotHold(folder.config.name, f"cannot be read: {broken}") from broken
    if digest != model.params.config_digest:
        raise DoesNotHold(
            folder.config.name,
            f"its digest is {digest.hex()}, the task was created with {model.params.config_digest.hex()}",
            Check.BUNDLE,
        )
    agreement.files.append(folder.config.name)
    try:
        return read_config(content)
    except ConfigError as error:  # of another version
        agreement.notes.append(f"what {folder.config.name} promises could not be told: {error}")
        return None


def _code(model: TaskModel, agreement: Agreement) -> None:
    """Note where the nodes ran other code than what is installed here, which is no fault."""
    pinned = model.params.code_digest
    if code_digest() != pinned:
        agreement.notes.append(f"the task pins another version of the code, digest {pinned.hex()}")


def _metrics(folder: RunFolder, model: TaskModel, rounds: Sequence[EndedRound], agreement: Agreement) -> None:
    name = folder.metrics.name
    try:
        records = {record.round: record for record in folder.rounds()}
    except (*_BROKEN, FolderError) as broken:
        raise DoesNotHold(name, f"cannot be read: {type(broken).__name__}: {broken}") from broken
    for ended in rounds:
        if ended.number in records:
            _compare(name, records[ended.number], ended)
        elif ended is rounds[-1] and model.stored_phase is not Phase.FINISHED:
            agreement.notes.append(
                f"{name} has no line of round {ended.number}: the run was stopped before it wrote it"
            )
        else:
            raise DoesNotHold(f"{name}, round {ended.number}", "has no line, and the chain has this round")
    extra = set(records) - {ended.number for ended in rounds}
    if extra:
        raise DoesNotHold(f"{name}, round {min(extra)}", "the chain has no such round")
    if records:
        agreement.files.append(name)


def _compare(name: str, record: RoundRecord, ended: EndedRound) -> None:
    """Refuse a line that differs from its round on chain, naming the first value that does."""
    for key, needed in _facts(ended).items():
        found = getattr(record, key)
        if _comparable(found) != _comparable(needed):
            raise DoesNotHold(
                f"{name}, round {ended.number} (block {ended.block})", f"says {key} {found}, the chain says {needed}"
            )


def _comparable(value: Any) -> str:
    """Return a value as canonical JSON: `1` and `true`, and `1` and `1.0`, are not the same."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)


def _facts(ended: EndedRound) -> dict[str, Any]:
    """Return what a line of `metrics.jsonl` must say of a round."""
    committee = ended.committee
    leads = [committee.leads[tag] for tag in (Tag.PROPOSERS, Tag.VOTERS) if tag in committee.leads]
    facts: dict[str, Any] = {
        "outcome": ended.outcome.name.lower(),
        "proposers": list(committee.proposers),
        "proposed": [m for m, standing in committee.standings.items() if standing is Standing.PROPOSED],
        "voters": list(committee.voters),
        "leader": leads[0].member if leads else -1,
        "absent_leaders": [member for lead in leads for member in lead.absent],
        "yes": ended.yes,
        "no": ended.no,
        "scores": {str(member): list(pair) for member, pair in committee.scores.items()},
        "deltas": {str(member): sum(line.delta_gwei for line in lines) for member, lines in _by_member(ended)},
        "reasons": {str(member): "; ".join(map(explain, lines)) for member, lines in _by_member(ended)},
        "balances": list(ended.balances),
        "pool": ended.pool_gwei,
        "model": ended.model.hex(),
        "reward": ended.reward_gwei,
        "bounty": ended.bounty_gwei,
        "escrow": ended.escrow_gwei,
    }
    if Tag.VOTERS in committee.leads:
        facts["voters_leader"] = committee.leads[Tag.VOTERS].member
    if ended.listed is not None:
        facts["committed"] = list(ended.listed)
    return facts


def _by_member(ended: EndedRound) -> Iterator[tuple[int, list[Line]]]:
    for member in sorted({line.member for line in ended.lines}):
        yield member, [line for line in ended.lines if line.member == member]


def _model(folder: RunFolder, model: TaskModel, agreement: Agreement) -> None:
    path = folder.model
    if not path.is_file():
        agreement.notes.append(f"no {path.name}: the run did not come to its end")
        return
    digest = _digest_of(path)
    if digest != model.model:
        raise DoesNotHold(
            path.name, f"its digest is {digest.hex()}, the chain adopted {model.model.hex()} last", Check.MODEL
        )
    agreement.files.append(path.name)


def _menus(
    folder: RunFolder,
    config: JobConfig | None,
    initial: Arrays | None,
    model: TaskModel,
    rounds: Sequence[EndedRound],
    agreement: Agreement,
) -> Mapping[int, bytes]:
    """Form everything again that was voted on, as far as proposals are kept and the code that makes it is here."""
    from fl_alliance.archive import MaskArchive, ProposalArchive
    from fl_alliance.audit.menus import check_menus
    from fl_alliance.config import ConfigError
    from fl_alliance.flower_log import flower_log_off
    from fl_alliance.strategies.errors import StrategyError

    agreement.menus = 0
    if code_digest() != model.params.code_digest:
        agreement.notes.append("only that version can form again what was put to the vote")
        return {}
    if config is None:
        agreement.notes.append("what was put to the vote could not be formed again without the settings")
        return {}
    if not folder.proposals.is_dir():
        agreement.notes.append(f"no {folder.proposals.name}/: what was put to the vote could not be formed again")
        return {}
    if initial is None:
        return {}  # `check_initial` has said so
    try:
        with flower_log_off():
            proposals, masks = ProposalArchive(folder.proposals), MaskArchive(folder.masks)
            menus = check_menus(config, proposals, initial, model, rounds, masks)
    except (ConfigError, StrategyError) as error:
        agreement.notes.append(f"what was put to the vote could not be formed again: {error}")
        return {}
    agreement.menus = menus.verified
    agreement.files.append(f"{folder.proposals.name}/")
    if menus.note:
        agreement.notes.append(menus.note)
    return menus.aggregates


def _digest_of(path: Path) -> bytes:
    from safetensors import SafetensorError

    from fl_alliance.models import load_model
    from fl_alliance.strategies.digests import model_digest

    try:
        return model_digest(load_model(path))
    except (*_BROKEN, SafetensorError) as broken:
        raise DoesNotHold(path.name, f"cannot be read: {type(broken).__name__}: {broken}") from broken


def _read_json(path: Path, agreement: Agreement) -> dict[str, Any] | None:
    if not path.is_file():
        agreement.notes.append(f"no {path.name}")
        return None
    try:
        content = strict_json.parse(path.read_bytes(), has_nan=True)
        if not isinstance(content, dict):
            raise ValueError(f"holds a {type(content).__name__}, needed an object")
    except _BROKEN as broken:
        raise DoesNotHold(path.name, f"cannot be read: {broken}") from broken
    agreement.files.append(path.name)
    return content
