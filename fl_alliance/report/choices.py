"""What voters chose from menus of candidates: in a few words, as a count of what won, and who was convicted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fl_alliance.amounts import entry_name, loss_change, size
from fl_alliance.records import RoundRecord
from fl_alliance.report.markup import Markup, el, join, table
from fl_alliance.results import Results


def decided(record: RoundRecord, between: str = " to ") -> str:
    """Return by what a round was decided: its votes, or the candidate that won."""
    choice = record.choice
    if choice is None:
        return f"{record.yes}{between}{record.no}"
    name = entry_name(choice["entries"], choice["winner"])
    return f"{name}, loss {loss_change(choice['margin'])}" if choice["winner"] else name


def choices_table(results: Results) -> Markup:
    """Return what was on the menus, by the numbers that the chain knows the entries by, and what won how often."""
    choices = [record.choice for record in results.rounds if record.choice]
    if not choices:
        return Markup("")
    entries: dict[tuple[int, str], list[Mapping[str, Any]]] = {
        (number, name): [] for choice in choices for number, name in enumerate(_candidates(choice))
    }
    for choice in choices:
        winner = choice["winner"]
        entries.setdefault((winner, entry_name(choice["entries"], winner)), []).append(choice)
    strategy = str(results.config.get("strategy", {}).get("_target_", "the strategy")).rpartition(".")[2]
    rows: list[list[str | Markup]] = [
        [str(number), name, about_entry(name, strategy), str(len(won)), *_mean(number, won)]
        for (number, name), won in sorted(entries.items())
    ]
    heads = ["no.", "on the menu", "what it is", "won", "loss", "over no. 1"]
    needed = int(results.config.get("rule", {}).get("override_bps", 0)) / 10_000
    note = (
        f"No. 1 wins unless {needed:.0%} of the stake prefers the best of the others to it. Loss: by how much the "
        "voter in the middle found the winner's loss above or, with a minus, below the old model's. Over no. 1: the "
        "stake that preferred the winner to no. 1. Both are means over the rounds won."
    )
    return join(
        table(heads, rows, "What the voters chose from the menu", frozenset({0, 3, 4, 5})), el("p", note, class_="note")
    )


def about_entry(name: str, strategy: str) -> str:
    """Return what an entry of the usual menu is; nothing for one of somebody's own."""
    base = name.removesuffix(", longer step")
    kind, _, share = base.partition(" ") if base.startswith("trusted ") else (base, "", "")
    text = {
        "old model": "the model before the round, unchanged",
        "aggregate": f"what {strategy} makes of the proposals",
        "larger side": "the mean of the larger of two groups of proposals that point the same way",
        "smaller side": "the mean of the smaller of these groups",
        "shorter half": "the mean of the half of the proposals that move the model least",
        "everyone": "the mean of all proposals",
        "trusted": f"the mean of the {share} of the proposers who contributed most before",
    }.get(kind, "")
    return f"{text}, taken further" if text and base != name else text


def evidence_table(results: Results) -> Markup:
    """Return how often each proposer was convicted, and slashed for it."""
    convicted: Counter[int] = Counter()
    slashed: Counter[int] = Counter()
    for record in results.rounds:
        convicted.update((record.choice or {}).get("convicted", ()))
        slashed.update((record.choice or {}).get("slashed", ()))
    if not convicted:
        return Markup("")
    rows: list[list[str | Markup]] = [
        [results.member(member), str(times), str(slashed[member])] for member, times in convicted.most_common()
    ]
    return table(["member", "rounds convicted", "slashed"], rows, "Evidence against proposers", frozenset({1, 2}))


def traffic(results: Results) -> Markup:
    """Return how many bytes a voter received a round, beside what the round's proposals hold."""
    sent = [record for record in results.rounds if record.ballot_bytes and record.proposal_bytes]
    if not sent:
        return Markup("")
    ballot = sum(record.ballot_bytes for record in sent) / len(sent)
    proposals = sum(record.proposal_bytes for record in sent) / len(sent)
    text = f"A voter received {size(ballot)} of models a round, {ballot / proposals:.2f} times the proposals."
    return el("p", text, class_="note")


def judged(results: Results) -> Markup:
    """Return all of it."""
    return join(choices_table(results), evidence_table(results), traffic(results))


def _candidates(choice: Mapping[str, Any]) -> Sequence[str]:
    """Return the entries that could win: all but the question about suspects behind them."""
    return [name for name in choice["entries"] if not name.startswith("question")]


def _mean(number: int, won: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return means over the rounds that an entry won; the default, no. 1, needs nobody's preference."""
    if not won:
        return "", ""
    change = loss_change(round(sum(choice["margin"] for choice in won) / len(won)))
    backing = sum(choice["backing"] / choice["weight"] for choice in won if choice["weight"]) / len(won)
    return change if number else "", f"{backing:.0%}" if number != 1 else ""
