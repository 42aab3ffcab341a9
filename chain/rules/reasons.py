"""A line of the ledger in words: why a member was paid, slashed or left alone."""

from collections.abc import Iterable

from fl_alliance.chain.rules.judgement import ProposerPay, VoterPay
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI, Line, Reason, Why
from fl_alliance.chain.types import GWEI_PER_FML


def fml(gwei: int) -> str:
    """Return an amount of gwei in FML, exact, without trailing zeros: 3_200_000_000 is "3.2"."""
    whole, rest = divmod(abs(gwei), GWEI_PER_FML)
    text = f"{whole}.{rest:09}".rstrip("0").rstrip(".")
    return f"-{text}" if gwei < 0 else text


def percent(part: int, whole: int) -> str:
    """Return a share to one decimal place, rounded half up: (1, 8) is "12.5 %"."""
    tenths = (2000 * part + whole) // (2 * whole)
    digits = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
    return f"{digits} %"


def explain(line: Line) -> str:
    """Return why the line says what it says, with the numbers that make it up.

    For example: "proposed, accepted 4 to 1: 12.5 % of the round's reward 3.2 FML, by stake".
    """
    reason = line.reason
    what, why = _happened(reason), reason.why
    if why in (Why.PROPOSED_ACCEPTED, Why.VOTED_WITH):
        share = percent(reason.balance_gwei, reason.winners_gwei) if reason.winners_gwei else "no share"
        return f"{what}: {share} of the round's reward {fml(reason.reward_gwei)} FML, by stake{_most(line)}"
    if why is Why.EQUIVOCATED:
        escrow = f" and its escrow {fml(reason.escrow_gwei)} FML" if reason.escrow_gwei else ""
        return f"{what}: lost its whole balance {fml(reason.balance_gwei)} FML{escrow}"
    if reason.rate_bps or reason.fixed_gwei or reason.escrow_gwei:
        return f"{what}: lost {_loss(line)}{_record(reason)}"
    if isinstance(reason.pay, ProposerPay):
        return f"{what}: {_proposer_pay(line, reason.pay)}{_record(reason)}"
    if isinstance(reason.pay, VoterPay):
        return f"{what}: {_voter_pay(line, reason.pay)}"
    return f"{what}: neither paid nor slashed"


def by_member(lines: Iterable[Line]) -> tuple[dict[int, int], dict[int, str]]:
    """Return what each member's lines sum up to, in gwei, and why, one reason after another."""
    deltas: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    for line in lines:
        deltas[line.member] = deltas.get(line.member, 0) + line.delta_gwei
        reasons.setdefault(line.member, []).append(explain(line))
    return deltas, {member: "; ".join(texts) for member, texts in reasons.items()}


def _loss(line: Line) -> str:
    """Return what a slash took: the share, the fixed amount and the escrow, as far as there are any."""
    reason = line.reason
    parts = []
    if reason.rate_bps:
        parts.append(f"{percent(reason.rate_bps, 10_000)} of its balance {fml(reason.balance_gwei)} FML")
    if reason.fixed_gwei:
        parts.append(f"{fml(reason.fixed_gwei)} FML")
    if reason.escrow_gwei:
        parts.append(f"its escrow {fml(reason.escrow_gwei)} FML")
    text = " and ".join(parts)
    is_all = reason.fixed_gwei and -line.delta_gwei == reason.balance_gwei
    return f"{text}, which is more than its balance {fml(reason.balance_gwei)} FML" if is_all else text


def _proposer_pay(line: Line, pay: ProposerPay) -> str:
    """Return what a proposer gets, and of what."""
    parts = []
    if pay.claim:
        by = f"its average contribution {pay.claim}" if line.reason.why is Why.CONTRIBUTED else "stake"
        share = f"{percent(pay.claim, pay.claims)} of the proposers' part {fml(pay.part_gwei)} FML"
        parts.append(f"{share} by {by}, {fml(line.delta_gwei - pay.released_gwei)} FML paid")
    else:
        parts.append("no share")
    if pay.kept_gwei:
        parts.append(f"{fml(pay.kept_gwei)} FML into escrow")
    if pay.released_gwei:
        parts.append(f"{fml(pay.released_gwei)} FML out of escrow")
    return ", ".join(parts) + _most(line)


def _voter_pay(line: Line, pay: VoterPay) -> str:
    share = percent(pay.claim, pay.claims) if pay.claims else "no share"
    part = f"{share} of the voters' part {fml(pay.part_gwei)} FML"
    quality = percent(pay.quality, pay.best_quality) if pay.best_quality else "none"
    text = f"{part}, by stake and quality {quality} of the best{_most(line)}"
    before, after = pay.before.agreement, pay.after.agreement
    return f"{text} (agreement {before} to {after})" if before or after else text


def _most(line: Line) -> str:
    is_full = line.reason.balance_gwei + line.delta_gwei == MAX_BALANCE_GWEI
    return ", up to the most that a member can hold" if is_full else ""


def _record(reason: Reason) -> str:
    """Return how a proposer's record changed; nothing for others."""
    pay = reason.pay
    if not isinstance(pay, ProposerPay):
        return ""
    before, after = pay.before, pay.after
    changes = []
    if pay.mark or before.evidence or after.evidence:
        changes.append(f"mark {pay.mark}, evidence {before.evidence} to {after.evidence}")
    if pay.contribution or before.average or after.average:
        changes.append(f"contributed {pay.contribution}, average {before.average} to {after.average}")
    return f" ({'; '.join(changes)})" if changes else ""


def _happened(reason: Reason) -> str:
    """Return what the member did and what the round made of it."""
    high, low = max(reason.yes, reason.no), min(reason.yes, reason.no)
    match reason.why:
        case Why.PROPOSED_ACCEPTED | Why.PROPOSED_REJECTED:
            return f"{reason.why.value} {high} to {low}" if high else f"{reason.why.value}, nobody judges"
        case Why.VOTED_WITH | Why.VOTED_AGAINST:
            return f"{reason.why.value}, {high} to {low}"
        case Why.PART_OF_WINNER | Why.NOT_PART | Why.CONTRIBUTED | Why.OLD_MODEL_WON | Why.SCORED:
            return f"{reason.why.value}, judged by {reason.yes}"
        case Why.VOID_ROUND:
            return f"the round is void with {reason.yes + reason.no} votes"
        case Why.SILENT:
            return "drawn, but nothing came from it"
        case _:
            return reason.why.value
