"""A line of the ledger in words: why a member was paid, slashed or left alone."""

from collections.abc import Iterable

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
        full = reason.balance_gwei + line.delta_gwei == MAX_BALANCE_GWEI
        most = ", up to the most that a member can hold" if full else ""
        return f"{what}: {share} of the round's reward {fml(reason.reward_gwei)} FML, by stake{most}"
    if why is Why.EQUIVOCATED:
        return f"{what}: lost its whole balance {fml(reason.balance_gwei)} FML"
    if reason.rate_bps:
        return f"{what}: lost {percent(reason.rate_bps, 10_000)} of its balance {fml(reason.balance_gwei)} FML"
    return f"{what}: neither paid nor slashed"


def by_member(lines: Iterable[Line]) -> tuple[dict[int, int], dict[int, str]]:
    """Return what each member's lines sum up to, in gwei, and why, one reason after another."""
    deltas: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    for line in lines:
        deltas[line.member] = deltas.get(line.member, 0) + line.delta_gwei
        reasons.setdefault(line.member, []).append(explain(line))
    return deltas, {member: "; ".join(texts) for member, texts in reasons.items()}


def _happened(reason: Reason) -> str:
    """Return what the member did and what the round made of it."""
    high, low = max(reason.yes, reason.no), min(reason.yes, reason.no)
    match reason.why:
        case Why.PROPOSED_ACCEPTED | Why.PROPOSED_REJECTED:
            return f"{reason.why.value} {high} to {low}" if high else f"{reason.why.value}, nobody judges"
        case Why.VOTED_WITH | Why.VOTED_AGAINST:
            return f"{reason.why.value}, {high} to {low}"
        case Why.VOID_ROUND:
            return f"the round is void with {reason.yes + reason.no} votes"
        case Why.SILENT:
            return "drawn, but nothing came from it"
        case _:
            return reason.why.value
