"""What a coordinator is told when a node cannot answer: nothing that may quote a patient.

Flower sends the text of an app's exception to the SuperLink, and from there to the ServerApp and its logs. An exception
of numpy, of a parser, of a workload can hold a reading, a name, a path. So the text stays in the site's own log, and
what leaves is a fixed sentence; only refusals that are about the coordinator's own message leave as they are.
"""

import logging
from contextlib import suppress
from pathlib import Path

from flwr.app import Context, Message

from fl_alliance.deployment.approval import NotApproved
from fl_alliance.deployment.memory import Answer
from fl_alliance.deployment.terms import NotAgreed
from fl_alliance.dp.errors import BudgetSpent, UnknownData
from fl_alliance.journal import AlreadySaid
from fl_alliance.strategies.errors import BadReply

_ABOUT_THE_REQUEST = (NotAgreed, NotApproved, AlreadySaid, BadReply, BudgetSpent, UnknownData)
"""Their messages hold what was asked, what was agreed to and how much of it is spent; nothing of the site's data."""


_FAILED = "failed"
"""The file in the site's home that is written anew whenever a message could not be answered; it holds its type."""


class SiteFailed(RuntimeError):
    """The site could not answer, and says no more than that."""

    def __init__(self) -> None:
        super().__init__("the site could not answer; its own log says why")


class Failures:
    """What `join` sees of messages that its node could not answer: that there are some, and not what failed.

    Parameters
    ----------
    home : Path
        The site's folder; what failed before is not told again.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / _FAILED
        self._seen_ns = self._written_ns()

    def is_new(self) -> bool:
        """Return whether another one failed since this was asked last."""
        before, self._seen_ns = self._seen_ns, self._written_ns()
        return self._seen_ns != before

    def _written_ns(self) -> int:
        return self._path.stat().st_mtime_ns if self._path.is_file() else 0


def discreet(message: Message, context: Context, answer: Answer, home: Path) -> Message:
    """Answer, or fail without a word of what failed; `home` is the site's folder, where `Failures` looks.

    Raises
    ------
    NotAgreed, NotApproved, AlreadySaid, BadReply, BudgetSpent, UnknownData
        The request itself is refused.
    SiteFailed
        Anything else went wrong.
    """
    try:
        return answer(message, context)
    except _ABOUT_THE_REQUEST:
        raise
    except Exception:
        logging.getLogger("flwr").exception("a %s message could not be answered", message.metadata.message_type)
        with suppress(OSError):  # whose text would leave with the place of the site's folder in it
            (home / _FAILED).write_text(message.metadata.message_type)
    raise SiteFailed
