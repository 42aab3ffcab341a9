"""What a coordinator is told when a node cannot answer: nothing that may quote a patient.

Flower sends the text of an app's exception to the SuperLink, and from there to the ServerApp and its logs. An exception
of numpy, of a parser, of a workload can hold a reading, a name, a path. So the text stays in the site's own log, and
what leaves is a fixed sentence; only refusals that are about the coordinator's own message leave as they are.
"""

import logging

from flwr.app import Context, Message

from fl_alliance.deployment.approval import NotApproved
from fl_alliance.deployment.memory import Answer
from fl_alliance.deployment.terms import NotAgreed
from fl_alliance.dp.errors import BudgetSpent, UnknownData
from fl_alliance.journal import AlreadySaid
from fl_alliance.strategies.errors import BadReply

_ABOUT_THE_REQUEST = (NotAgreed, NotApproved, AlreadySaid, BadReply, BudgetSpent, UnknownData)
"""Their messages hold what was asked, what was agreed to and how much of it is spent; nothing of the site's data."""


class SiteFailed(RuntimeError):
    """The site could not answer, and says no more than that."""

    def __init__(self) -> None:
        super().__init__("the site could not answer; its own log says why")


def discreet(message: Message, context: Context, answer: Answer) -> Message:
    """Answer, or fail without a word of what failed.

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
    raise SiteFailed
