"""The replay: every event of a market is what the rules make of the state before it, or it is a finding.

An event that somebody's decision leaves is taken at its word for what was decided (who stakes how much, which digest,
which scores) and, where the transaction calls the contract itself, compared with the calldata. Everything else in it,
and every event that must follow, is computed; so is what must not have happened at all.
"""

from collections.abc import Callable, Iterable
from functools import partial

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import (
    alliances,
    ballots,
    brakes,
    claims,
    dao_terms,
    delegators,
    executions,
    finishing,
    locks,
    money,
    proposals,
    releases,
    roles,
    scoring,
    settling,
    stakes,
    submissions,
)
from fl_alliance.audit.market.alliance_books import alliance_of
from fl_alliance.audit.market.constructions import settings_of
from fl_alliance.audit.market.dao_books import DaoBooks
from fl_alliance.audit.market.emission import EmissionBooks
from fl_alliance.audit.market.polls import LockBooks, PollBooks
from fl_alliance.audit.market.step import Addresses, Books, Step
from fl_alliance.audit.market.taken import Reading, Taken, calls_of, told
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    BRAKE,
    DAO,
    EMISSION,
    GAUGES,
    POOLS,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
)

Handler = Callable[[Step], None]
_ROLE_CALLS = ("grantRole", "revokeRole", "renounceRole")

