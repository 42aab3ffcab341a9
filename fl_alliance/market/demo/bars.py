"""What must hold of a demonstration, checked on its results."""

from collections.abc import Sequence
from itertools import pairwise

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.amounts import words
from fl_alliance.market.demo.cast import BAD_VALIDATORS, CAST, CHEATS, HONEST, LARGE, SMALL, Member
from fl_alliance.market.demo.outcome import Account, Bar, Entry, Judgement, Money, Setting


def bars_of(
    setting: Setting,
    entries: Sequence[Entry],
    judgements: Sequence[Judgement],
    accounts: Sequence[Account],
    money: Money,
) -> list[Bar]:
    """Return all bars."""
    by_name = {account.name: account for account in accounts}
    return [
        _order(setting, entries),
        _cheats(setting, entries, by_name),
        _losses(setting, entries, by_name),
        _validators(judgements, by_name),
        _sums(money),
    ]


def _order(setting: Setting, entries: Sequence[Entry]) -> Bar:
    """Every day the paid are the honest two, the better one first by what neither they nor the judges have seen."""
    days = range(setting.days + 1)
    found = [sorted((e for e in entries if e.day == day and e.rank), key=lambda e: e.rank) for day in days]
    right = [
        {entry.name for entry in ranked} == {LARGE, SMALL}
        and all(a.hidden is not None and b.hidden is not None and a.hidden < b.hidden for a, b in pairwise(ranked))
        and all(entry.hidden is not None and entry.hidden < setting.base_hidden for entry in ranked)
        for ranked in found
    ]
    text = "the ranking is by quality on a hidden set, every day and on dataset B"
    return Bar(text, all(right), f"{sum(right)} of {len(right)} days")


def _cheats(setting: Setting, entries: Sequence[Entry], accounts: dict[str, Account]) -> Bar:
    """Nobody who cheats is ever paid."""
    earned = {name: accounts[name].paid_wei for name in CHEATS}
    ranked = [entry for entry in entries if entry.name in CHEATS and entry.rank]
    tries = {name: sum(e.name == name and e.verdict == "WORST" for e in entries) for name in CHEATS}
    text = "copier, free rider and attacker earn nothing"
    said = ", ".join(f"{name} {words(earned[name])} for {tries[name]} submissions" for name in CHEATS)
    return Bar(text, not ranked and not any(earned.values()) and all(tries.values()), said)


def _losses(setting: Setting, entries: Sequence[Entry], accounts: dict[str, Account]) -> Bar:
    """They lose what the rules say: each time the fee, and the slash of own and delegated stake, own first."""
    wrong, said = [], []
    for member in CAST:
        if member.name not in CHEATS:
            continue
        account = accounts[member.name]
        tries = sum(entry.name == member.name and entry.verdict == "WORST" for entry in entries)
        slashed, fees = _due(member, tries, setting)
        if (account.slashed_wei, account.fees_wei, -account.gained_wei) != (slashed, fees, slashed + fees):
            wrong.append(member.name)
        said.append(f"{member.name} {words(account.slashed_wei)} of stake, {words(account.fees_wei)} of fees")
    text = f"each time they lose the fee and {100 * setting.slash_bps / BPS:g} % of the stake, their own first"
    return Bar(text, not wrong, ", ".join(said))


def _due(member: Member, tries: int, setting: Setting) -> tuple[int, int]:
    """Return own stake and fees that so many refused submissions cost."""
    delegated = sum(other.behind.get(member.name, 0) for other in CAST) * WEI_PER_FML
    own = begun = member.stake_fml * WEI_PER_FML
    for _ in range(tries):
        slash = (own + delegated) * setting.slash_bps // BPS
        own, delegated = own - min(own, slash), delegated - min(delegated, max(0, slash - own))
    return begun - own, tries * setting.fee_wei


def _validators(judgements: Sequence[Judgement], accounts: dict[str, Account]) -> Bar:
    """Who does not work, or lies, is paid less for the same own stake, and less for each FML that scored."""
    names = (HONEST, *BAD_VALIDATORS)
    paid = {name: accounts[name].paid_wei for name in names}
    rates = {name: earned_per_stake(judgements, name) for name in names}
    is_fair = len({accounts[name].stake_wei for name in names}) == 1
    holds = is_fair and all(paid[name] < paid[HONEST] and rates[name] < rates[HONEST] for name in BAD_VALIDATORS)
    said = ", ".join(
        f"{name} {words(paid[name])} ({100 * rates[name]:.1f} % of the stake behind its scores)" for name in names
    )
    return Bar("the lazy and the colluding validator earn less than the honest one with as much own stake", holds, said)


def earned_per_stake(judgements: Sequence[Judgement], name: str) -> float:
    """Return what a validator and its delegators were paid over the task, by the stake that scored."""
    mine = [judgement for judgement in judgements if judgement.name == name and judgement.weight_wei]
    return sum(judgement.now_wei for judgement in mine) / mine[0].weight_wei if mine else 0.0


def _sums(money: Money) -> Bar:
    """All FML that was minted is somewhere, or burned."""
    held = sum(money.balances.values())
    text = "all balances and what was burned are what was minted, to the wei"
    said = f"{held} + {money.burned_wei} = {money.minted_wei} wei"
    return Bar(text, held + money.burned_wei == money.minted_wei, said)
