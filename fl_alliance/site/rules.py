"""The rules of a policy: each takes what is asked and what is known, and says which of them is not met."""

from collections.abc import Callable, Sequence

from fl_alliance.site.decisions import Decision, bytes_of_day, bytes_of_task
from fl_alliance.site.policy import RESERVE_BYTES, Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import KINDS, SHORT, WORK, Facts, Request
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place


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
    if (reason := policy.privacy.refusal(facts)) is not None:
        return reason
    if facts.asks_contributions and not policy.contributions:
        return Reason.CONTRIBUTIONS
    return None


def refusal_to_join(policy: Policy, place: Place, code: str, config: str, facts: Facts | None = None) -> Reason | None:
    """Ask whether a task can be joined at all, by what its chain says of it, and by its settings where known."""
    if (reason := of_task(policy, Request(wire.JOIN, place))) is not None:
        return reason
    if policy.code is not None and code not in policy.code:
        return Reason.CODE
    if policy.config is not None and config not in policy.config:
        return Reason.CONFIG
    return of_site(policy, Request(wire.JOIN, place), facts) if facts is not None else None


def before_work(
    policy: Policy,
    now: float,
    examples: Callable[[], int],
    patients: Callable[[], int],
    members: Callable[[int], int],
) -> Reason | None:
    """Ask whether the site works now, for so many members, with so much data of so many patients."""
    if not policy.hours.are_open(now):
        return Reason.HOURS
    if members(policy.least_members) < policy.least_members:
        return Reason.MEMBERS
    if examples() < policy.least_examples:
        return Reason.EXAMPLES
    if policy.least_patients and patients() < policy.least_patients:
        return Reason.PATIENTS
    return None


def beyond_caps(
    policy: Policy, request: Request, decisions: Sequence[Decision], now: float, size: int
) -> Reason | None:
    """Ask whether an answer of `size` bytes may still leave.

    Training and voting leave `RESERVE_BYTES` for the short answers that follow them.
    """
    caps, reserve = policy.egress, 0 if request.kind in SHORT else RESERVE_BYTES
    if size > caps.message:
        return Reason.MESSAGE
    if bytes_of_task(decisions, request.task) + size + reserve > caps.task:
        return Reason.TASK_BYTES
    if bytes_of_day(decisions, policy.hours, now) + size + reserve > caps.day:
        return Reason.DAY
    return None