_HANDLERS: dict[tuple[str, str], Handler] = {
    (ARENA, "TaskCreated"): stakes.created,
    (ARENA, "TaskCancelled"): stakes.cancelled,
    (ARENA, "KeyRegistered"): stakes.staked,
    (ARENA, "Staked"): stakes.staked,
    (ARENA, "PoolOpened"): stakes.pool_opened,
    (ARENA, "Unlocked"): stakes.unlocked,
    (ARENA, "MinCreatorStakeSet"): stakes.minimum_set,
    (ARENA, "LimitsSet"): stakes.limits_set,
    (ARENA, "DelegationChanged"): delegators.reported,
    (ARENA, "SubmissionCommitted"): submissions.committed,
    (ARENA, "CopyRefused"): submissions.revealed,
    (ARENA, "SubmissionRevealed"): submissions.revealed,
    (ARENA, "DatasetBRevealed"): submissions.dataset_revealed,
    (ARENA, "FinalEntered"): submissions.final_entered,
    (ARENA, "ScoresCommitted"): scoring.committed,
    (ARENA, "ScoresRevealed"): scoring.revealed,
    (ARENA, "SubmissionSettled"): settling.settled,
    (ARENA, "Slashed"): settling.settled,
    (ARENA, "ShareFixed"): finishing.finished,
    (ARENA, "DayFinished"): finishing.finished,
    (ARENA, "Claimed"): claims.claimed,
    (ALLIANCE_MARKET, "PoolOpened"): alliances.pool_opened,
    (ALLIANCE_MARKET, "DelegationCounted"): alliances.reported,
    (ALLIANCE_MARKET, "AcceptanceNoted"): alliances.noted,
    (ALLIANCE_MARKET, "RewardClaimed"): alliances.claimed,
    (EMISSION, "TaskVerified"): releases.verified,
    (EMISSION, "TaskUnverified"): releases.unverified,
    (EMISSION, "TaskSynced"): releases.synced,
    (EMISSION, "ScheduleLowered"): releases.lowered,
    (EMISSION, "PowerSet"): releases.power_set,
    (EMISSION, "TaskWeighed"): releases.weighed,
    (EMISSION, "BrakeSet"): brakes.wired,
    (EMISSION, "DayClosed"): releases.closed,
    (EMISSION, "ShareDrawn"): releases.drawn,
    (EMISSION, "DayLapsed"): releases.lapsed,
    (BRAKE, "Paused"): brakes.paused,
    (BRAKE, "Resumed"): brakes.resumed,
    (BRAKE, "GuardianSet"): brakes.guardian_set,
    (VOTES, "DelegateChanged"): locks.delegated,
    (VOTES, "DelegateVotesChanged"): locks.asked,
    (VOTES, "Locked"): locks.asked,
    (VOTES, "UnlockRequested"): locks.asked,
    (VOTES, "Withdrawn"): locks.withdrawn,
    (VOTES, "UnlockDelaySet"): locks.delay_set,
    (GAUGES, "TermsSet"): ballots.terms_set,
    (GAUGES, "Voted"): ballots.voted,
    (GAUGES, "Weighed"): ballots.weighed,
    (GAUGES, "ModelPaid"): ballots.paid,
    (GAUGES, "Withdrawn"): ballots.withdrawn,
    (POOLS, "Transfer"): delegators.shares_moved,
    (POOLS, "RedeemRequested"): delegators.requested,
    (POOLS, "SigmaSet"): delegators.sigma_set,
    (POOLS, "Slashed"): settling.settled,
    (TOKEN, "Transfer"): money.moved,
    (DAO, "ProposalCreated"): proposals.made,
    (DAO, "Appeared"): proposals.appeared,
    (DAO, "VoteCast"): proposals.voted,
    (DAO, "VoteCastWithParams"): proposals.voted,
    (DAO, "ProposalCanceled"): proposals.canceled,
    (DAO, "StakeSettled"): proposals.settled,
    (TREASURY, "Rewarded"): proposals.settled,
    (DAO, "ProposalQueued"): executions.queued,
    (TIMELOCK, "CallScheduled"): executions.queued,
    (TIMELOCK, "CallExecuted"): executions.called,
    (DAO, "ProposalExecuted"): executions.executed,
    (TREASURY, "Spent"): executions.spent,
    **dao_terms.HANDLERS,
    **{(source, "RoleGranted"): roles.granted for source in roles.ROLES},
    **{(source, "RoleRevoked"): roles.revoked for source in roles.ROLES},
}
"""What takes an event, by contract and name, where that is the first that a step leaves."""
_UNTOLD = frozenset({(POOLS, "Approval")})
"""Events that change nothing in the books."""
_LOUD: dict[str, frozenset[str]] = {
    ARENA: frozenset(
        {
            "createTask",
            "cancel",
            "stake",
            "openPool",
            "unlock",
            "claim",
            "commitSubmission",
            "revealSubmission",
            "commitScores",
            "revealScores",
            "finishDay",
            "revealDatasetB",
            "setMinCreatorStake",
            "setLimits",
        }
    ),
    ALLIANCE_MARKET: frozenset({"openPool"}),
    EMISSION: frozenset({"closeDay", "draw", "verify", "unverify", "lower", "setPower", "setBrake"}),
    BRAKE: frozenset({"pause", "resume", "setGuardian"}),
    VOTES: frozenset({"lock", "requestUnlock", "withdraw", "setUnlockDelay", "delegate", "delegateBySig"}),
    GAUGES: frozenset({"vote", "weigh", "pay", "setTerms", "withdraw"}),
    POOLS: frozenset({"deposit", "mint", "redeem", "withdraw", "requestRedeem", "setSigma", "report"}),
    TOKEN: frozenset({"transfer", "transferFrom", "burn"}),
    DAO: frozenset(
        {
            "propose",
            "appear",
            "castVote",
            "castVoteWithReason",
            "castVoteWithReasonAndParams",
            "castVoteBySig",
            "castVoteWithReasonAndParamsBySig",
            "queue",
            "execute",
            "cancel",
            "settleStake",
            "setVotingDelay",
            "setVotingPeriod",
            "setLateQuorumVoteExtension",
            "setProposalThreshold",
            "updateQuorumNumerator",
            "setReviewTerms",
            "updateTimelock",
        }
    ),
    TIMELOCK: frozenset({"schedule", "scheduleBatch", "execute", "executeBatch", "cancel", "updateDelay"}),
    TREASURY: frozenset({"spend"}),
}
"""Functions that leave an event whenever they succeed."""

