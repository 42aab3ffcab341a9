"""The report's plain tables: the comparison, where the time went, the rounds, the configuration, the digests."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fl_alliance.amounts import fml
from fl_alliance.outcomes import outcome_name
from fl_alliance.records import RoundRecord
from fl_alliance.report.choices import decided
from fl_alliance.report.markup import Markup, el, table
from fl_alliance.report.plot import tick_text
from fl_alliance.results import Results
from fl_alliance.workloads.base import Metric

MOST_ROUNDS = 1000
"""Rounds listed one by one, the newest."""


def comparison_table(results: Results) -> Markup:
    """Return the final model's figures beside those of every method to beat, the best of each figure in bold."""
    if not results.metrics or not results.final:
        return Markup("")
    methods = {"this run": results.final, **results.references}
    columns = [_column(metric, list(methods.values())) for metric in results.metrics]
    rows: list[list[str | Markup]] = [
        [el("b", name) if values is results.final else name, columns[0][row], _against(results, values)]
        + [column[row] for column in columns[1:]]
        for row, (name, values) in enumerate(methods.items())
    ]
    first, *others = results.metrics
    heads = ["model", _head(first), "this run is", *map(_head, others)]
    return table(heads, rows, "The final model beside others, on the sites' test data", frozenset(range(1, len(heads))))


def better_by(results: Results, values: Mapping[str, float]) -> float | None:
    """Return by which share of the other's headline figure this run is better; negative where it is worse."""
    metric = results.headline
    if metric is None or metric.name not in values or metric.name not in results.final or not values[metric.name]:
        return None
    share = results.final[metric.name] / values[metric.name] - 1
    return share if metric.higher_is_better else -share


def rounds_table(results: Results) -> Markup:
    """Return one line for every round."""
    shown = results.rounds[-MOST_ROUNDS:]
    rows = [_round_row(record) for record in shown]
    cut = f" (the newest {len(shown):,} of {len(results.rounds):,})" if len(shown) < len(results.rounds) else ""
    by = "chosen" if any(record.choice for record in shown) else "yes : no"
    heads = ["round", "outcome", by, "proposed", "voted", "silent or dropped", "leaders", "reward FML", "model"]
    return table(heads, rows, f"Rounds{cut}", frozenset({0, 7}))


def time_table(results: Results) -> Markup:
    """Return where the rounds' time went, by part; `<part>_cpu` is the processor time of the part."""
    spent: Counter[str] = Counter()
    for record in results.rounds:
        spent.update(record.seconds)
    parts = {part: seconds for part, seconds in spent.most_common() if not part.endswith(_CPU)}
    total, count = sum(parts.values()), len(results.rounds)
    if not total:
        return Markup("")
    rows: list[list[str | Markup]] = [
        [part, f"{seconds:.1f}", f"{seconds / count:.3f}", _cpu(spent, part, count), _bar(seconds / total)]
        for part, seconds in parts.items()
    ]
    cpu = sum(seconds for part, seconds in spent.items() if part.endswith(_CPU))
    rows.append(["sum", f"{total:.1f}", f"{total / count:.3f}", f"{cpu / count:.3f}" if cpu else "", ""])
    heads = ["part", "seconds", "a round", "CPU a round", "share"]
    return table(heads, rows, "Where the rounds' time went", frozenset({1, 2, 3}))


def digests_table(results: Results) -> Markup:
    """Return what identifies the run: the chain, the contracts, the digests."""
    deployed = results.deployment
    entries = [(name.replace("_", " "), deployed.get(name)) for name in ("chain_id", "task")]
    for name, contract in deployed.get("contracts", {}).items():
        entries.append((f"contract {name}", contract.get("address")))
        entries.append((f"code hash of {name}", contract.get("code_hash")))
    entries += [(name.replace("_", " "), deployed.get(name)) for name in _DIGESTS]
    entries += [(f"started from: {name}".replace("_", " "), told) for name, told in deployed.get("parent", {}).items()]
    last = next((record.model for record in reversed(results.rounds)), None)
    entries.append(("model after the last round", last))
    rows: list[list[str | Markup]] = [
        [name, el("code", str(value))] for name, value in entries if value not in (None, "")
    ]
    return table(["what", "value"], rows, "Chain and digests", frozenset())


def settings_table(results: Results) -> Markup:
    """Return the whole configuration."""
    rows: list[list[str | Markup]] = [[name, el("code", text)] for name, text in _flat(results.config)]
    return table(["setting", "value"], rows, "Configuration", frozenset())


_CPU = "_cpu"
_DIGESTS = ("code_digest", "config_digest", "initial_model")


def _column(metric: Metric, methods: Sequence[Mapping[str, float]]) -> list[Markup]:
    """Return one metric of every method, with the same decimals, the best in bold."""
    found = [values[metric.name] for values in methods if metric.name in values]
    if not found:
        return [Markup("") for _ in methods]
    best = (max if metric.higher_is_better else min)(found)
    texts = dict(zip(found, tick_text(found), strict=True))
    cells = (values.get(metric.name) for values in methods)
    return [Markup("") if it is None else el("b" if it == best else "span", texts[it]) for it in cells]


def _head(metric: Metric) -> str:
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def _against(results: Results, values: Mapping[str, float]) -> str:
    share = better_by(results, values)
    if share is None or values is results.final:
        return ""
    return f"{abs(share):.1%} {'better' if share >= 0 else 'worse'}"


def _cpu(spent: Mapping[str, float], part: str, count: int) -> str:
    return f"{spent[part + _CPU] / count:.3f}" if part + _CPU in spent else ""


def _bar(share: float) -> Markup:
    return el("span", el("i", style=f"width:{share:.1%}"), f"{share:.0%}", class_="bar")


def _round_row(record: RoundRecord) -> list[str | Markup]:
    voted = [int(name) for name in record.scores]
    silent = sorted({*record.proposers, *record.voters} - {*record.proposed, *voted})
    leaders = [str(leader) for leader in (record.leader, record.voters_leader) if leader is not None and leader >= 0]
    absent = f" (absent: {_members(record.absent_leaders)})" if record.absent_leaders else ""
    outcome = outcome_name(record.outcome, record.choice is not None)
    return [
        str(record.round),
        el("span", outcome, class_=f"o {outcome}"),
        decided(record, " : "),
        _members(record.proposed),
        _members(voted),
        ", ".join(f"{member}{_quoted(record.dropped.get(str(member)))}" for member in silent),
        ", ".join(leaders) + absent,
        fml(record.reward),
        el("code", record.model.removeprefix("0x")[:12]),
    ]


def _quoted(why: str | None) -> str:
    return f" ({why})" if why else ""


def _members(members: Iterable[int]) -> str:
    return " ".join(map(str, members))


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", json.dumps(value)
