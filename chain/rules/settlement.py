"""What a round pays and takes, member by member, in whole gwei, and the reason of each line.

Everything is computed from the balances before the settlement. Payouts and slashes round down; what rounding leaves
stays in the pool, so that balances + pool + bounty never change in sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fl_alliance.chain.rules.consensus import BPS, Outcome, outcome
from fl_alliance.chain.types import Standing, TaskParams

MAX_BALANCE_GWEI = 2**51 - 1
"""A member's balance at most, 2.25 million FML: five fit one word on chain."""


class Why(StrEnum):
    """Why a line pays or takes what it does."""

    PROPOSED_ACCEPTED = "proposed, accepted"
    PROPOSED_REJECTED = "proposed, rejected"
    VOTED_WITH = "voted with the outcome"
    VOTED_AGAINST = "voted against the outcome"
    WITHHELD_VOTE = "committed a vote and withheld it"
    VOTED_LATE = "voted after a late commitment"
    SILENT = "drawn and silent"
    VOID_ROUND = "round void"
    ABSENT_LEADER = "let its turn to lead pass"
    EQUIVOCATED = "signed two different messages for one round"


@dataclass(frozen=True, slots=True)
class Reason:
    """The rule behind one line, with every number that its amount follows from.

    Attributes
    ----------
    why : Why
    yes, no : int
        Revealed votes of the round.
    reward_gwei : int
        What the round pays in all.
    balance_gwei : int
        The member's balance before.
    winners_gwei : int
        Sum of the winners' balances before, 0 where nobody wins.
    rate_bps : int
        Share of the balance that is lost, 0 where nothing is.
    """

    why: Why
    yes: int = 0
    no: int = 0
    reward_gwei: int = 0
    balance_gwei: int = 0
    winners_gwei: int = 0
    rate_bps: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One member's line of a settlement or penalty; `delta_gwei` is what its balance changes by."""

    member: int
    standing: Standing
    delta_gwei: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settled round: its outcome, a line for every member with a role, and where the rest went.

    `bounty_gwei` goes to whoever settled; `pool_gwei` is the pool afterwards.
    """

    outcome: Outcome
    yes: int
    no: int
    reward_gwei: int
    lines: tuple[Line, ...]
    bounty_gwei: int
    pool_gwei: int


def slash_amount(balance_gwei: int, rate_bps: int) -> int:
    """Return what a member loses, in gwei, rounded down so that it never exceeds its balance."""
    return balance_gwei * rate_bps // BPS


def round_reward(pool_gwei: int, rounds_left: int) -> int:
    """Return what this round can pay: an even share of the pool over the rounds left, this one included."""
    return pool_gwei // rounds_left


def settle(
    params: TaskParams,
    pool_gwei: int,
    rounds_left: int,
    balances: Mapping[int, int],
    standings: Mapping[int, Standing],
) -> Settlement:
    """Settle a round by majority.

    Parameters
    ----------
    pool_gwei : int
        The task's pool before.
    rounds_left : int
        Rounds not yet settled or void, this one included.
    balances : mapping of int to int
        Balance of each member with a role, in gwei, before.
    standings : mapping of int to Standing
        The role of each drawn member and what it did with it.

    Returns
    -------
    Settlement
        Winners share the reward by balance, up to `MAX_BALANCE_GWEI` each: those who proposed if the candidate is
        accepted, and the voters of the winning side. Losers, and voters known to have committed a vote that they did
        not reveal, lose `slash_bps` of their balance. In a void round only the latter lose. Silence costs nothing: it
        is how broken infrastructure looks. Late votes count, but neither earn nor lose, since their voters may have
        seen others'.
    """
    held = list(standings.values())
    yes, no = sum(standing.is_yes for standing in held), sum(standing.is_no for standing in held)
    result = outcome(yes, no, params.voters)
    whys = {member: _why(result, standing) for member, standing in sorted(standings.items())}
    winners = sum(balances[member] for member, why in whys.items() if why in _WINS)
    reward = 0 if result is Outcome.VOID else round_reward(pool_gwei, rounds_left)
    lines = []
    for member, why in whys.items():
        rate = params.slash_bps if why in _LOSES else 0
        reason = Reason(why, yes, no, reward, balances[member], winners, rate)
        lines.append(Line(member, standings[member], _delta(reason), reason))
    taken = -sum(line.delta_gwei for line in lines if line.delta_gwei < 0)
    paid = sum(line.delta_gwei for line in lines if line.delta_gwei > 0)
    bounty = slash_amount(taken, params.bounty_bps)
    return Settlement(result, yes, no, reward, tuple(lines), bounty, pool_gwei - paid + taken - bounty)


_WINS = frozenset({Why.PROPOSED_ACCEPTED, Why.VOTED_WITH})
_LOSES = frozenset({Why.PROPOSED_REJECTED, Why.VOTED_AGAINST, Why.WITHHELD_VOTE})


_ALWAYS = {
    Standing.WITHHELD: Why.WITHHELD_VOTE,
    Standing.COMMITTED: Why.WITHHELD_VOTE,
    Standing.SILENT_PROPOSER: Why.SILENT,
    Standing.SILENT_VOTER: Why.SILENT,
    Standing.LATE: Why.SILENT,
    Standing.LATE_YES: Why.VOTED_LATE,
    Standing.LATE_NO: Why.VOTED_LATE,
}


def _why(result: Outcome, standing: Standing) -> Why:
    if standing in _ALWAYS:
        return _ALWAYS[standing]
    if result is Outcome.VOID:
        return Why.VOID_ROUND
    if standing is Standing.PROPOSED:
        return Why.PROPOSED_ACCEPTED if result is Outcome.ACCEPTED else Why.PROPOSED_REJECTED
    with_outcome = (standing is Standing.VOTED_YES) == (result is Outcome.ACCEPTED)
    return Why.VOTED_WITH if with_outcome else Why.VOTED_AGAINST


def _delta(reason: Reason) -> int:
    if reason.why in _WINS:
        if not reason.winners_gwei:
            return 0  # winners without any balance: nothing to share by
        share = reason.reward_gwei * reason.balance_gwei // reason.winners_gwei
        return min(share, MAX_BALANCE_GWEI - reason.balance_gwei)
    return -slash_amount(reason.balance_gwei, reason.rate_bps)
