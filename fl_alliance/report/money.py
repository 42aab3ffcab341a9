"""What everybody won and lost: payouts by member, slashes with their reason, and the sum that must come out even."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from fl_alliance.amounts import fml
from fl_alliance.records import RoundRecord
from fl_alliance.report.markup import Markup, el, join, table
from fl_alliance.results import Results

MOST_SLASHES = 20_000
"""Slashes listed one by one, the newest; the page says how many there are beyond, and where to find them."""


@dataclass(slots=True)
class Account:
    """One member's rounds and amounts in gwei."""

    proposed: int = 0
    voted: int = 0
    paid_times: int = 0
    slashed_times: int = 0
    won: int = 0
    lost: int = 0


def accounts(results: Results) -> dict[int, Account]:
    """Return an account for every member."""
    members = len(results.rounds[-1].balances) if results.rounds else 0
    found = {member: Account() for member in range(members)}
    for record in results.rounds:
        for member in record.proposed:
            found[member].proposed += 1
        for name in record.scores:
            found[int(name)].voted += 1
        for name, delta in record.deltas.items():
            _book(found[int(name)], delta)
    return found


def payouts_table(results: Results, stake: int) -> Markup:
    """Return every member's rounds, payouts, slashes and balance, richest first; `stake` is in gwei."""
    if not results.rounds:
        return Markup("")
    final = results.rounds[-1].balances
    held = sorted(accounts(results).items(), key=lambda entry: -final[entry[0]])
    rows: list[list[str | Markup]] = [
        [
            results.member(member),
            str(account.proposed),
            str(account.voted),
            str(account.paid_times),
            fml(account.won, sign=True),
            str(account.slashed_times),
            fml(-account.lost),
            fml(final[member]),
            fml(final[member] - stake, sign=True),
        ]
        for member, account in held
    ]
    heads = ["member", "proposed", "voted", "paid", "won FML", "slashed", "lost FML", "balance FML", "since start"]
    return table(heads, rows, "Payouts by member", frozenset(range(1, 9)))


def slashes_table(results: Results) -> Markup:
    """Return every slash: round, reason in words, and what each member lost of which balance."""
    found = [(record, *entry) for record in results.rounds for entry in _slashes(record)]
    if not found:
        return el("p", "Nobody was slashed.")
    count = sum(len(losers) for _, _, losers in found)
    shown, listed = [], 0
    for record, why, losers in reversed(found):
        if listed + len(losers) > MOST_SLASHES:
            break
        listed += len(losers)
        shown.append((record, why, losers))
    rows: list[list[str | Markup]] = [
        [str(record.round), why, _losers(record, losers), fml(sum(record.deltas[name] for name in losers))]
        for record, why, losers in reversed(shown)
    ]
    cut = f" (the newest {listed:,}; fl-alliance ledger lists them all)" if listed < count else ""
    caption = f"{count:,} slashes{cut}"
    return table(["round", "reason", "member: lost of its balance", "FML"], rows, caption, frozenset({0, 3}))


def totals_table(results: Results, stake: int, pool: int) -> Markup:
    """Return what came in beside where it is now, in gwei exactly; `stake` is one member's."""
    if not results.rounds:
        return Markup("")
    last = results.rounds[-1]
    bounties = sum(record.bounty for record in results.rounds)
    came = stake * len(last.balances) + pool
    went = sum(last.balances) + last.escrow + last.pool + bounties
    entries = [
        ("stakes of the members", fml(stake * len(last.balances), 9), ""),
        ("the task's pool", fml(pool, 9), ""),
        ("held by the members", "", fml(sum(last.balances), 9)),
        *([("in their escrow", "", fml(last.escrow, 9))] if last.escrow else []),
        ("left in the pool", "", fml(last.pool, 9)),
        ("bounties to whoever settled", "", fml(bounties, 9)),
        ("sum", fml(came, 9), fml(went, 9)),
    ]
    rows: list[list[str | Markup]] = [list(entry) for entry in entries]
    verdict = "Every FML is accounted for." if came == went else f"Not accounted for: {fml(came - went, 9)} FML."
    kept = table(["", "brought, FML", "after the last round, FML"], rows, "Where every FML is", frozenset({1, 2}))
    return join(kept, el("p", verdict, class_="good" if came == went else "bad"))


def _book(account: Account, delta: int) -> None:
    if delta > 0:
        account.paid_times += 1
        account.won += delta
    elif delta < 0:
        account.slashed_times += 1
        account.lost -= delta


def _slashes(record: RoundRecord) -> Iterable[tuple[str, list[str]]]:
    """Yield (reason, members) of a round; members slashed for the same reason are together."""
    together: defaultdict[str, list[str]] = defaultdict(list)
    for name, delta in record.deltas.items():
        if delta < 0:
            together[_why(record.reasons.get(name, "no reason recorded"))].append(name)
    return together.items()


def _why(reason: str) -> str:
    """Return the reason without the amount, which differs by member and has its own column."""
    return reason.rpartition(": lost ")[0] or reason


def _losers(record: RoundRecord, losers: list[str]) -> Markup:
    parts = []
    for name in losers:
        lost, after = -record.deltas[name], record.balances[int(name)]
        parts.append(el("span", f"{name}: {fml(lost)} of {fml(after + lost)}", class_="who"))
    return join(*parts)
