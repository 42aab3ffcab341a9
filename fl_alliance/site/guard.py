"""A site's policy around every message: asked before the node answers, and again before the answer leaves.

What a coordinator sees of a refusal is one fixed error of Flower's, the same for every reason, without a word about the
site; it is what a strategy sees of any node that cannot answer, and nobody is slashed for it.
"""

import copy
import hashlib
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from flwr.app import ConfigRecord, Context, Error, Message
from flwr.common.constant import ErrorCode
from flwr.common.serde import recorddict_to_proto

from fl_alliance.deployment.terms import NotAgreed
from fl_alliance.dp.ceiling import under
from fl_alliance.dp.errors import BudgetSpent
from fl_alliance.journal import AlreadySaid
from fl_alliance.site.decisions import ALLOWED, FAILED, REFUSED, Decision
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.outlet import Outlet
from fl_alliance.site.policy import Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import EVALUATE, WORK, Facts, Request
from fl_alliance.site.rules import before_work, beyond_caps, of_site, of_task
from fl_alliance.strategies import wire

Answer = Callable[[Message, Context], Message]
REFUSAL, FAILURE = "refused by the site", "the site could not answer"
_STATEMENTS = ("update", "commitment")

_acting: "ContextVar[_Guard | None]" = ContextVar("acting", default=None)
"""What watches over the message that is being answered."""


class Withheld(PermissionError):
    """The policy does not let this answer leave; the node has to forget that it made one."""


@dataclass(frozen=True, slots=True)
class Station:
    """Where a site's policy and log are, and what the site knows of itself.

    Attributes
    ----------
    policy : Path
    log : Path or None
        None: where the policy says.
    name : str
        How the site is called in the log.
    facts : callable
        What it knows of the task; raises whatever settings that cannot be read raise.
    examples, patients, members : callable
        How many training examples it has, of how many patients (0 where nobody knows), and how many members the task,
        which is asked with the number that is needed.
    """

    policy: Path
    log: Path | None
    name: str
    facts: Callable[[], Facts]
    examples: Callable[[], int]
    patients: Callable[[], int]
    members: Callable[[int], int]


def guarded(station: Station, message: Message, context: Context, answer: Answer) -> Message:
    """Answer a message as far as the site's policy lets it; never raises for what is in a message."""
    try:
        policy = Policy.load(station.policy)
        return _Guard(station, policy, Request.of(message)).answer(message, context, answer)
    except Exception:
        logging.getLogger("flwr").exception("the site's policy, or its log, cannot be used; nothing leaves")
        return failed(message)


def released(message: Message, context: Context, answer: Answer) -> Message:
    """Answer, and let the answer go on where the policy lets it leave; the log has it on the disk by then.

    To be put inside of what keeps the node's state: an answer that never leaves was never given.

    Raises
    ------
    Withheld
        It does not leave; the context's state is what it was.
    """
    guard = _acting.get()
    if guard is None:
        return answer(message, context)
    before = copy.deepcopy(context.state)
    reply = answer(message, context)
    try:
        guard.release(reply)
    except Exception:
        context.state = before
        raise
    return reply


def outlet() -> Outlet | None:
    """Return what the figures of the message that is being answered have to pass; None where no policy holds."""
    guard = _acting.get()
    return guard.policy.outlet if guard is not None else None


def refused(message: Message) -> Message:
    """Return the answer to what the policy refuses."""
    return Message(Error(ErrorCode.MOD_FAILED_PRECONDITION, REFUSAL), reply_to=message)


def failed(message: Message) -> Message:
    """Return the answer of a node that cannot give one; what went wrong stays here."""
    return Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, FAILURE), reply_to=message)


class _Guard:
    """One message under one policy."""

    def __init__(self, station: Station, policy: Policy, request: Request) -> None:
        self.policy = policy
        self._station, self._request = station, request
        self._log = DecisionLog(station.log or policy.log)
        self._epsilon = 0.0

    def answer(self, message: Message, context: Context, answer: Answer) -> Message:
        """Ask the policy, then the node; note what became of it."""
        token = _acting.set(self)
        try:
            if (reason := self._before()) is not None:
                raise Withheld(reason)
            with under(self.policy.privacy.lifetime_epsilon, self.policy.privacy.delta):
                return answer(message, context)
        except Withheld as error:
            self._note(REFUSED, str(error))
            return refused(message)
        except (NotAgreed, AlreadySaid) as error:
            logging.getLogger("flwr").warning("refused: %s", error)
            self._note(REFUSED, Reason.TERMS)
            return refused(message)
        except BudgetSpent as error:
            logging.getLogger("flwr").warning("refused: %s", error)
            self._note(REFUSED, Reason.BUDGET)
            return refused(message)
        except Exception as error:
            logging.getLogger("flwr").exception("the node could not answer")
            self._note(FAILED, type(error).__name__)
            return failed(message)
        finally:
            _acting.reset(token)

    def _before(self) -> Reason | None:
        """Return which rule the request does not meet, as far as can be said before it is answered."""
        policy, request, station = self.policy, self._request, self._station
        if (reason := of_task(policy, request)) is not None:
            return reason
        facts = station.facts()
        if (reason := of_site(policy, request, facts)) is not None:
            return reason
        self._epsilon = facts.score_epsilon if request.kind == EVALUATE else 0.0
        known = (station.examples, station.patients, station.members)
        if request.kind in WORK and (reason := before_work(policy, time.time(), *known)) is not None:
            return reason
        with self._log.held() as writer:
            return beyond_caps(policy, request, writer.book.decisions, time.time(), 0)

    def release(self, reply: Message) -> None:
        """Write down that a reply leaves; raises `Withheld` where it may not."""
        if reply.has_error():
            raise RuntimeError("the node answered with an error")  # whose words stay here
        content: bytes = recorddict_to_proto(reply.content).SerializeToString(deterministic=True)
        statement = _statement(reply)
        with self._log.held() as writer:
            now, decisions, size = time.time(), writer.book.decisions, len(content)
            if (reason := beyond_caps(self.policy, self._request, decisions, now, size)) is not None:
                raise Withheld(reason)
            digest = hashlib.sha256(content).hexdigest()
            writer.append(self._decision(now, ALLOWED, "", size, digest, statement, self._epsilon))

    def _note(self, verdict: str, reason: str) -> None:
        with self._log.held() as writer:
            writer.append(self._decision(time.time(), verdict, reason))

    def _decision(
        self,
        now: float,
        verdict: str,
        reason: str,
        size: int = 0,
        digest: str = "",
        statement: str = "",
        epsilon: float = 0.0,
    ) -> Decision:
        request = self._request
        return Decision(
            at=int(now),
            site=self._station.name,
            kind=request.kind,
            task=request.task,
            round=request.round,
            verdict=verdict,
            reason=str(reason),
            bytes=size,
            digest=digest,
            statement=statement,
            epsilon=float(epsilon),
            policy=self.policy.digest,
        )


def _statement(reply: Message) -> str:
    """Return in hex what an answer signs and the chain may show; empty where it is nothing of the kind."""
    said = reply.content.config_records.get(wire.ALLIANCE, ConfigRecord())
    found = next((value for name in _STATEMENTS if isinstance(value := said.get(name), bytes)), b"")
    return found.hex()