_QUIET: dict[str, Callable[..., None]] = {
    "note": alliances.note_left_nothing,
    "claim": alliances.claim_left_nothing,
}
"""Functions of the Alliance's market that leave no event where nothing was due."""


class Replay:
    """A market's books, taken from transaction to transaction."""

    def __init__(self, addresses: Addresses) -> None:
        emission, least = EmissionBooks(addresses.start_at), addresses.min_creator_stake_wei
        self.books = Books(addresses, emission, alliance_of(addresses), min_creator_stake_wei=least)
        if addresses.votes is not None:
            self.books.lock = lock = LockBooks(addresses.votes)
            self.books.polls = None if addresses.polls is None else PollBooks(addresses.polls, lock)
            if addresses.dao is not None:
                self.books.dao = DaoBooks(addresses.dao, lock, answers=dict(addresses.dao.answers))

    def take_all(self, transactions: Iterable[Taken]) -> None:
        """Replay a whole chain; raises as `take`."""
        for taken in transactions:
            self.take(taken)

    def take(self, taken: Taken) -> None:
        """Replay one transaction.

        Raises
        ------
        DoesNotHold
            The first thing that the chain says and the rules do not, with block, transaction and both.
        """
        reading = self._reading(taken)
        step = Step(self.books, reading)
        funded = self._follow_alliance(taken)
        while (event := reading.peek()) is not None:
            reading.step = event.name
            if (event.source, event.name) in _UNTOLD:
                reading.at += 1
                continue
            handler = _HANDLERS.get((event.source, event.name))
            before = reading.progress
            if handler is not None:
                _handle(handler, step)
            if reading.progress == before:
                raise DoesNotHold(reading.where, f"the chain says {told(event)}, which follows from nothing")
        self._finish_calls(step)
        self._compare_funded(taken, funded)
        money.conserve(self.books, reading)
        self.books.counts.transactions += 1
        self.books.counts.events += len(taken.events)

    def _follow_alliance(self, taken: Taken) -> list[tuple[int, int]]:
        """Let the Alliance's model take a transaction; return what the market paid into its tasks' pools in it."""
        alliance = self.books.alliance
        if alliance is None:
            return []
        alliance.funded.clear()
        return alliances.follow(alliance, taken.steps, taken.where)

    def _compare_funded(self, taken: Taken, found: list[tuple[int, int]]) -> None:
        needed = [] if self.books.alliance is None else self.books.alliance.funded
        if found != needed:
            raise DoesNotHold(taken.where, f"the market funds tasks with gwei {found}, the rules give {needed}")

    def _reading(self, taken: Taken) -> Reading:
        if taken.to is None:
            return Reading(taken, *settings_of(taken))
        source = self.books.source(taken.to)
        calls = calls_of(taken, source) if source else []
        return Reading(taken, source, [*calls, *executions.calls_of_proposals(taken, self.books)])

    def _finish_calls(self, step: Step) -> None:
        """Settle what leaves no event, and refuse calls that must have left one."""
        reading = step.reading
        reading.step = ""
        while any((call.source, call.name) == (ARENA, "settle") for call in reading.calls):
            _handle(settling.settled, step)
        for call in reading.calls:
            if call.source == ALLIANCE_MARKET and call.name in _QUIET:
                _handle(partial(_QUIET[call.name], values=call.first(len(call.args))), step)
        for call in reading.calls:
            if call.source in roles.ROLES and call.name in _ROLE_CALLS:
                roles.left_nothing(step, call)
            if call.name in _LOUD.get(call.source, ()):
                raise DoesNotHold(reading.where, f"the call of {call.name} left no event that the rules give")


def _handle(handler: Handler, step: Step) -> None:
    try:
        handler(step)
    except UNREADABLE as refusal:
        where = step.reading.where
        raise DoesNotHold(where, f"the chain took this, the rules refuse it: {refusal!r}") from refusal
