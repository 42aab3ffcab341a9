"""The most that a site's own policy lets be spent on its data, for as long as one message is answered under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from fl_alliance.dp.entries import Limit

BY_POLICY = "policy"

_ceiling: ContextVar[Limit | None] = ContextVar("ceiling", default=None)


@contextmanager
def under(epsilon: float | None, delta: float | None) -> Iterator[None]:
    """Let nothing be spent beyond epsilon at delta until the block ends; None: the policy says nothing of it."""
    limit = None if epsilon is None or delta is None else Limit(epsilon, delta, BY_POLICY)
    token = _ceiling.set(limit)
    try:
        yield
    finally:
        _ceiling.reset(token)


def ceiling() -> Limit | None:
    """Return the limit of the policy that holds now, None where it says none."""
    return _ceiling.get()
