"""Putting the archive together: audit first, then every file, in an order and with times that depend on the run alone."""

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from fl_alliance.audit import audit
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.crate import documents, verdict
from fl_alliance.crate.contents import Entry, run_entries
from fl_alliance.crate.metadata import NAME, metadata
from fl_alliance.records import RunFolder, write_whole
from fl_alliance.results import read_results

SUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip knows
_JSON, _MARKDOWN = "application/json", "text/markdown"


def write_archive(folder: RunFolder, path: Path) -> dict[str, Entry]:
    """Audit a finished run and write its archive, whole or not at all; return its files by path.

    The same run gives the same bytes.

    Raises
    ------
    DoesNotHold
        The audit found something; there is no archive of a run that does not hold.
    FolderError
        The run has not come to its end, or its chain is elsewhere.
    """
    entries = archive_entries(folder)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, entry in sorted(entries.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr, info.create_system = 0o644 << 16, 3
            file.writestr(info, entry.data, zipfile.ZIP_STORED)
    write_whole(path, buffer.getvalue())
    return entries


def archive_entries(folder: RunFolder) -> dict[str, Entry]:
    """Return the archive's files by path; raises as `write_archive`."""
    entries = dict(run_entries(folder))
    found = audit(folder.root)
    audited, results = found.audited, read_results(folder)
    task = max(audited.models.tasks)
    task = int(results.deployment.get("task", task))
    model, contents = audited.models.tasks[task], {path: entry.data for path, entry in entries.items()}
    title = f"{results.workload}, task {task} on chain {audited.chain_id}"
    report = verdict.audit_json(found, task)
    entries["audit.json"] = _json(report, "the audit's report, for programs")
    page = verdict.audit_html(report, model, f"Audit of {title}")
    entries["audit.html"] = Entry(page.encode(), "the audit's report, for people", "text/html")
    entries["model-card.md"] = _text(documents.model_card(results, model), "what the model is, and what it is worth")
    entries["lineage.json"] = _json(
        documents.lineage(audited, model, results, contents), "from what to what, by digests"
    )
    entries["digests.json"] = _json(
        documents.digests(results, contents, audited, task), "digests of policies and of privacy ledgers"
    )
    for member in range(len(model.roster.nodes)):
        statement = documents.data_statement(member, model, results)
        entries[f"sites/{member:03}.md"] = _text(statement, f"data statement of member {member}")
    entries["README.md"] = _text(documents.instructions(audited, model), "how to verify this archive")
    about = metadata(
        entries,
        name=f"Evidence of {title}",
        description="Everything by which anybody can verify a federated training: its chain, transcripts, proposals and model.",
        published=_last_day(folder),
        code=model.params.code_digest.hex(),
    )
    entries[NAME] = _json(about, "what this archive holds")
    sums = "".join(f"{hashlib.sha256(entry.data).hexdigest()}  {path}\n" for path, entry in sorted(entries.items()))
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
