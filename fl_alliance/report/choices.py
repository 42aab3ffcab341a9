"""What voters chose from menus of candidates: in a few words, as a count of what won, and who was convicted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fl_alliance.amounts import entry_name, loss_of, size
from fl_alliance.records import RoundRecord
from fl_alliance.report.markup import Markup, el, join, table
from fl_alliance.results import Results


def decided(record: RoundRecord, between: str = " to ") -> str:
    """Return by what a round was decided: its votes, or the candidate that won."""
    choice = record.choice
    if choice is None:
        return f"{record.yes}{between}{record.no}"
    name = entry_name(choice["entries"], choice["winner"])
    return f"{name} {loss_of(-choice['margin']):+.4f}" if choice["winner"] else name


def choices_table(results: Results) -> Markup:
    """Return which entries won how often, by how much, and with what support."""
    won: dict[str, list[Mapping[str, Any]]] = {}
    for choice in (record.choice for record in results.rounds if record.choice):
        won.setdefault(entry_name(choice["entries"], choice["winner"]), []).append(choice)
    rows: list[list[str | Markup]] = [
        [name, str(len(found)), *_mean(found)] for name, found in sorted(won.items(), key=lambda item: -len(item[1]))
    ]
    heads = ["adopted", "rounds", "mean fall of the loss, median voter", "mean stake for it over the default"]
    return table(heads, rows, "What the voters chose", frozenset({1, 2, 3})) if rows else Markup("")


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


def _mean(choices: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    fall = sum(loss_of(choice["margin"]) for choice in choices) / len(choices)
    backing = sum(choice["backing"] / choice["weight"] for choice in choices if choice["weight"]) / len(choices)
    return f"{fall:+.4f}", f"{backing:.0%}"
