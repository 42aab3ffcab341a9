"""The demonstration's report, top to bottom: what came out, the leaderboard, the money, and how to check all of it."""

import shlex
from pathlib import Path

from fl_alliance.market.demo.amounts import plain
from fl_alliance.market.demo.cast import CAST, HONEST, TERMS, Part
from fl_alliance.market.demo.charts import charts_of
from fl_alliance.market.demo.drawing import CSS as CHART_CSS
from fl_alliance.market.demo.drawing import as_file, on_page
from fl_alliance.market.demo.outcome import Outcome
from fl_alliance.market.demo.printing import account_words, flow, gain_words, hidden_words, rank_words, score_words
from fl_alliance.records import write_whole
from fl_alliance.report.markup import Markup, el, join, table
from fl_alliance.report.style import CSS

REPORT, PLOTS = "report.html", "plots"
_MORE_CSS = (
    ".scroll{max-height:none}td:nth-child(2){white-space:nowrap}.plot .x span{white-space:nowrap}"
    ".wrapped td+td{overflow-wrap:anywhere}.wrapped td:nth-child(2){white-space:normal;min-width:14rem}"
)


def write_report(outcome: Outcome, folder: Path) -> Path:
    """Write `report.html`, and every chart as a file of its own; return where the page is."""
    (folder / PLOTS).mkdir(exist_ok=True)
    for chart in charts_of(outcome):
        write_whole(folder / PLOTS / f"{chart.name}.svg", as_file(chart).encode())
    write_whole(folder / REPORT, page(outcome, folder).encode())
    return folder / REPORT


def page(outcome: Outcome, folder: Path) -> str:
    """Return the whole document, which refers to nothing outside itself."""
    leaderboard, worth, nodes, validators, delegators = map(on_page, charts_of(outcome))
    sections = {
        "What must hold": _bars(outcome),
        "Leaderboard": join(el("p", _LEADERBOARD, class_="note"), leaderboard, _entries(outcome)),
        "Who earned what, and why": join(el("p", _EARNED, class_="note"), _accounts(outcome), worth),
        "Nodes": nodes,
        "Validators": join(el("p", _VALIDATORS, class_="note"), validators, _judgements(outcome)),
        "Delegators": join(el("p", _DELEGATORS, class_="note"), delegators),
        "Where all FML is": join(_flow(outcome), el("details", el("summary", "Every balance"), _balances(outcome))),
        "Who takes part": _cast(),
        "Verify": _verify(outcome, folder),
    }
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        el("title", f"FL Alliance: a training market, {outcome.setting.title}"),
        el("style", Markup(CSS + CHART_CSS + _MORE_CSS)),
    )
    main = [el("section", el("h2", title), content) for title, content in sections.items()]
    body = el("body", _header(outcome), el("main", *main))
    return "<!doctype html>\n" + el("html", head, body, lang="en")


_LEADERBOARD = (
    "Every day nodes commit to a model, reveal it, and validators score it blind on dataset A. The line is what they "
    "agreed on; a dot is the same model on a hidden set that nobody in the market has. A copy is as good as what it "
    "copies, and is refused all the same."
)
_EARNED = (
    f"Amounts are FML. Of each day's reward {TERMS.now_bps / 100:g} % is paid the same day; the rest waits for the "
    "B day, on which every node's best model is scored once more on data that nobody had seen. A refused model costs "
    f"the fee and {TERMS.slash_bps / 100:g} % of the stake behind it, the node's own before its delegators'."
)
_VALIDATORS = (
    "A validator earns by how near its scores are to the consensus, times its stake. Who says the same of every model "
    "never sees through a bad one; who praises friends stands alone with that."
)
_DELEGATORS = "One delegator put its FML behind who works, the other behind who promised it all of the earnings."


def _header(outcome: Outcome) -> Markup:
    setting, money = outcome.setting, outcome.money
    held = sum(bar.holds for bar in outcome.bars)
    paid = money.to_nodes_wei + money.to_validators_wei + money.to_delegators_wei
    final = outcome.entries_of(setting.days)[0]
    tiles: list[tuple[str, str, str]] = [
        ("what must hold", f"{held} of {len(outcome.bars)}", "hold"),
        ("best model", score_words(setting, final.score), f"{final.name}, on dataset B"),
        ("paid", plain(paid), "FML of rewards"),
        ("slashed", plain(sum(entry.slashed_wei for entry in outcome.entries)), "FML, for refused models"),
        ("burned", plain(money.burned_wei), "FML that nobody earned"),
    ]
    return el(
        "header",
        el("p", f"FL Alliance · AI Arena · {setting.kind}, {setting.title} · seed {setting.seed}", class_="over"),
        el("h1", f"A training market over {setting.days} days: {final.name} wins, who cheats pays"),
        el("dl", *(el("div", el("dt", t), el("dd", v, el("small", s))) for t, v, s in tiles), class_="tiles"),
    )


