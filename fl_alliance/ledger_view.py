"""What `fl-alliance ledger` prints: balances, rounds, why each payout happened, and the sum that comes out even."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fl_alliance.amounts import entry_name, fml, loss_change, loss_of
from fl_alliance.books import Books, Entry, Flows, Member, Round
from fl_alliance.chain.rules.judgement import ProposerPay, VoterPay
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import Line, Why
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.outcomes import outcome_name, outcome_sentence
from fl_alliance.strategies.events import Choice

_STYLES = {"accepted": "green", "adopted": "green", "rejected": "red", "kept": "cyan", "void": "yellow"}


def print_books(books: Books, out: Console) -> bool:
    """Print members, rounds and totals; return whether the totals come out even."""
    out.print(f"task {books.task} on chain {books.chain_id}, {books.phase}", soft_wrap=True)
    out.print(f"Alliance {books.contract}, FML {books.token}", soft_wrap=True)
    for table in (_members(books), _rounds(books)):
        out.print("", table)
    return print_totals(books, out)


def print_round(books: Books, entry: Round, out: Console) -> None:
    """Print every line of a round with its reason."""
    leaders = ", ".join(map(str, entry.leaders)) or "nobody"
    out.print(
        f"round {entry.number} of {books.rounds_in_all}: {_outcome(entry)} {decided(entry)}, led by {leaders}",
        soft_wrap=True,
    )
    heads = [
        "member",
        "FML",
        "balance FML",
        "escrow FML",
        "loss old → new" if entry.choice else "score old → new",
        "why",
    ]
    if not any(entry.escrows):
        heads.remove("escrow FML")
    table = _table(*heads)
    for line in entry.lines:
        held = [amounts[line.member] for amounts in (entry.balances, entry.escrows)][: len(heads) - 4]
        scores = " → ".join(_found(entry, line.member))
        table.add_row(
            str(line.member), _delta(line.delta_gwei), *(fml(a, 9) for a in held), scores, escape(explain(line))
        )
    out.print(table)
    for text in _round_sums(entry):
        out.print(text, soft_wrap=True)


def decided(entry: Round) -> str:
    """Return by what a round was decided: its votes, or what the voters chose."""
    choice = entry.choice
    if choice is None:
        return f"{entry.yes} to {entry.no}"
    parts = [_the(choice.winner)]
    if choice.winner:
        parts.append(f"whose loss the voter in the middle finds {loss_of(-choice.margin):+.6f} from the old model's")
    if choice.best != 1:
        share = f"{choice.backing / choice.weight:.1%}" if choice.weight else "none"
        parts.append(f"{share} of the stake preferring {_the(choice.best)} to candidate 1")
    for name, members in (("convicted", choice.convicted), ("slashed for it", choice.slashed)):
        parts += [f"{name}: {', '.join(map(str, members))}"] if members else []
    return ", ".join(parts)


def _the(entry: int) -> str:
    name = entry_name((), entry)
    return name if entry else f"the {name}"


def _found(entry: Round, member: int) -> list[str]:
    """Return what a voter found of the old model and of the one beside it: scores, or losses."""
    told = entry.scores.get(member)
    if told is None:
        return []
    if entry.choice is None and len(told) == 2:
        return [f"{score / 1e6:.6f}" for score in told]
    winner = entry.choice.winner if entry.choice else 0
    return [f"{loss_of(told[index]):.6f}" for index in (0, winner or 1)]


def print_why(books: Books, entry: Round, member: Member, out: Console) -> None:
    """Print, with every number, why a member was paid, slashed or left alone in a round."""
    out.print(f"member {member.index}, {member.address}, in round {entry.number}:", soft_wrap=True)
    lines = [line for line in entry.lines if line.member == member.index]
    for text in story(entry, member.index, lines):
        out.print(f"  {escape(text)}", soft_wrap=True)


def print_totals(books: Books, out: Console) -> bool:
    """Print what went through the task, who holds the supply and what the contract's share consists of.

    Returns whether all three sums come out even.
    """
    out.print("", _flows(books.flows))
    outside = books.supply_wei - sum(entry.amount_wei for entry in books.held)
    others = [Entry("accounts outside this task", outside)] if outside else []
    out.print("", _sum_table("the whole supply of FML", [*books.held, *others], books.supply_wei))
    inside = books.inside or [Entry("nothing: everybody is paid out", 0)]
    out.print("", _sum_table("of which the Alliance contract holds", inside, books.alliance_wei))
    even = outside >= 0 and sum(entry.amount_wei for entry in inside) == books.alliance_wei and books.flows.is_even
    verdict = "every FML is accounted for" if even else "the sums differ: FML is missing or comes from nowhere"
    out.print(f"[{'green' if even else 'red'}]{verdict}[/]")
    return even


def _flows(flows: Flows) -> Table:
    table = _table("through the task", "brought", "came of it", title="what went through the task, FML")
    brought, came = flows.stakes_gwei + flows.funded_gwei, 0
    entries = (
        ("the members' stakes", flows.stakes_gwei, None),
        ("paid into the pool", flows.funded_gwei, None),
        ("the members, in the contract and withdrawn", None, flows.members_gwei),
        ("left in the pool", None, flows.pool_gwei),
        ("pool returned to the creator", None, flows.returned_gwei),
        ("bounties", None, flows.bounties_gwei),
    )
    for name, went_in, came_out in entries:
        came += came_out or 0
        last = name == entries[-1][0]
        table.add_row(
            name, *("" if amount is None else fml(amount, 9) for amount in (went_in, came_out)), end_section=last
        )
    table.add_row("sum", fml(brought, 9), fml(came, 9))
    return table


def _members(books: Books) -> Table:
    has_escrow = any(member.escrow_gwei for member in books.members)
    held = ("in the contract", *(("in escrow",) if has_escrow else ()))
    table = _table("member", "address", "stake", "won", "lost", *held, "withdrawn", title="members, FML")
    for member in books.members:
        table.add_row(
            str(member.index),
            member.address,
            fml(member.stake_gwei),
            fml(member.won_gwei, sign=True),
            fml(-member.lost_gwei),
            fml(member.balance_gwei),
            *([fml(member.escrow_gwei)] if has_escrow else []),
            fml(member.withdrawn_gwei),
        )
    return table


def _rounds(books: Books) -> Table:
    by = "chosen" if any(entry.choice for entry in books.rounds) else "yes:no"
    title = "rounds, FML" if by == "yes:no" else "rounds, FML; what a candidate is stands in the run's report"
    table = _table("round", "outcome", by, "leaders", "paid", "slashed", "bounty", "pool", "block", title=title)
    for entry in books.rounds:
        table.add_row(
            str(entry.number),
            _outcome(entry),
            f"{entry.yes}:{entry.no}" if entry.choice is None else _chosen(entry.choice),
            " ".join(map(str, entry.leaders)),
            fml(_paid(entry.lines)),
            fml(_taken(entry.lines)),
            fml(entry.bounty_gwei),
            fml(entry.pool_gwei),
            str(entry.ended.block),
        )
    return table


def _outcome(entry: Round) -> str:
    name = outcome_name(entry.outcome, entry.choice is not None)
    return f"[{_STYLES[name]}]{name}[/]"


def _chosen(choice: Choice) -> str:
    name = entry_name((), choice.winner)
    return f"{name}, loss {loss_change(choice.margin)}" if choice.winner else name


def _round_sums(entry: Round) -> Iterable[str]:
    yield f"reward {fml(entry.reward_gwei, 9)} FML, of which {fml(_paid(entry.lines), 9)} paid"
    yield f"slashed {fml(_taken(entry.lines), 9)} FML, of which {fml(entry.bounty_gwei, 9)} to whoever settled"
    yield f"pool afterwards {fml(entry.pool_gwei, 9)} FML; model {entry.model.hex()}"
    yield f"settled in block {entry.ended.block}, transaction {entry.ended.tx_hash}, by {entry.ended.sender}"


def story(entry: Round, member: int, lines: Sequence[Line]) -> Iterable[str]:
    """Yield, sentence by sentence, what a member did in a round and what it was paid for that, by its lines."""
    seats, total = entry.seats[member] if member < len(entry.seats) else 0, sum(entry.seats)
    yield f"it had {seats} of {total} seats in the draws"
    if not lines:
        drawn, ended = member in entry.standings, outcome_sentence(entry.outcome, entry.choice is not None)
        yield f"it was {'' if drawn else 'not '}drawn, and neither paid nor slashed: the round {ended}"
    if told := entry.scores.get(member):
        yield from _testimony(entry, told)
    for line in lines:
        yield f"it {explain(line)}"
        yield from _arithmetic(line)
    escrow = f", in escrow {fml(entry.escrows[member], 9)} FML" if any(entry.escrows) else ""
    yield f"balance afterwards {fml(entry.balances[member], 9)} FML{escrow}"
    yield f"settled in block {entry.ended.block}, transaction {entry.ended.tx_hash}"


def _testimony(entry: Round, told: Sequence[int]) -> Iterable[str]:
    if entry.choice is None and len(told) == 2:
        old, new = (f"{score / 1e6:.6f}" for score in told)
        yield f"it scored the old model {old} and the candidate {new}"
        return
    losses = (f"{entry_name((), index)} {loss_of(score):.6f}" for index, score in enumerate(told))
    yield f"it found these losses: {', '.join(losses)}"
    yield (
        f"the round {outcome_name(entry.outcome, entry.choice is not None)} {decided(entry)}"
        if entry.choice
        else f"the round ended {entry.outcome}"
    )


def _arithmetic(line: Line) -> Iterable[str]:
    """Say the amount as the formula that gave it, in whole gwei."""
    reason = line.reason
    if reason.pay is not None and reason.pay.claim:
        yield from _share(reason.pay)
    if reason.why in (Why.PROPOSED_ACCEPTED, Why.VOTED_WITH) and reason.winners_gwei:
        formula = f"{reason.reward_gwei:,} * {reason.balance_gwei:,} / {reason.winners_gwei:,}"
        yield f"= reward * balance / winners' balances = {formula} = {line.delta_gwei:+,} gwei, rounded down"
    elif reason.rate_bps or reason.fixed_gwei:
        fixed, plus = (" + fixed", f" + {reason.fixed_gwei:,}") if reason.fixed_gwei else ("", "")
        formula = f"{reason.balance_gwei:,} * {reason.rate_bps} / 10,000{plus}"
        yield f"= balance * rate{fixed} = {formula} = {line.delta_gwei:+,} gwei"


def _share(pay: ProposerPay | VoterPay) -> Iterable[str]:
    """Say how a share came about where candidates were judged."""
    of = f"{pay.part_gwei:,} * {pay.claim:,} / {pay.claims:,} = {pay.share_gwei:,} gwei, rounded down"
    if isinstance(pay, VoterPay):
        yield f"= voters' part * balance * quality / the sum of that = {of}"
        return
    yield f"= proposers' part * claim / all claims = {of}"
    if pay.kept_gwei or pay.released_gwei:
        yield (
            f"of the share {pay.kept_gwei:,} gwei into escrow, which held {pay.before.escrow_gwei:,}; "
            f"a quarter of that, {pay.released_gwei:,}, out of it; it holds {pay.after.escrow_gwei:,}"
        )


def _sum_table(title: str, entries: Sequence[Entry], told_wei: int) -> Table:
    table = _table("holder", "FML", title=title)
    for entry in entries:
        table.add_row(escape(entry.holder), _wei(entry.amount_wei), end_section=entry is entries[-1])
    table.add_row("sum", _wei(sum(entry.amount_wei for entry in entries)))
    table.add_row("the token contract says", _wei(told_wei))
    return table


def _wei(amount: int) -> str:
    """Return wei as FML, exactly."""
    whole, rest = divmod(amount, WEI_PER_FML)
    return f"{whole:,}.{rest:018}"


def _delta(gwei: int) -> str:
    style = "green" if gwei > 0 else "red" if gwei < 0 else "dim"
    return f"[{style}]{fml(gwei, 9, sign=True)}[/]"


def _paid(lines: Sequence[Line]) -> int:
    return sum(line.total_gwei for line in lines if line.total_gwei > 0)


def _taken(lines: Sequence[Line]) -> int:
    return -sum(line.total_gwei for line in lines if line.total_gwei < 0)


def _table(*heads: str, title: str | None = None) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0), header_style="dim"
    )
    words = ("through the task", "outcome", "address", "why", "holder", "leaders", "yes:no", "chosen")
    for head in heads:
        table.add_column(head, justify="left" if head in words else "right", no_wrap=head != "why")
    return table
