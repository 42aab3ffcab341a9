"""What a node is asked, as far as a site's policy asks about it."""

from dataclasses import dataclass

from flwr.app import Message

from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

TRAIN, EVALUATE = "train", "evaluate"
WORK = (TRAIN, EVALUATE, wire.MASK_KEY)
"""Requests that a site's data answers, or that begin one."""
SHORT = (wire.HERE, wire.PROVE, wire.REVEAL, wire.MASK_AGREE, wire.MASK_REVEAL)
"""Requests of a task that goes on, with a short answer that holds nothing new of the data: not to give it costs stake,
so they are answered at any hour, and from what training and voting leave of the caps."""
KINDS = (*WORK, wire.JOIN, *SHORT)


@dataclass(frozen=True, slots=True)
class Request:
    """One message.

    Attributes
    ----------
    kind : str
        `train`, `evaluate` or the query's name; whatever else was asked, shortened.
    place : Place or None
        The task and round that it is part of; None where it says none.
    """

    kind: str
    place: Place | None

    @classmethod
    def of(cls, message: Message) -> "Request":
        """Return what a message asks; never raises for what is in it."""
        kind = str(message.metadata.message_type)
        try:
            place = wire.read_place(wire.alliance_record(message))
        except (BadReply, ValueError):
            place = None
        return cls(kind if kind in KINDS else repr(kind[:40]), place)

    @property
    def task(self) -> str:
        """The task's name, with its chain and contract; empty where there is none."""
        place = self.place
        return f"{place.domain.chain_id}:{place.domain.contract.lower()[:64]}:{place.task}" if place else ""

    @property
    def round(self) -> int:
        """The round, 0 where there is none."""
        return self.place.round if self.place else 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the site itself knows of a task; nothing of it comes from the coordinator unchecked.

    Attributes
    ----------
    code, config : str
        sha256 in hex of the installed code, and of the settings that the request comes with.
    unit : str
        `dp.unit`: whom the noise on updates protects; `none`, `record` or `patient`.
    epsilon, delta : float
        What the task promises at most over all its rounds; infinite, and 1, without noise on updates.
    masks : bool
        Whether updates leave behind masks.
    score_epsilon : float
        `rule.score_epsilon`; 0: no noise.
    asks_contributions : bool
        Whether voters are to say what others' updates contributed.
    """

    code: str
    config: str
    unit: str
    epsilon: float
    delta: float
    masks: bool
    score_epsilon: float
    asks_contributions: bool
