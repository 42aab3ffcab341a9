"""What a round pays and takes, member by member, in whole gwei, and the reason of each line.

Everything is computed from the balances before the settlement. Payouts and slashes round down; what rounding leaves
stays in the pool, so that balances + pool + bounty never change in sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fl_alliance.chain.rules.consensus import BPS, Outcome, outcome
from fl_alliance.chain.rules.judgement import Judgement, ProposerPay, VoterPay
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
    LEFT_ACCUSED = "left with evidence against it"
    PART_OF_WINNER = "its proposal is part of the winner"
    NOT_PART = "its proposal is not part of the winner"
    CONTRIBUTED = "proposed"
    OLD_MODEL_WON = "proposed, the old model won"
    CONVICTED = "its proposal was convicted"
    CONVICTED_AGAIN = "its proposal was convicted once too often"
    SCORED = "scored the candidates"


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
    rate_bps, fixed_gwei : int
        Share of the balance that is lost, and what is lost on top; 0 where nothing is.
    escrow_gwei : int
        The escrow that is lost with it.
    pay : ProposerPay or VoterPay or None
        More numbers, where candidates were judged.
    """

    why: Why
    yes: int = 0
    no: int = 0
    reward_gwei: int = 0
    balance_gwei: int = 0
    winners_gwei: int = 0
    rate_bps: int = 0
    fixed_gwei: int = 0
    escrow_gwei: int = 0
    pay: ProposerPay | VoterPay | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One member's line of a settlement or penalty: what its balance changes by, and its escrow."""

    member: int
    standing: Standing
    delta_gwei: int
    reason: Reason
    escrow_gwei: int = 0

    @property
    def total_gwei(self) -> int:
        """What the member has more or less of, in balance and escrow together."""
        return self.delta_gwei + self.escrow_gwei


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settled round: its outcome, a line for every member with a role, and where the rest went.

    `bounty_gwei` goes to whoever settled; `pool_gwei` is the pool afterwards. Where candidates are judged, `yes` counts
    who revealed, and `judgement` says what they decided, unless the round is void.
    """

    outcome: Outcome
    yes: int
    no: int
    reward_gwei: int
    lines: tuple[Line, ...]
    bounty_gwei: int
    pool_gwei: int
    judgement: Judgement | None = None

    @property
    def paid_gwei(self) -> int:
        """What members gained, in balances and escrows."""
        return sum(line.total_gwei for line in self.lines if line.total_gwei > 0)

    @property
    def slashed_gwei(self) -> int:
        """What members lost, of balances and escrows."""
        return -sum(line.total_gwei for line in self.lines if line.total_gwei < 0)


def slash_amount(balance_gwei: int, rate_bps: int, fixed_gwei: int = 0) -> int:
    """Return what a member loses, in gwei: a share of its balance, rounded down, and a fixed amount, at most all."""
    return min(balance_gwei, balance_gwei * rate_bps // BPS + fixed_gwei)


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
        not reveal, lose `slash_bps` of their balance and `slash_gwei`, at most all they have. In a void round only the
        latter lose. Silence costs nothing: it is how broken infrastructure looks. Late votes count, but neither earn
        nor lose, since their voters may have seen others'.
    """
    held = list(standings.values())
    yes, no = sum(standing.is_yes for standing in held), sum(standing.is_no for standing in held)
    result = outcome(yes, no, params.voters)
    whys = {member: _why(result, standing) for member, standing in sorted(standings.items())}
    winners = sum(balances[member] for member, why in whys.items() if why in _WINS)
    reward = 0 if result is Outcome.VOID else round_reward(pool_gwei, rounds_left)
    lines = []
    for member, why in whys.items():
        rate, fixed = (params.slash_bps, params.slash_gwei) if why in _LOSES else (0, 0)
        reason = Reason(why, yes, no, reward, balances[member], winners, rate, fixed)
        lines.append(Line(member, standings[member], _delta(reason), reason))
    return balanced(params, pool_gwei, Settlement(result, yes, no, reward, tuple(lines), 0, 0))


def balanced(params: TaskParams, pool_gwei: int, draft: Settlement) -> Settlement:
    """Return a settlement with its bounty and, from the pool before, the pool afterwards."""
    bounty = slash_amount(draft.slashed_gwei, params.bounty_bps)
    return replace(draft, bounty_gwei=bounty, pool_gwei=pool_gwei - draft.paid_gwei + draft.slashed_gwei - bounty)


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
    return -slash_amount(reason.balance_gwei, reason.rate_bps, reason.fixed_gwei)
