"""The report, top to bottom: what came out, how it came about, who was paid, and how to check all of it."""

from collections.abc import Mapping
from typing import Any

from fl_alliance.amounts import fml
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.config import fml_to_wei
from fl_alliance.report.choices import judged
from fl_alliance.report.clarke import clarke_chart
from fl_alliance.report.facts import (
    better_by,
    comparison_table,
    digests_table,
    rounds_table,
    settings_table,
    time_table,
)
from fl_alliance.report.grids import roles_chart, scores_chart
from fl_alliance.report.lines import balances_chart, headline_chart, loss_chart, pool_chart
from fl_alliance.report.markup import Markup, el, join
from fl_alliance.report.money import payouts_table, slashes_table, totals_table
from fl_alliance.report.plot import number
from fl_alliance.report.pointing import SCRIPT_SOURCE, cells_of
from fl_alliance.report.style import CSS
from fl_alliance.results import Results

_TITLES = {
    "result": "Result",
    "learning": "Learning",
    "rounds": "Rounds",
    "judgement": "Judgement",
    "errors": "Error grid",
    "money": "Money",
    "slashes": "Slashes",
    "verify": "Verify",
    "settings": "Settings",
}


def page(results: Results) -> str:
    """Return the whole document; it refers to nothing outside itself."""
    sections = {name: content for name, content in _sections(results).items() if content}
    name = f"FL Alliance report: {results.workload}, {len(results.rounds)} rounds"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Nothing may be fetched, whatever a name that found its way into the page would like.
        el(
            "meta",
            http_equiv="Content-Security-Policy",
            content=f"default-src 'none'; style-src 'unsafe-inline'; script-src {SCRIPT_SOURCE}",
        ),
        el("title", name),
        el("style", Markup(CSS)),
    )
    links = (el("a", _TITLES[key], href=f"#{key}") for key in sections)
    main = (el("section", el("h2", _TITLES[key], id=key), content) for key, content in sections.items())
    body = el("body", _header(results), el("nav", *links), el("main", *main), cells_of(results.rounds))
    return "<!doctype html>\n" + el("html", head, body, lang="en")


def _header(results: Results) -> Markup:
    nodes = results.config.get("nodes", "?")
    return el(
        "header",
        el("p", f"FL Alliance · {_strategy(results)} · {nodes} nodes · {results.folder.root.name}", class_="over"),
        el("h1", _sentence(results)),
        el("dl", *(el("div", el("dt", term), el("dd", *said)) for term, said in _tiles(results)), class_="tiles"),
    )


def _sections(results: Results) -> dict[str, Markup]:
    alliance = results.config.get("alliance", {})
    stake, least, pool = (_gwei(alliance.get(name, "0"), name) for name in ("stake", "min_stake", "pool"))
    tolerance, slash = int(alliance.get("tolerance_bps", 0)), int(alliance.get("slash_bps", 0))
    command = f"fl-alliance audit {results.folder.root}\nfl-alliance ledger {results.folder.root}"
    return {
        "result": comparison_table(results),
        "learning": join(headline_chart(results), loss_chart(results)),
        "rounds": join(
            el("p", _ROUNDS, class_="note"),
            roles_chart(results),
            el("details", el("summary", "All rounds as a table"), rounds_table(results)),
            time_table(results),
        ),
        "judgement": join(
            el("p", _judgement(results, tolerance), class_="note"), scores_chart(results, tolerance), judged(results)
        ),
        "errors": clarke_chart(results),
        "money": join(
            _pay(results),
            balances_chart(results, stake, least),
            pool_chart(results, pool),
            payouts_table(results, stake),
            totals_table(results, stake, pool),
        ),
        "slashes": join(
            el("p", f"{_loser(results)} loses {slash / 10_000:.1%} of its balance{_fixed(alliance)}.", class_="note"),
            slashes_table(results),
        ),
        "verify": join(
            el("p", _VERIFY),
            el("pre", el("code", command)),
            digests_table(results),
        ),
        "settings": settings_table(results),
    }


_ROUNDS = (
    "Every round the chain draws who proposes and, once the proposals are locked, who votes. A whole cell is a "
    "proposer, a flat one a voter; blue was paid, orange was slashed."
)
_JUDGEMENT = (
    "A voter scores the old model and the candidate on its own held-out data. "
    "It votes yes when the new score is at least"
)
_MENU = (
    "Everybody forms the same menu of models from the round's proposals; the old model is on it too. A voter reports "
    "the loss of each on its own held-out data. The one whose worst comparison with another is best, by the middle of "
    "the voters' stake, is the round's model. Where that is the old one, no candidate was better for the voters: the "
    "round keeps it, and nobody is slashed for that."
)
_VERIFY = (
    "The chain file holds every proof, signature, vote and payout. The first command checks them all, trusting nobody; "
    "the second says who was paid what, and why."
)


def _judgement(results: Results, tolerance_bps: int) -> str:
    return _MENU if results.is_of_candidates else f"{_JUDGEMENT} {1 - tolerance_bps / 10_000:.0%} of the old one."


def _pay(results: Results) -> Markup:
    rule = results.config.get("rule", {})
    if not results.is_of_candidates or rule.get("reward") != "contribution":
        return Markup("")
    held = int(rule.get("escrow_bps", 0)) / 10_000
    text = (
        "A round's pay is parted between its proposers and its voters by their balances. Proposers share theirs by "
        "what voters found they contributed to the new model; where the old one is kept they have no share. Of a "
        f"proposer's share {held:.0%} goes into escrow; a quarter of that is paid out in each round that it proposes "
        "in, the rest at the end of the task."
    )
    return el("p", text, class_="note")


def _loser(results: Results) -> str:
    if results.is_of_candidates:
        return "A proposer that voters found harmful in several rounds, or a voter that withholds its vote,"
    return "A member on the losing side of a round"


def _fixed(alliance: Mapping[str, Any]) -> str:
    fixed = str(alliance.get("slash", "0"))
    return "" if fixed == "0" else f" and {fixed} FML"


def _sentence(results: Results) -> str:
    metric = results.headline
    if metric is None or metric.name not in results.final:
        return f"{results.workload}: {len(results.rounds)} rounds"
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{results.workload.capitalize()}: {metric.label} {number(results.final[metric.name])}{unit}"


def _tiles(results: Results) -> list[tuple[str, list[str | Markup]]]:
    tiles: list[tuple[str, list[str | Markup]]] = []
    for name, values in results.references.items():
        share = better_by(results, values)
        if share is not None:
            tiles.append((f"{'better' if share >= 0 else 'worse'} than {name} by", [f"{abs(share):.1%}"]))
    if not results.rounds:
        return tiles
    deltas = [delta for record in results.rounds for delta in record.deltas.values()]
    counts = results.counts("rejected", "void")
    title = "rounds with a new model" if results.is_of_candidates else "rounds accepted"
    tiles += [
        (title, [f"{results.count('accepted'):,} of {len(results.rounds):,}", el("small", counts)]),
        (
            "paid",
            [
                fml(sum(d for d in deltas if d > 0) + results.rounds[-1].escrow),
                el("small", "FML to proposers and voters"),
            ],
        ),
        ("slashed", [fml(-sum(d for d in deltas if d < 0)), el("small", "FML, back into the pool")]),
    ]
    return tiles


def _strategy(results: Results) -> str:
    return str(results.config.get("strategy", {}).get("_target_", "?")).rpartition(".")[2]


def _gwei(amount: object, name: str) -> int:
    return fml_to_wei(str(amount), f"alliance.{name}") // WEI_PER_GWEI
