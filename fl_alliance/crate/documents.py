"""What an archive says in words: model card, data statements of sites, and lineage."""

from collections.abc import Mapping
from typing import Any

from fl_alliance.audit.facts import Audited
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.reasons import fml
from fl_alliance.crate.contents import Entry
from fl_alliance.results import Results


def model_card(results: Results, model: TaskModel) -> str:
    """Return the model card: what was trained on what, how good it is, and what nobody vouches for."""
    metrics = [
        f"| {metric.label}{f', {metric.unit}' if metric.unit else ''} | {_told(results.initial, metric.name)} | "
        f"{_told(results.final, metric.name)} |"
        for metric in results.metrics
    ]
    compared = [
        f"- {method}: " + ", ".join(f"{name} {value:.4g}" for name, value in sorted(values.items()))
        for method, values in results.references.items()
    ]
    settings = results.config
    strategy, rule = settings.get("strategy", {}).get("_target_", "?"), settings.get("rule", {}).get("name", "?")
    return "\n".join(
        [
            f"# Model of task {model.task}: {results.workload}",
            "",
            f"Trained by {len(model.roster.nodes)} sites in {len(results.rounds)} rounds, of which "
            f"{results.count('accepted')} adopted a new model.",
            "",
            f"- strategy `{strategy}`, rule `{rule}`",
            f"- model digest `{model.model.hex()}`",
            f"- initial model `{model.params.initial_model.hex()}`, from `{settings.get('init', '?')}`",
            f"- differential privacy: {_dp(settings)}",
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
            "Test metrics were computed by the coordinator on data that is not in this archive; the audit does not",
            "verify them. What it verifies is which updates the model was made of, who judged it and how, and who was",
            "paid. What the model may be used for is for those to say who trained it.",
            "",
        ]
    )


def _told(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4g}" if name in metrics else ""


def _dp(settings: Mapping[str, Any]) -> str:
    dp = settings.get("dp") or {}
    if dp.get("unit", "none") == "none":
        return "none"
    return f"each {dp['unit']}, epsilon {dp['epsilon']:g} at delta {dp['delta']:g} at most"


def data_statement(member: int, model: TaskModel, results: Results, known: Mapping[str, Any]) -> str:
    """Return what is known of one site's data: what it signed and was paid for, and that nothing of it is here."""
    node = model.roster.nodes[member]
    proposed = [record.round for record in results.rounds if member in record.proposed]
    voted = [record.round for record in results.rounds if str(member) in record.scores]
    members = {entry["index"]: entry for entry in results.deployment.get("members", ())}
    about = members.get(member, {}).get("about") or f"member {member}"
    balance = results.rounds[-1].balances[member] if results.rounds else 0
    return "\n".join(
        [
            f"# Data statement: {about}",
            "",
            f"- account `{node.address}`, member {member} of task {model.task}",
            f"- workload `{results.workload}`; its data stayed at the site, and none of it is in this archive",
            f"- signed updates in rounds: {', '.join(map(str, proposed)) or 'none'}",
            f"- signed scores in rounds: {', '.join(map(str, voted)) or 'none'}",
            f"- differential privacy: {_dp(results.config)}; {_spent(known.get('receipt'))}",
            *(f"- policy `{digest}`" for digest in known.get("policies", ())),
            *(
                f"- log of decisions, {log['length']} entries, anchored at consortium `{consortium}`: `{log['head']}`"
                for consortium, log in known["anchored_logs"].items()
            ),
            f"- balance after the last round, with what is in escrow beside: {fml(balance)} FML",
            "",
            "Where the data comes from, who consented and under which terms is for the site to state.",
            "",
        ]
    )


def _spent(receipt: Mapping[str, Any] | None) -> str:
    if receipt is None:
        return "no receipt of spent budget"
    spent, total = receipt["epsilon_micro"] / 1e6, receipt["total_micro"] / 1e6
    return (
        f"signed in round {receipt['round']} to have spent epsilon {spent:.4g} in this task and {total:.4g} in all on "
        f"this data, for each {receipt['unit']}"
    )


def lineage(audited: Audited, model: TaskModel, results: Results, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Return from what to what the run went, by digests."""
    roots = {number: root for facts in audited.bonds.get(model.task, ()) for number, root in facts.roots.items()}
    return {
        "chain": audited.chain_id,
        "head": audited.head.hex(),
        "contracts": audited.addresses,
        "alliance": model.domain.contract,
        "task": model.task,
        "members": [node.address for node in model.roster.nodes],
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
                "posted_root": roots[ended.number].hex() if ended.number in roots else None,
            }
            for ended in audited.rounds.get(model.task, [])
        ],
        "final_model": model.model.hex(),
    }


def _transcript(entries: Mapping[str, Entry], number: int) -> str:
    """Return the sha256 of a round's transcript, of which the audit has found one."""
    [path] = [path for path in entries if path.startswith(f"run/transcripts/{number:05}-")]
    return path.removesuffix(".json").rpartition("-")[2]
