"""What the DAO can set, each by its name: where it stands, how it is read, given, set and told."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import (
    ARENA,
    BRAKE,
    DAO,
    DOCUMENTS,
    EMISSION,
    GAUGES,
    MODELS,
    REVENUE,
    TIMELOCK,
    VOTES,
)
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.errors import ActionRefused
from fl_alliance.market.config import wei
from fl_alliance.market.parties import address_of
from fl_alliance.market.units import duration

Read = Callable[[ContractReader], Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """Parameters that one function sets together: those that are not named are written back as they are.

    Attributes
    ----------
    views : tuple of str
        What gives their values, in the setter's order: one view that returns all of them, or one for each.
    """

    contract: str
    setter: str
    views: tuple[str, ...]

    def read(self, contract: ContractReader) -> list[Any]:
        """Return all of them as they are."""
        if self._is_struct:
            return list(contract.read(self.views[0]))
        return [contract.read(view) for view in self.views]

    def arguments(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the setter's arguments."""
        return (tuple(values),) if self._is_struct else tuple(values)

    def view(self, field: int) -> str:
        """Return what gives the value of the how-manyth."""
        return self.views[0] if self._is_struct else self.views[field]

    def premises(self, fields: Collection[int]) -> tuple[str, ...]:
        """Return the views whose answers a proposal of these fields takes for granted: those of all others."""
        return self.views if self._is_struct else tuple(v for n, v in enumerate(self.views) if n not in fields)

    def term(self, field: int, parse: Callable[[str], int], tell: Callable[[int], str], about: str) -> "Parameter":
        """Return the how-manyth of them."""
        return Parameter(
            self.contract, self.setter, lambda contract: self.read(contract)[field], parse, tell, about, self, field
        )

    @property
    def _is_struct(self) -> bool:
        return len(self.views) == 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that the DAO can set.

    Attributes
    ----------
    contract, setter : str
        Which function of which contract sets it.
    read : callable
        Returns its value now, from that contract.
    parse : callable
        Returns a value from what a person typed; raises ValueError, or `SettingRefused`.
    tell : callable
        Returns a value in words.
    about : str
        What it is.
    terms, field : Terms or None, int
        What it is set together with, and where it stands among them.
    """

    contract: str
    setter: str
    read: Read
    parse: Callable[[str], Any]
    tell: Callable[[Any], str]
    about: str
    terms: Terms | None = None
    field: int = 0

    def is_told_by(self, contract: str, view: str) -> bool:
        """Return whether a view tells it, by itself or with others that are set together with it."""
        return self.terms is not None and (self.contract, self.terms.view(self.field)) == (contract, view)


def exact_fml(value: int) -> str:
    """Return an amount, to its last digit where four decimals would tell another one."""
    if value % (WEI_PER_FML // 10**4) == 0:
        return fml(value)
    whole, part = divmod(value, WEI_PER_FML)
    return f"{whole:,}.{part:018d}".rstrip("0") + " FML"


def _amount(text: str) -> int:
    return wei(text, "amount")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("no whole number") from None


def _view(name: str) -> Read:
    return lambda contract: contract.read(name)


def _of_day(name: str) -> Read:
    return lambda contract: contract.read(name, contract.read("today"))


def _bps(value: int) -> str:
    return f"{value / 100:g} %"


def _percent(value: int) -> str:
    return f"{value} %"


_REVIEW = Terms(DAO, "setReviewTerms", ("reviewTerms",))
_LIMITS = Terms(ARENA, "setLimits", ("limits",))
_SPLIT = Terms(REVENUE, "setSplit", ("split",))
_GAUGES = Terms(GAUGES, "setTerms", ("terms",))
_LISTINGS = Terms(MODELS, "setTerms", ("minStakeWei", "releaseS"))
_DOCUMENTS = Terms(DOCUMENTS, "setTerms", ("stakeWei", "quorumWei"))

PARAMETERS: Mapping[str, Parameter] = {
    "emission.schedule_bps": Parameter(
        EMISSION, "lower", _of_day("factorBps"), _whole, _bps, "what of the schedule is released; can only be lowered"
    ),
    "emission.power_halves": Parameter(
        EMISSION,
        "setPower",
        _of_day("powerHalves"),
        _whole,
        lambda value: f"stake^{value / 2:g}",
        "how a task's share goes by its stake, in halves: 2 is in proportion",
    ),
    "arena.creator_stake": Parameter(
        ARENA,
        "setMinCreatorStake",
        _view("minCreatorStakeWei"),
        _amount,
        exact_fml,
        "least stake of a task creator, in FML",
    ),
    "arena.node_stake": _LIMITS.term(0, _amount, exact_fml, "least stake of nodes that a creator may ask, in FML"),
    "arena.validator_stake": _LIMITS.term(
        1, _amount, exact_fml, "least stake of validators that a creator may ask, in FML"
    ),
    "arena.paid_nodes": _LIMITS.term(2, _whole, str, "nodes that a task may pay a day at most"),
    "arena.paid_validators": _LIMITS.term(3, _whole, str, "validators that a task may pay a day at most"),
    "market.host_stake": _LISTINGS.term(0, _amount, exact_fml, "least stake of a listed model, in FML"),
    "market.release_s": _LISTINGS.term(1, _whole, duration, "seconds that it stays after a listing was closed"),
    "market.host_bps": _SPLIT.term(0, _whole, _bps, "of a payment that is the host's, of 10,000"),
    "market.contributors_bps": _SPLIT.term(1, _whole, _bps, "of a payment that is its contributors', of 10,000"),
    "market.document_stake": _DOCUMENTS.term(0, _amount, exact_fml, "stake of a document, in FML"),
    "market.document_quorum": _DOCUMENTS.term(1, _amount, exact_fml, "locked FML that accept one at least"),
    "dao.review_s": Parameter(DAO, "setVotingDelay", _view("votingDelay"), _whole, duration, "seconds of a review"),
    "dao.vote_s": Parameter(
        DAO, "setVotingPeriod", _view("votingPeriod"), _whole, duration, "seconds of a general meeting"
    ),
    "dao.late_s": Parameter(
        DAO,
        "setLateQuorumVoteExtension",
        _view("lateQuorumVoteExtension"),
        _whole,
        duration,
        "seconds that a meeting lasts at least after its quorum, or after its outcome turned",
    ),
    "dao.quorum_percent": Parameter(
        DAO,
        "updateQuorumNumerator",
        lambda contract: contract.read("quorumNumerator"),
        _whole,
        _percent,
        "of the locked FML, for or abstaining, that a vote takes",
    ),
    "dao.delay_s": Parameter(TIMELOCK, "updateDelay", _view("getMinDelay"), _whole, duration, "seconds of time lock"),
    "dao.unlock_s": Parameter(
        VOTES, "setUnlockDelay", _view("unlockDelayS"), _whole, duration, "seconds until locked FML come back"
    ),
    "dao.stake": _REVIEW.term(0, _amount, exact_fml, "stake of a proposal, in FML"),
    "dao.reward": _REVIEW.term(1, _amount, exact_fml, "what an executed proposal brings its author, in FML"),
    "dao.presence_bps": _REVIEW.term(2, _whole, _bps, "of all votes that open the general meeting, of 10,000"),
    "dao.flag_bps": _REVIEW.term(3, _whole, _bps, "of all votes that condemn a proposal, of 10,000"),
    "dao.floor": _REVIEW.term(4, _amount, exact_fml, "locked FML that must appear and vote at least"),
    "gauges.voter_bps": _GAUGES.term(0, _whole, _bps, "of its votes that a voter gives one gauge at most, of 10,000"),
    "gauges.gauge_bps": _GAUGES.term(1, _whole, _bps, "of its kind's votes that count of a gauge at most, of 10,000"),
    "gauges.floor_bps": _GAUGES.term(2, _whole, _bps, "of all locked FML that a share is of at least, of 10,000"),
    "gauges.boost": _GAUGES.term(3, _whole, _percent, "percent that a task's stake weighs more by votes, at most"),
    "gauges.budget": _GAUGES.term(4, _amount, exact_fml, "FML that models share for a week's votes"),
    "guardian": Parameter(
        BRAKE, "setGuardian", _view("guardian"), address_of, str, "who may pause; an address, zeros for nobody"
    ),
}


def parameter(name: str) -> Parameter:
    """Return a parameter; raises `ActionRefused` where there is none of that name."""
    if name not in PARAMETERS:
        raise ActionRefused(f"--set {name}: no such parameter; there are {', '.join(PARAMETERS)}")
    return PARAMETERS[name]
