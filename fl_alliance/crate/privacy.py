"""What is known of sites' policies and privacy budgets: digests, heads of logs, and what receipts say was spent."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fl_alliance.audit.facts import Audited
from fl_alliance.chain import strict_json
from fl_alliance.records import RunFolder
from fl_alliance.results import Results
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.station import LOG, SITES
from fl_alliance.transcript.shelf import Shelf


def privacy(folder: RunFolder, audited: Audited, results: Results, task: int) -> dict[str, Any]:
    """Return, of every member, the last receipt, its policy and the head of its log, as far as each is known here."""
    model = audited.models.tasks[task]
    receipts = _last_receipts(folder)
    own = {entry["index"]: entry.get("site") for entry in results.deployment.get("members", ())}
    sites = []
    for member, node in enumerate(model.roster.nodes):
        anchors = {
            consortium: logs[node.address] for consortium, logs in audited.anchors.items() if node.address in logs
        }
        sites.append(
            {
                "member": member,
                "address": node.address,
                "receipt": receipts.get(member),
                "anchored_logs": {
                    consortium: {"head": head.hex(), "length": length} for consortium, (head, length) in anchors.items()
                },
                **_simulated(folder.root, own.get(member)),
            }
        )
    return {
        "code": model.params.code_digest.hex(),
        "config": model.params.config_digest.hex(),
        "promise": {
            "dp": results.config.get("dp"),
            "score_epsilon": results.config.get("rule", {}).get("score_epsilon"),
        },
        "note": "What a receipt says is what its site signed. Policies and ledgers of real sites stay there.",
        "sites": sites,
    }


def _last_receipts(folder: RunFolder) -> Mapping[int, Any]:
    """Return every member's last receipt, as the transcripts tell it."""
    found: dict[int, Any] = {}
    for transcript in Shelf(folder.transcripts):
        for member, told in (transcript.relayer or {}).get("updates", {}).items():
            if told["receipt"] is not None:
                found[int(member)] = strict_json.parse(told["receipt"])
    return found


def _simulated(root: Path, site: int | None) -> dict[str, Any]:
    """Return what only a simulation knows of a site: the digest of its policy, and the heads of its log and ledgers."""
    if site is None:
        return {}
    told: dict[str, Any] = {"ledgers": dict(_ledgers(root / "privacy" / f"site-{site}"))}
    log = root / SITES / f"site-{site}" / LOG
    if log.is_file():
        book = DecisionLog(log).read()
        policies = sorted({decision.policy for decision in book.decisions})
        told |= {"policies": policies, "log": {"head": book.head, "length": len(book.entries)}}
    return told


def _ledgers(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the data sets of a simulated site, by digest, and the heads of their ledgers."""
    for path in sorted(root.glob("*.jsonl")):
        lines = path.read_text().splitlines()
        if lines:
            yield path.stem, str(strict_json.parse(lines[-1])["head"])
