"""A policy, and decisions under it, in plain words."""

from collections.abc import Iterator
from datetime import UTC, datetime

from fl_alliance.site.decisions import ALLOWED, Decision
from fl_alliance.site.log import Entry, Torn
from fl_alliance.site.outlet import NUM_EXAMPLES, Told
from fl_alliance.site.policy import RESERVE_BYTES, Policy

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def told(policy: Policy) -> Iterator[str]:
    """Yield what a policy allows, a line each."""
    yield from _tasks(policy)
    yield f"code: {_listed(policy.code)}; settings: {_listed(policy.config)}"
    yield (
        f"with at least {policy.least_examples} training examples of {policy.least_patients} patients here and "
        f"{policy.least_members} members in the task"
    )
    yield "; ".join(policy.privacy.told())
    hours = "; ".join(map(str, policy.hours.openings)) or "always"
    yield f"trains and votes: {hours} ({policy.hours.zone}); ends at any hour what it has begun"
    caps = policy.egress
    yield (
        f"at most {size(caps.message)} leave in one answer, {size(caps.day)} on a day, {size(caps.task)} for a task; "
        f"the last {size(RESERVE_BYTES)} only to end what was begun"
    )
    yield from _figures(policy)
    yield f"decisions are written to {policy.log}"


def entry_line(number: int, entry: Entry) -> str:
    """Return one line of a log in words."""
    if isinstance(entry, Torn):
        return f"{number:>6}  a line of {entry.bytes} bytes was torn by a stop; sha256 {entry.sha256[:16]}..."
    return f"{number:>6}  {_moment(entry.at)}  {entry.site}  {_decided(entry)}"


def size(count: int) -> str:
    """Return a number of bytes in the largest unit of which there is one."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count} bytes"


def _decided(entry: Decision) -> str:
    what = f"{entry.kind} in round {entry.round} of task {entry.task or '(none)'}: {entry.verdict}"
    if entry.verdict != ALLOWED:
        return f"{what}, {entry.reason}"
    said = f", says {entry.statement[:16]}..." if entry.statement else ""
    spent = f", spends epsilon {entry.epsilon:g}" if entry.epsilon else ""
    return f"{what}, {entry.bytes} bytes, sha256 {entry.digest[:16]}...{said}{spent}"


def _moment(at: int) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"
    except (ValueError, OverflowError, OSError):
        return f"second {at}"


def _tasks(policy: Policy) -> Iterator[str]:
    if policy.tasks is None:
        yield "any task of any contract on any chain"
    elif not policy.tasks:
        yield "no task at all: `tasks` is empty"
    else:
        for each in policy.tasks:
            numbers = "all tasks" if each.numbers is None else f"tasks {', '.join(map(str, sorted(each.numbers)))}"
            yield f"{numbers} of contract {each.contract} on chain {each.chain_id}"


def _listed(digests: frozenset[str] | None) -> str:
    if digests is None:
        return "any"
    return " or ".join(f"{digest[:16]}..." for digest in sorted(digests)) or "none: the list is empty"


def _figures(policy: Policy) -> Iterator[str]:
    metrics = policy.outlet.metrics
    if not metrics:
        yield "no metric leaves"
    for name, told_as in sorted(metrics.items()):
        yield f"metric {name} leaves, {_as(told_as)}"
    if NUM_EXAMPLES not in metrics:
        yield f"{NUM_EXAMPLES} is told as 1, so this site weighs as little as one example"
    shares = "and what updates contributed" if policy.contributions else "and never what updates contributed"
    yield f"a vote says of each model its loss or score, {_as(policy.outlet.votes)}, {shares}"


def _as(told_as: Told) -> str:
    digits = told_as.digits
    step = f"{digits} digits behind the point" if digits >= 0 else f"multiples of {10**-digits}"
    return f"clipped to {told_as.low:g}..{told_as.high:g} and rounded to {step}"
