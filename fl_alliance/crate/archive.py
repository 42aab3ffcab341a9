"""Putting the archive together: audit first, then every file, in an order and with times that only the run decides."""

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fl_alliance.audit import audit
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.crate import documents, privacy, verdict
from fl_alliance.crate.contents import Entry, run_entries
from fl_alliance.crate.instructions import instructions
from fl_alliance.crate.metadata import NAME, metadata
from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder
from fl_alliance.results import read_results

SUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first second that a zip knows."""
_JSON, _MARKDOWN = "application/json", "text/markdown"
_CHECKER = Path(__file__).with_name("verify.py")
_ABOUT = "All by which anybody can verify a federated training: its chain, transcripts, proposals and model."


def write_archive(folder: RunFolder, path: Path) -> dict[str, Entry]:
    """Audit a finished run and write its archive, whole or not at all; return its files by path.

    The same run gives the same bytes.

    Raises
    ------
    DoesNotHold
        The audit found something; there is no archive of a run that does not hold.
    FolderError
        The run has not come to its end, has no transcripts, or its chain is elsewhere.
    """
    entries = archive_entries(folder)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as file:
            for name, entry in sorted(entries.items()):
                info = zipfile.ZipInfo(name, _EPOCH)
                info.external_attr, info.create_system, info.file_size = 0o644 << 16, 3, entry.size
                with entry.open() as source, file.open(info, "w") as target:
                    shutil.copyfileobj(source, target)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return entries


def archive_entries(folder: RunFolder) -> dict[str, Entry]:
    """Return the archive's files by path; raises as `write_archive`."""
    entries = dict(run_entries(folder))
    found = audit(folder.root)
    audited, results = found.audited, read_results(folder)
    task = int(results.deployment["task"])
    model = audited.models.tasks[task]
    if found.agreement is None or found.agreement.transcripts != len(audited.rounds.get(task, ())):
        raise FolderError(f"{folder.transcripts}/: lacks transcripts; needed one of every round")
    title = f"{results.workload}, task {task} on chain {audited.chain_id}"
    report = verdict.audit_json(found, task)
    spent = privacy.privacy(folder, audited, results, task)
    entries["audit.json"] = _json(report, "the audit's report, for programs")
    page = verdict.audit_html(report, model, f"Audit of {title}")
    entries["audit.html"] = Entry(page.encode(), "the audit's report, for people", "text/html")
    entries["model-card.md"] = _text(documents.model_card(results, model), "what the model is, and what it is worth")
    entries["lineage.json"] = _json(
        documents.lineage(audited, model, results, entries), "from what to what, by digests"
    )
    entries["privacy.json"] = _json(spent, "policies and spent privacy budgets of the sites, by digests")
    for member in range(len(model.roster.nodes)):
        statement = documents.data_statement(member, model, results, spent["sites"][member])
        entries[f"sites/{member:04}.md"] = _text(statement, f"data statement of member {member}")
    entries["README.md"] = _text(instructions(audited, model), "how to verify this archive")
    entries["verify.py"] = Entry(_CHECKER.read_bytes(), "verifies it without FL Alliance", "text/x-python")
    code, day = model.params.code_digest.hex(), _last_day(folder)
    about = metadata(entries, name=f"Evidence of {title}", description=_ABOUT, published=day, code=code)
    entries[NAME] = _json(about, "what this archive holds")
    sums = "".join(f"{entry.sha256}  {path}\n" for path, entry in sorted(entries.items()))
    entries[SUMS] = Entry(sums.encode(), "sha256 of every file", "text/plain")
    return entries


def _last_day(folder: RunFolder) -> str:
    with ChainFile(folder.chain) as file:
        last = max(block.timestamp for block in file.blocks())
    return datetime.fromtimestamp(last, UTC).date().isoformat()


def _json(content: Any, name: str) -> Entry:
    return Entry((json.dumps(content, indent=1, sort_keys=True) + "\n").encode(), name, _JSON)


def _text(content: str, name: str) -> Entry:
    return Entry(content.encode(), name, _MARKDOWN)
