"""The rules of a policy: each takes what is asked and what is known, and says which of them is not met."""

from collections.abc import Callable, Sequence

from fl_alliance.site.decisions import Decision, bytes_of_day, bytes_of_task, epsilon_spent
from fl_alliance.site.policy import RESERVE_BYTES, Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import EVALUATE, KINDS, SHORT, WORK, Facts, Request
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place

_SLACK = 1e-9
"""For what two ways of adding the same floats differ by."""


def of_task(policy: Policy, request: Request) -> Reason | None:
    """Ask whether this is a request of a kind and task that the policy knows."""
    if request.kind not in KINDS:
        return Reason.KIND
    if policy.tasks is None:
        return None
    place = request.place
    if place is None:
        return Reason.TASK
    where = (place.domain.chain_id, place.domain.contract.lower())
    for each in policy.tasks:
        if (each.chain_id, each.contract) == where and (each.numbers is None or place.task in each.numbers):
            return None
    return Reason.TASK


def of_site(policy: Policy, request: Request, facts: Facts) -> Reason | None:
    """Ask whether code, settings and privacy are such as the policy wants; of what goes on already, only the first."""
    if policy.code is not None and facts.code not in policy.code:
        return Reason.CODE
    if policy.config is not None and facts.config not in policy.config:
        return Reason.CONFIG
    if request.kind not in (*WORK, wire.JOIN):
        return None
    if policy.score_epsilon is not None and not 0 < facts.score_epsilon <= policy.score_epsilon:
        return Reason.SCORES
    if facts.asks_contributions and not policy.contributions:
        return Reason.CONTRIBUTIONS
    return None


def refusal_to_join(policy: Policy, place: Place, code: str, config: str) -> Reason | None:
    """Ask whether a task can be joined at all, by what its chain says of it."""
    if (reason := of_task(policy, Request(wire.JOIN, place))) is not None:
        return reason
    if policy.code is not None and code not in policy.code:
        return Reason.CODE
    return Reason.CONFIG if policy.config is not None and config not in policy.config else None


def before_work(policy: Policy, now: float, examples: Callable[[], int], members: Callable[[], int]) -> Reason | None:
    """Ask whether the site works now, for so many members, with so much data."""
    if not policy.hours.are_open(now):
        return Reason.HOURS
    if members() < policy.least_members:
        return Reason.MEMBERS
    if examples() < policy.least_examples:
        return Reason.EXAMPLES
    return None


def beyond_caps(
    policy: Policy,
    request: Request,
    decisions: Sequence[Decision],
    now: float,
    size: int,
    epsilon: float,
    statement: str = "",
) -> Reason | None:
    """Ask whether an answer of `size` bytes that spends `epsilon` may still leave.

    Training and voting leave `RESERVE_BYTES` for the short answers that follow them.
    """
    caps, reserve = policy.egress, 0 if request.kind in SHORT else RESERVE_BYTES
    if size > caps.message:
        return Reason.MESSAGE
    if bytes_of_task(decisions, request.task) + size + reserve > caps.task:
        return Reason.TASK_BYTES
    if bytes_of_day(decisions, policy.hours, now) + size + reserve > caps.day:
        return Reason.DAY
    if policy.lifetime_epsilon is None or request.kind != EVALUATE:
        return None
    is_said = any(
        each.epsilon and each.statement == statement and (each.task, each.round) == (request.task, request.round)
        for each in decisions
    )
    # Before the vote is known it may be one that was said before, after a resume: only then is there nothing to spend.
    would = epsilon_spent(decisions) + (0.0 if is_said or (not statement and _voted(decisions, request)) else epsilon)
    return Reason.BUDGET if would > policy.lifetime_epsilon * (1 + _SLACK) else None


def _voted(decisions: Sequence[Decision], request: Request) -> bool:
    return any(each.epsilon and (each.task, each.round) == (request.task, request.round) for each in decisions)
