"""The ranges of a task's parameters."""

from collections.abc import Iterable

from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.rules.candidates import MARK_BITS, MAX_PROPOSERS
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.types import CandidateTerms, TaskParams

MAX_COMMITTEE = 1024
MAX_ROUNDS = 65_535
MAX_TIMEOUT_S = 30 * 86_400
"""Seconds that each of a task's times can be at most: what a creator can make members wait."""
MAX_GRACE_S = 65_535
"""Seconds that who is late can be given beyond a quorum."""


def require_params(params: TaskParams) -> None:
    """Refuse the first parameter that is out of its range, by the contract's name for it.

    Raises
    ------
    BadParameter
    """
    committee = params.proposers + params.voters
    checks = (
        ("relayer", 0, params.relayer != ZERO_ADDRESS),
        ("rounds", params.rounds, 0 < params.rounds <= MAX_ROUNDS),
        ("proposers", params.proposers, params.proposers > 0),
        ("proposers + voters", committee, committee <= MAX_COMMITTEE),
        ("slashBps", params.slash_bps, params.slash_bps <= BPS),
        ("slashGwei", params.slash_gwei, params.slash_gwei <= MAX_BALANCE_GWEI),
        ("absenceBps", params.absence_bps, params.absence_bps <= BPS),
        ("bountyBps", params.bounty_bps, params.bounty_bps <= BPS),
        ("toleranceBps", params.tolerance_bps, params.tolerance_bps <= BPS),
        ("minStakeGwei", params.min_stake_gwei, 0 < params.min_stake_gwei <= MAX_BALANCE_GWEI),
        ("registrationS", params.registration_s, 0 < params.registration_s <= MAX_TIMEOUT_S),
        ("leaderS", params.leader_s, 0 < params.leader_s <= MAX_TIMEOUT_S),
        ("proposeS", params.propose_s, 0 < params.propose_s <= MAX_TIMEOUT_S),
        ("commitS", params.commit_s, 0 < params.commit_s <= MAX_TIMEOUT_S),
        ("revealS", params.reveal_s, 0 < params.reveal_s <= MAX_TIMEOUT_S),
        ("evidenceS", params.evidence_s, 0 < params.evidence_s <= MAX_TIMEOUT_S),
        ("quorum", params.quorum, 0 < params.quorum <= params.proposers),
    )
    _require(checks)


def require_terms(params: TaskParams, terms: CandidateTerms) -> None:
    """Refuse the first thing that is out of its range where candidates are judged; raises `BadParameter`.

    Call it after `require_params`.
    """
    checks = (
        ("proposers", params.proposers, params.proposers <= MAX_PROPOSERS),
        ("voters", params.voters, 0 < params.voters <= MAX_PROPOSERS),
        ("overrideBps", terms.override_bps, terms.override_bps <= BPS),
        ("convictBps", terms.convict_bps, terms.convict_bps <= BPS),
        ("suspectAt", terms.suspect_at, 0 < terms.suspect_at <= MARK_BITS),
        ("offset", terms.offset, terms.offset <= MARK_BITS),
        ("escrowBps", terms.escrow_bps, terms.escrow_bps <= BPS),
    )
    _require(checks)


def _require(checks: Iterable[tuple[str, int, bool]]) -> None:
    for name, given, holds in checks:
        if not holds:
            raise BadParameter(name, given)
