"""What the demonstration prints: a day's leaderboard when it is over, and in the end who earned what and why."""

from collections.abc import Iterable, Sequence

from fl_alliance.market.demo.amounts import plain
from fl_alliance.market.demo.outcome import Account, Entry, Judgement, Outcome, Setting
from fl_alliance.market.units import losses

_RIGHT, _LEFT = ">", "<"


def day_lines(setting: Setting, entries: Sequence[Entry], judgements: Sequence[Judgement]) -> list[str]:
    """Return a day's leaderboard and what its validators made of it."""
    day = entries[0].day
    title = f"day {day} of {setting.days}, on dataset A" if day < setting.days else "the last day, on dataset B"
    ranked = sorted(entries, key=lambda entry: (not entry.rank, entry.rank))
    nodes = [
        [rank_words(e), e.name, score_words(setting, e.score), hidden_words(setting, e), gain_words(e), e.why]
        for e in ranked
    ]
    judges = [["", j.name, f"scored {j.scored} of {j.places}", "", gain_words(j), j.why] for j in judgements]
    heads = ["rank", "", "consensus", "hidden set", "won, FML", "why"]
    return ["", title, *_table(heads, [*nodes, *judges], "><>>><")]


def end_lines(outcome: Outcome) -> list[str]:
    """Return who earned what and why, where all FML is, and whether all holds."""
    accounts = [
        [
            account.name,
            account.part,
            *account_words(account),
            account.why,
        ]
        for account in outcome.accounts
    ]
    heads = ["who", "part", "at stake", "earned", "lost", "in all, FML", "why"]
    lines = ["", "who earned what, and why", *_table(heads, accounts, "<<>>>><"), "", "where all FML is"]
    lines += _table(["", "FML", ""], [[name, plain(amount, 2), note] for name, amount, note in flow(outcome)], "<><")
    lines += ["", "what must hold"]
    return [*lines, *(f"  {'holds ' if bar.holds else 'FAILS '} {bar.text}: {bar.said}" for bar in outcome.bars)]


def flow(outcome: Outcome) -> list[tuple[str, int, str]]:
    """Return the way of all FML: what, how much in wei, and a note."""
    money = outcome.money
    held = sum(money.balances.values())
    return [
        ("there before", money.before_wei, "what everybody began with"),
        ("minted by the emission", money.emitted_wei, f"{outcome.setting.days + 2} days of the schedule"),
        ("  paid to nodes", money.to_nodes_wei, "with what the creator paid in"),
        ("  paid to validators", money.to_validators_wei, ""),
        ("  paid to delegators", money.to_delegators_wei, "by way of their delegates' pools"),
        ("burned, unearned", money.unearned_wei + money.lapsed_wei, "days of the emission without a task to pay"),
        ("burned, left over", money.pool_wei, "what rounding left of fees, slashes and rewards"),
        ("held in the end", held, f"by {len(money.balances)} accounts and contracts"),
    ]


def rank_words(entry: Entry) -> str:
    """Return a rank; a dash for none."""
    return str(entry.rank) if entry.rank else "-"


def score_words(setting: Setting, score: int | None) -> str:
    """Return a consensus with its unit."""
    return "-" if score is None else losses(setting, score)


def hidden_words(setting: Setting, entry: Entry) -> str:
    """Return a loss on the hidden set with its unit."""
    if entry.verdict == "ABSENT":
        return "-"
    return "no model" if entry.hidden is None else losses(setting, entry.hidden)


def gain_words(row: Entry | Judgement) -> str:
    """Return what a day was worth in FML: what a share paid or has waiting, or with a minus what was lost."""
    lost = row.slashed_wei + row.fee_wei if isinstance(row, Entry) else 0
    return plain(-lost) if lost else plain(row.now_wei + row.held_wei)


def account_words(account: Account) -> list[str]:
    """Return what an account had at stake, earned, lost or spent, and all in all, in FML."""
    return [
        plain(account.stake_wei),
        plain(account.paid_wei + account.from_pool_wei, sign=True),
        plain(-account.fees_wei - account.slashed_wei - account.fund_wei),
        plain(account.gained_wei, sign=True),
    ]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> list[str]:
    """Return lines of aligned columns; the last one is as wide as it needs."""
    found = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in found) for column in range(len(heads))]
    widths[-1] = 0
    lines = ("  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)) for row in found)
    return [f"  {line}".rstrip() for line in lines]
