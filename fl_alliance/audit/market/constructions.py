"""What a construction sets, as the calls that set the same later: its events must follow from its arguments."""

from collections.abc import Callable, Iterator
from typing import Any

from fl_alliance.audit.contracts import compiled
from fl_alliance.audit.market.roles import ADMIN
from fl_alliance.audit.market.taken import Call, Taken
from fl_alliance.chain.codec import constructor_args
from fl_alliance.chain.deploy import BRAKE, DAO, GAUGES, TIMELOCK, VOTES
from fl_alliance.chain.messages import checksum

Setting = tuple[str, tuple[Any, ...]]


def settings_of(taken: Taken) -> tuple[str, list[Call]]:
    """Return which of the DAO's contracts a transaction creates, and what its construction sets; nothing of others."""
    source, own = (taken.events[0].source, taken.events[0].address) if taken.events else ("", "")
    if source not in _SETTINGS or compiled(source).differs_at(taken.data) is not None:
        return "", []
    args = constructor_args(source, compiled(source).args(taken.data))
    return source, [Call(source, name, given, taken.sender) for name, given in _SETTINGS[source](own, *args)]


def _dao(own: str, votes: str, timelock: str, fml: str, terms: tuple[Any, ...]) -> Iterator[Setting]:
    del own, votes, fml
    review_s, vote_s, late_s, percent, review = terms
    yield "setVotingDelay", (review_s,)
    yield "setVotingPeriod", (vote_s,)
    yield "setProposalThreshold", (0,)
    yield "updateQuorumNumerator", (percent,)
    yield "setLateQuorumVoteExtension", (late_s,)
    yield "updateTimelock", (timelock,)
    yield "setReviewTerms", (review,)


def _timelock(own: str, delay_s: int, admin: str) -> Iterator[Setting]:
    yield "updateDelay", (delay_s,)
    for account in (own, checksum(admin)):
        yield "grantRole", (ADMIN, account)


def _last(setter: str) -> Callable[..., Iterator[Setting]]:
    """Return the setting of a construction's last argument."""

    def settings(*args: Any) -> Iterator[Setting]:
        yield setter, args[-1:]

    return settings


_SETTINGS: dict[str, Callable[..., Iterator[Setting]]] = {
    DAO: _dao,
    TIMELOCK: _timelock,
    VOTES: _last("setUnlockDelay"),
    GAUGES: _last("setTerms"),
    BRAKE: _last("setGuardian"),
}
