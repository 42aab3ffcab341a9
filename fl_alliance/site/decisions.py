"""Decisions of a site, as they stand in its log, and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass

from fl_alliance.site.hours import Hours

ALLOWED, REFUSED, FAILED = "allowed", "refused", "failed"
VERDICTS = (ALLOWED, REFUSED, FAILED)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one request.

    Attributes
    ----------
    at : int
        Unix seconds.
    site : str
        Whose: the hospital's address, or a simulated site's number.
    kind, task : str
    round : int
        See `Request`.
    verdict : str
        `allowed`: an answer left, or was about to when the machine stopped. `refused` by the policy. `failed`: the node
        could not answer, or would not by its own rules. Of the last two a fixed error without a word of the site left.
    reason : str
        In words, empty where allowed.
    bytes : int
        Of the answer's content; 0 where none left.
    digest : str
        sha256 in hex of the answer's content.
    statement : str
        In hex, what the answer signs and the chain may show: an update's digest, a vote's commitment.
    epsilon : float
        Noise on the vote's scores: what of the budget they spend, if they were not said before.
    policy : str
        sha256 in hex of the policy file.
    """

    at: int
    site: str
    kind: str
    task: str
    round: int
    verdict: str
    reason: str
    bytes: int
    digest: str
    statement: str
    epsilon: float
    policy: str


def bytes_of_task(decisions: Sequence[Decision], task: str) -> int:
    """Return how many bytes left for a task."""
    return sum(each.bytes for each in decisions if each.task == task)


def bytes_of_day(decisions: Sequence[Decision], hours: Hours, at: float) -> int:
    """Return how many bytes left on the day that it is at the site, by its own clock."""
    day = hours.day(at)
    return sum(each.bytes for each in decisions if abs(each.at - at) < 172_800 and hours.day(each.at) == day)
