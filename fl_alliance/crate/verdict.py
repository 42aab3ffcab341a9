"""The audit's report, as JSON for programs and as one HTML page that needs nobody's network."""

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any

from fl_alliance.audit import Verdict
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.reasons import explain, fml

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
code{font-size:.85em;overflow-wrap:anywhere}.verdict{color:var(--good);font-weight:600}
td.number{text-align:right;font-variant-numeric:tabular-nums}
details{margin:.2rem 0}
"""


def audit_json(verdict: Verdict, task: int) -> dict[str, Any]:
    """Return all that was verified."""
    audited, agreement = verdict.audited, verdict.agreement
    counts = audited.counts
    return {
        "verdict": "everything holds",
        "chain": audited.chain_id,
        "head": audited.head.hex(),
        "executed": audited.executed,
        "verified": {name: getattr(counts, name) for name in counts.__slots__},
        "files": agreement.files if agreement else [],
        "aggregates": agreement.menus if agreement else None,
        "transcripts": agreement.transcripts if agreement else None,
        "posted_roots": agreement.posted if agreement else None,
        "receipts": agreement.receipts if agreement else None,
        "approval": asdict(agreement.approval) if agreement and agreement.approval else None,
        "notes": agreement.notes if agreement else [],
        "rounds": [
            {
                "round": ended.number,
                "outcome": ended.outcome.name.lower(),
                "block": ended.block,
                "model": ended.model.hex(),
                "pay": [{"member": line.member, "gwei": line.delta_gwei, "why": explain(line)} for line in ended.lines],
            }
            for ended in audited.rounds.get(task, [])
        ],
        "unverified": ["test metrics", "times", "why replies were dropped", "what sites' data is"],
    }


def audit_html(report: Mapping[str, Any], model: TaskModel, title: str) -> str:
    """Return the same as a page."""
    verified = "".join(
        f"<tr><th>{escape(name)}</th><td class=number>{count}</td></tr>" for name, count in report["verified"].items()
    )
    rounds = "".join(_round(entry) for entry in report["rounds"])
    notes = "".join(f"<li>{escape(note)}</li>" for note in report["notes"]) or "<li>none</li>"
    facts = {
        "chain": report["chain"],
        "head": "0x" + report["head"],
        "task": model.task,
        "final model": model.model.hex(),
        "code": model.params.code_digest.hex(),
        "configuration": model.params.config_digest.hex(),
        "aggregates formed again": report["aggregates"],
        "transcripts compared": report["transcripts"],
        "their roots posted on chain": report["posted_roots"],
        "receipts of spent privacy budget": report["receipts"],
    }
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td><code>{escape(str(value))}</code></td></tr>"
        for name, value in facts.items()
        if value is not None
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f'<p class="verdict">{escape(str(report["verdict"]))}</p>'
        f"<p>Agree with the chain: {escape(', '.join(report['files']))}.</p>"
        f"<h2>What was verified</h2><table>{rows}{verified}</table>"
        "<h2>Rounds, and why each member was paid</h2>"
        f"<table><tr><th>round<th>outcome<th>block<th>model and pay</tr>{rounds}</table>"
        f"<h2>Notes</h2><ul>{notes}</ul>"
        f"<p>On no chain, so not verified: {escape(', '.join(report['unverified']))}.</p></html>\n"
    )


def _round(entry: Mapping[str, Any]) -> str:
    pay = "".join(f"<li>{escape(_paid(line))}</li>" for line in entry["pay"])
    return (
        f"<tr><td class=number>{entry['round']}<td>{escape(entry['outcome'])}<td class=number>{entry['block']}"
        f"<td><details><summary><code>{entry['model'][:16]}</code></summary><ul>{pay}</ul></details></tr>"
    )


def _paid(line: Mapping[str, Any]) -> str:
    return f"member {line['member']}: {'+' if line['gwei'] > 0 else ''}{fml(line['gwei'])} FML: {line['why']}"
