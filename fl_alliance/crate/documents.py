"""What an archive says in words: model card, data statements of sites, lineage, and how anybody verifies it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fl_alliance.audit.facts import Audited
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.reasons import fml
from fl_alliance.results import Results

_ARCHIVED = "unzip -q ../evidence.zip && sha256sum -c SHA256SUMS"


def model_card(results: Results, model: TaskModel) -> str:
    """Return the model card: what was trained on what, how good it is, and what nobody vouches for."""
    metrics = [
        f"| {metric.label} | {_told(results.initial, metric.name)} | {_told(results.final, metric.name)} |"
        for metric in results.metrics
    ]
    compared = [
        f"- {method}: " + ", ".join(f"{name} {value:.4g}" for name, value in sorted(values.items()))
        for method, values in results.references.items()
    ]
    settings = results.config
    return "\n".join(
        [
            f"# Model of task {model.task}: {results.workload}",
            "",
            f"Trained by {len(model.roster.nodes)} sites in {len(results.rounds)} rounds, of which "
            f"{results.count('accepted')} were accepted. Strategy `{settings.get('strategy', {}).get('_target_', '?')}`, "
            f"rule `{settings.get('rule', {}).get('name', '?')}`.",
            f"Model digest `{model.model.hex()}`, initial model `{model.params.initial_model.hex()}`.",
            "",
            "| metric | before | after |",
            "|---|---|---|",
            *metrics,
            "",
            "## Compared with",
            "",
            *(compared or ["Nothing: the run was made without references."]),
            "",
            "## Limits",
            "",
            "Test metrics were computed by the coordinator on data that is not in this archive; the audit does not verify them. What",
            "it verifies is which updates the model was made of, who judged it and how, and who was paid.",
            "",
        ]
    )


def _told(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4g}" if name in metrics else ""


def data_statement(member: int, model: TaskModel, results: Results) -> str:
    """Return what is known of one site's data: what it signed and was paid for, and that nothing of it is here."""
    node = model.roster.nodes[member]
    proposed = [record.round for record in results.rounds if member in record.proposed]
    voted = [record.round for record in results.rounds if str(member) in record.scores]
    sites = {entry["index"]: entry for entry in results.deployment.get("members", ())}
    about = sites.get(member, {}).get("about", f"member {member}")
    privacy = results.config.get("dp", {}) or {}
    return "\n".join(
        [
            f"# Data statement: {about}",
            "",
            f"- account `{node.address}`, member {member} of task {model.task}",
            f"- workload `{results.workload}`; its data stayed at the site, and none of it is in this archive",
            f"- signed updates in rounds: {', '.join(map(str, proposed)) or 'none'}",
            f"- signed scores in rounds: {', '.join(map(str, voted)) or 'none'}",
            f"- differential privacy: {privacy.get('unit') or privacy.get('name') or 'none'}",
            f"- balance at the end: {fml(model.balances[member])} FML",
            "",
            "Where the data comes from, who consented and under which terms is for the site to state; the coordinator cannot.",
            "",
        ]
    )


def lineage(audited: Audited, model: TaskModel, results: Results, entries: Mapping[str, bytes]) -> dict[str, Any]:
    """Return from what to what the run went, by digests."""
    return {
        "chain": audited.chain_id,
        "head": audited.head.hex(),
        "contracts": audited.addresses,
        "task": model.task,
        "code": model.params.code_digest.hex(),
        "config": model.params.config_digest.hex(),
        "initial_model": model.params.initial_model.hex(),
        "parent": results.deployment.get("parent"),
        "rounds": [
            {
                "round": ended.number,
                "outcome": ended.outcome.name.lower(),
                "proposals": {str(member): digest.hex() for member, digest in sorted(ended.committee.updates.items())},
                "model": ended.model.hex(),
                "transcript": _transcript(entries, ended.number),
            }
            for ended in audited.rounds.get(model.task, [])
        ],
        "final_model": model.model.hex(),
    }


def _transcript(entries: Mapping[str, bytes], number: int) -> str | None:
    found = [path for path in entries if path.startswith(f"run/transcripts/{number:05}-")]
    return hashlib.sha256(entries[found[0]]).hexdigest() if len(found) == 1 else None


def digests(results: Results, entries: Mapping[str, bytes], audited: Audited, task: int) -> dict[str, Any]:
    """Return what sites' policies and privacy ledgers are known by here: digests, never their content."""
    receipts = [json.loads(line) for line in entries.get("run/receipts.jsonl", b"").splitlines()]
    heads = {f"round {one.get('round')}, update {one.get('update')}": one.get("ledger") for one in receipts}
    model = audited.models.tasks[task]
    return {
        "policies": {
            "code": model.params.code_digest.hex(),
            "config": model.params.config_digest.hex(),
            "note": "what sites allow is in policies of their own, of which the chain has what they anchored",
        },
        "privacy_ledgers": heads,
    }


def instructions(audited: Audited, model: TaskModel) -> str:
    """Return how to verify the archive with public tools alone."""
    return f"""# How to verify this archive

Nothing here needs to be believed, and the first two steps need no software of ours.

1. Every byte is the one that was archived: `{_ARCHIVED}`.
2. A transcript is named by its sha256, and all say what the next one starts from:

       cd run/transcripts && for f in *.json; do echo "$(echo $f | cut -c7-70)  $f"; done | sha256sum -c
       jq -r '[.chain.round, .chain.outcome, .chain.previous, .chain.model] | @tsv' *.json

   In each line the third column is the fourth of the line before; the last model is `{model.model.hex()}`.
3. The chain is a SQLite file; its head is `0x{audited.head.hex()}` on chain {audited.chain_id}:

       sqlite3 run/chain.db .schema
       python3 -c "import sqlite3; print(sqlite3.connect('run/chain.db').execute('select count(*) from blocks').fetchone())"

4. A member's signature is EIP-712, so any wallet library recovers it, for instance with Foundry's `cast`:

       cast keccak "Proposal(uint256 task,uint32 round,bytes32 update)"

   The domain is name "FL Alliance", version "1", chain id {audited.chain_id}, contract {model.domain.contract}.
5. Everything else, draws, votes, pay and the aggregate to the bit: `pip install fl-alliance`, in the version whose code
   digest is `{model.params.code_digest.hex()}`, then `fl-alliance audit run`.
   It executes every transaction again and trusts neither `audit.json` nor who wrote it.
"""
