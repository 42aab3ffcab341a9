"""Everybody's books over the whole task, and where all FML came from and went."""

from collections.abc import Mapping, Sequence

from fl_alliance.arena.task import Task
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.amounts import words
from fl_alliance.market.demo.cast import CAST, Member, Part
from fl_alliance.market.demo.days import ABSENT
from fl_alliance.market.demo.ledger import Ledger
from fl_alliance.market.demo.outcome import Account, Entry, Judgement, Money
from fl_alliance.market.demo.stage import Stage


def accounts_of(
    stage: Stage,
    task: Task,
    ledger: Ledger,
    worth: Mapping[str, list[int]],
    entries: Sequence[Entry],
    judgements: Sequence[Judgement],
) -> list[Account]:
    """Return everybody's books."""
    return [_account(stage, task, ledger, member, worth[member.name], entries, judgements) for member in CAST]


def money_of(stage: Stage, task: Task, ledger: Ledger) -> Money:
    """Return where all FML came from and went."""
    paid = {
        part: sum(
            ledger.of_account(ledger.paid, stage.senders[member.name].address) for member in CAST if member.part is part
        )
        for part in Part
    }
    names = _names(stage, task)
    return Money(
        before_wei=ledger.minted - ledger.emitted,
        emitted_wei=ledger.emitted,
        unearned_wei=ledger.unearned,
        lapsed_wei=ledger.lapsed,
        pool_wei=ledger.left_over,
        to_nodes_wei=paid[Part.NODE],
        to_validators_wei=paid[Part.VALIDATOR],
        to_delegators_wei=sum(ledger.pushed.values()),
        balances={names.get(address, address): held for address, held in ledger.balances.items()},
    )


def _account(
    stage: Stage,
    task: Task,
    ledger: Ledger,
    member: Member,
    worth: list[int],
    entries: Sequence[Entry],
    judgements: Sequence[Judgement],
) -> Account:
    address = stage.senders[member.name].address
    pools = _gains(stage, task, ledger, member)
    fee_wei, tries = task.params.submission_fee_wei, ledger.of_account(ledger.commits, address)
    why = {
        Part.CREATOR: lambda: f"paid in {words(task.params.fund_wei)} of daily rewards",
        Part.NODE: lambda: _node(member.name, entries, ledger.of_account(ledger.slashed_own, address)),
        Part.VALIDATOR: lambda: _validator(member.name, judgements),
        Part.DELEGATOR: lambda: _delegator(pools),
    }[member.part]()
    return Account(
        name=member.name,
        part=member.part,
        about=member.about,
        address=address,
        start_wei=member.purse_fml * WEI_PER_FML,
        end_wei=stage.token.balance_wei(address),
        stake_wei=(member.stake_fml + sum(member.behind.values())) * WEI_PER_FML,
        paid_wei=ledger.of_account(ledger.paid, address),
        from_pool_wei=sum(pools.values()),
        fees_wei=tries * fee_wei - ledger.of_account(ledger.fees_back, address),
        slashed_wei=ledger.of_account(ledger.slashed_own, address),
        fund_wei=_fund_spent(stage, task) if member.part is Part.CREATOR else 0,
        worth=worth,
        why=why,
    )


def _fund_spent(stage: Stage, task: Task) -> int:
    """Return what was paid of the creator's daily rewards: on days without a rank it gets them back."""
    arena = Arena(stage.bank, stage.deployment.arena)
    paid_days = [day for day in range(task.params.day_count) if arena.ranking(task.number, day)]
    return len(paid_days) * task.params.daily_wei


def _gains(stage: Stage, task: Task, ledger: Ledger, member: Member) -> dict[str, int]:
    """Return what a delegator got out of each delegate's pool beyond what it put in."""
    arena, me = Arena(stage.bank, stage.deployment.arena), stage.senders[member.name].address
    pools = {name: arena.stake_of(task.number, stage.senders[name].address).pool for name in member.behind}
    return {name: ledger.taken_out[pool, me] - ledger.put_in[pool, me] for name, pool in pools.items()}


def _names(stage: Stage, task: Task) -> dict[str, str]:
    arena = Arena(stage.bank, stage.deployment.arena)
    found = {sender.address: name for name, sender in stage.senders.items()}
    found |= {arena.address: "Arena", stage.deployment.emission: "Emission"}
    for member in CAST:
        part = arena.stake_of(task.number, stage.senders[member.name].address)
        if part.has_pool:
            found[part.pool] = f"{member.name}'s pool"
    return found


def _node(name: str, entries: Sequence[Entry], own_wei: int) -> str:
    mine = [entry for entry in entries if entry.name == name]
    last = max(entry.day for entry in entries)
    ranked = [entry for entry in mine if entry.rank and entry.day < last]
    refused = [entry for entry in mine if entry.verdict not in (ABSENT, "RANKED")]
    said = []
    if ranked:
        ranks = sorted({entry.rank for entry in ranked})
        said.append(f"rank {' and '.join(map(str, ranks))} on {len(ranked)} of {last} days")
    if final := next((entry.rank for entry in mine if entry.day == last), 0):
        said.append(f"rank {final} on the hidden dataset B")
    if refused:
        others_wei = sum(entry.slashed_wei for entry in refused) - own_wei
        also = f" and {words(others_wei)} of its delegators'" if others_wei else ""
        said.append(f"refused on {len(refused)} of {last} days, for {words(own_wei)} of its stake{also}")
    if absent := [entry for entry in mine if entry.verdict == ABSENT and entry.day < last]:
        said.append(f"no model on {len(absent)} of {last} days")
    return "; ".join(said)


def _validator(name: str, judgements: Sequence[Judgement]) -> str:
    mine = [judgement for judgement in judgements if judgement.name == name]
    share = sum(judgement.share_wad for judgement in mine) / len(mine) / 1e16
    caught, bad = sum(judgement.caught for judgement in mine), sum(judgement.bad for judgement in mine)
    return f"saw through {caught} of {bad} bad models; {share:.1f} % of what validators share, by nearness times stake"


def _delegator(pools: Mapping[str, int]) -> str:
    return ", ".join(f"{words(gain, sign=True)} behind {name}" for name, gain in pools.items())
