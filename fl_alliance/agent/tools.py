"""The agent's tools, the same for chat, command and MCP: what each takes, with units, and what it does on the chain.

A call here is a checked one: names are addresses already, amounts wei. What a model writes is read by
`guards/schema.py`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from typing import Any

from fl_alliance.chain.dao import Appearance, Support


class Kind(StrEnum):
    """What a part of a call is, and how an error calls it."""

    ACCOUNT = "account"
    AMOUNT = "amount"
    TASK = "task"
    PROPOSAL = "proposal"
    MODEL = "model"
    CHOICE = "choice"
    STARS = "number of stars"


@dataclass(frozen=True, slots=True)
class AllianceTask:
    """A task of FL Alliance that the market's emission pays; a task of the Arena is a plain number."""

    number: int

    def __str__(self) -> str:
        return f"{PREFIX}{self.number}"


PREFIX = "alliance:"
AnyTask = int | AllianceTask


def part(kind: Kind, name: str, about: str) -> Any:
    """Return a field of a tool: its kind, its name in JSON, and what it takes."""
    return field(metadata={"kind": kind, "name": name, "about": about})


_ACCOUNT = "a name of the address book, or an address"
_FML = "FML in plain digits, such as 5 or 0.5"
_TASK = "a task of the Arena: its number, or a name of the address book"
_ANY_TASK = f"{_TASK}; or {PREFIX}NUMBER, a task of FL Alliance"
_MODEL = "a listed model: its number, or a name of the address book"


@dataclass(frozen=True, slots=True)
class Call:
    """One tool with its arguments."""

    @classmethod
    def parts(cls) -> tuple[Field[Any], ...]:
        """Return the fields that a model proposes."""
        return tuple(found for found in fields(cls) if "kind" in found.metadata)

    def claims(self) -> Counter[tuple[Kind, Any]]:
        """Return what the call says, part by part: all of it has to be in the user's words."""
        return Counter((found.metadata["kind"], getattr(self, found.name)) for found in self.parts())


@dataclass(frozen=True, slots=True)
class Balance(Call):
    """Reads how much FML an account holds."""

    account: str = part(Kind.ACCOUNT, "account", f"{_ACCOUNT}, or me")


@dataclass(frozen=True, slots=True)
class Price(Call):
    """Reads what a call of a model of the marketplace costs."""

    model: int = part(Kind.MODEL, "model", _MODEL)


@dataclass(frozen=True, slots=True)
class Status(Call):
    """Reads where a task stands, and the account's own stake, delegations and rewards in it."""

    task: AnyTask = part(Kind.TASK, "task", _ANY_TASK)  # noqa: RUF009  a field


@dataclass(frozen=True, slots=True)
class Action(Call):
    """A call that signs something."""


@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Sends FML to an account, for good."""

    to: str = part(Kind.ACCOUNT, "to", _ACCOUNT)
    amount_wei: int = part(Kind.AMOUNT, "amount", _FML)


@dataclass(frozen=True, slots=True)
class Stake(Action):
    """Stakes FML in a task of the Arena, as what the account is there, or as a training node; back when it is over."""

    task: int = part(Kind.TASK, "task", _TASK)
    amount_wei: int = part(Kind.AMOUNT, "amount", _FML)


@dataclass(frozen=True, slots=True)
class Unstake(Action):
    """Takes the account's stake out of a task of the Arena that is over, or was cancelled."""

    task: int = part(Kind.TASK, "task", _TASK)


@dataclass(frozen=True, slots=True)
class Claim(Action):
    """Takes what the account, and those behind it, earned on finished days of a task of the Arena."""

    task: int = part(Kind.TASK, "task", _TASK)


@dataclass(frozen=True, slots=True)
class Delegate(Action):
    """Puts FML behind a training node or validator, to be slashed with it, or behind a member of FL Alliance."""

    to: str = part(Kind.ACCOUNT, "to", _ACCOUNT)
    task: AnyTask = part(Kind.TASK, "task", _ANY_TASK)  # noqa: RUF009  a field
    amount_wei: int = part(Kind.AMOUNT, "amount", _FML)


@dataclass(frozen=True, slots=True)
class Undelegate(Action):
    """Asks for all that the account has behind somebody in a task, or takes it where it was asked for in time."""

    to: str = part(Kind.ACCOUNT, "to", _ACCOUNT)
    task: AnyTask = part(Kind.TASK, "task", _ANY_TASK)  # noqa: RUF009  a field


@dataclass(frozen=True, slots=True)
class Lock(Action):
    """Locks FML to vote in the DAO: one is one vote."""

    amount_wei: int = part(Kind.AMOUNT, "amount", _FML)


@dataclass(frozen=True, slots=True)
class Unlock(Action):
    """Asks FML back that are locked to vote; `fl-alliance dao unlock` takes them after the delay."""

    amount_wei: int = part(Kind.AMOUNT, "amount", _FML)


@dataclass(frozen=True, slots=True)
class Appear(Action):
    """Signs in to the review of a proposal of the DAO, or flags the proposal."""

    proposal: int = part(Kind.PROPOSAL, "proposal", "its number in `fl-alliance dao status`")
    appearance: Appearance = part(Kind.CHOICE, "choice", "present, scam or frivolous")  # noqa: RUF009  a field


@dataclass(frozen=True, slots=True)
class Vote(Action):
    """Votes in the general meeting on a proposal of the DAO, by what the account has locked."""

    proposal: int = part(Kind.PROPOSAL, "proposal", "its number in `fl-alliance dao status`")
    support: Support = part(Kind.CHOICE, "choice", "yes, no or abstain")  # noqa: RUF009  a field


@dataclass(frozen=True, slots=True)
class Rate(Action):
    """Rates a model that the account has paid by voucher, once or anew."""

    model: int = part(Kind.MODEL, "model", _MODEL)
    stars: int = part(Kind.STARS, "stars", "1 to 5")


@dataclass(frozen=True, slots=True)
class CallModel(Action):
    """Asks a model of the marketplace and pays for the answer, the budget at most.

    `question` is what stands between quotation marks in the user's words; no model proposes it.
    """

    model: int = part(Kind.MODEL, "model", _MODEL)
    budget_wei: int = part(Kind.AMOUNT, "budget", _FML)
    question: str = ""


TOOLS: Mapping[str, type[Call]] = {
    "balance": Balance,
    "price": Price,
    "status": Status,
    "transfer": Transfer,
    "stake": Stake,
    "unstake": Unstake,
    "claim": Claim,
    "delegate": Delegate,
    "undelegate": Undelegate,
    "lock": Lock,
    "unlock": Unlock,
    "appear": Appear,
    "vote": Vote,
    "rate": Rate,
    "call_model": CallModel,
}
"""Name of a tool -> its class."""


OF_ARENA = (Stake, Unstake, Claim)
"""Tools that know no tasks of FL Alliance."""


def name_of(tool: type[Call]) -> str:
    """Return a tool's name."""
    return next(name for name, known in TOOLS.items() if known is tool)