def _bars(outcome: Outcome) -> Markup:
    rows: list[list[str | Markup]] = [
        [el("b", "holds" if bar.holds else "fails", class_=None if bar.holds else "o rejected"), bar.text, bar.said]
        for bar in outcome.bars
    ]
    inner = table(["", "what", "found"], rows, "What must hold of a market that works", frozenset())
    return el("div", inner, class_="wrapped")


def _entries(outcome: Outcome) -> Markup:
    setting = outcome.setting
    rows: list[list[str | Markup]] = []
    for day in range(setting.days + 1):
        for entry in outcome.entries_of(day):
            if day == setting.days and entry.verdict == "ABSENT":
                continue
            rows.append([
                "B" if day == setting.days else str(day), entry.name, rank_words(entry),
                score_words(setting, entry.score), hidden_words(setting, entry), gain_words(entry), entry.why,
            ])  # fmt: skip
    heads = ["day", "node", "rank", "consensus", "hidden set", "won, lost", "why"]
    caption = "Every submission: won is what the rank was worth that day, paid or held back; on the B day what it paid"
    return table(heads, rows, caption, frozenset({0, 2, 3, 4, 5}))


def _accounts(outcome: Outcome) -> Markup:
    rows: list[list[str | Markup]] = [
        [
            account.part,
            account.name,
            *account_words(account),
            account.why,
        ]
        for account in outcome.accounts
    ]
    heads = ["part", "who", "at stake", "earned", "lost, spent", "in all", "why"]
    return table(heads, rows, "Everybody's books over the whole task", frozenset({2, 3, 4, 5}))


def _judgements(outcome: Outcome) -> Markup:
    last = outcome.setting.days
    rows: list[list[str | Markup]] = [
        ["B" if j.day == last else str(j.day), j.name, f"{j.scored} of {j.places}", gain_words(j), j.why]
        for j in outcome.judgements
    ]
    heads = ["day", "validator", "scored", "won", "why"]
    return table(heads, rows, "Every validator's day, its delegators' part included", frozenset({0, 2, 3}))


def _flow(outcome: Outcome) -> Markup:
    entries = flow(outcome)
    most = max(amount for _, amount, _ in entries)
    rows: list[list[str | Markup]] = [
        [name, note, plain(amount, 2), el("div", el("i", style=f"width:{100 * amount / most:.1f}%"), class_="bar")]
        for name, amount, note in entries
    ]
    money = outcome.money
    held, is_even = sum(money.balances.values()), sum(money.balances.values()) + money.burned_wei == money.minted_wei
    said = f"{held:,} wei held and {money.burned_wei:,} burned, {money.minted_wei:,} minted: " + (
        "every wei is accounted for." if is_even else "not accounted for."
    )
    moved = table(
        ["", "what", "FML", ""], rows, "From what was minted to what was paid, burned and held", frozenset({2})
    )
    return join(moved, el("p", said, class_="good" if is_even else "bad"))


def _balances(outcome: Outcome) -> Markup:
    rows: list[list[str | Markup]] = [[name, f"{held:,}"] for name, held in outcome.money.balances.items()]
    return table(["who", "wei"], rows, "Balances in the end, by the token's transfers", frozenset({1}))


def _cast() -> Markup:
    rows: list[list[str | Markup]] = [[member.part, member.name, member.about] for member in CAST]
    scoring = {member.name: member.stake_fml + _behind(member.name) for member in CAST if member.part is Part.VALIDATOR}
    share = scoring[HONEST] / sum(scoring.values())
    note = (
        f"{HONEST} holds {100 * share:.0f} % of the scoring stake with its delegator. The consensus is what more than "
        "half of the scoring stake stands for; where the dishonest hold that, no rule on scores can help."
    )
    return join(table(["part", "who", "what it does"], rows, "The cast", frozenset()), el("p", note, class_="note"))


def _behind(name: str) -> int:
    return sum(member.behind.get(name, 0) for member in CAST)


def _verify(outcome: Outcome, folder: Path) -> Markup:
    place = shlex.quote(str(folder))
    setting = outcome.setting
    command = f"fl-alliance audit {place}\nfl-alliance arena demo kind={setting.kind} seed={setting.seed}"
    text = (
        "The chain file holds every commitment, score, proof and payout; the first command recomputes all of them. The "
        "second plays the same once more, to the same last block:"
    )
    return join(el("p", text), el("pre", el("code", command)), el("p", el("code", setting.head)))
