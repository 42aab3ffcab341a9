"""What the DAO can set, each by its name: where it stands, how it is read, given, set and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import ARENA, BRAKE, DAO, EMISSION, TIMELOCK, VOTES
from fl_alliance.governance.errors import ActionRefused
from fl_alliance.market.config import wei
from fl_alliance.market.parties import address_of
from fl_alliance.market.units import duration

Read = Callable[[ContractReader], Any]


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
    arguments : callable
        Returns the setter's arguments from a new value and the contract, which has the others.
    """

    contract: str
    setter: str
    read: Read
    parse: Callable[[str], Any]
    tell: Callable[[Any], str]
    about: str
    arguments: Callable[[Any, ContractReader], tuple[Any, ...]] = lambda value, _: (value,)


def _amount(text: str) -> int:
    return wei(text, "amount")


def _whole(text: str) -> int:
    return int(text)


def _view(name: str) -> Read:
    return lambda contract: contract.read(name)


def _of_day(name: str) -> Read:
    return lambda contract: contract.read(name, contract.read("today"))


def _bps(value: int) -> str:
    return f"{value / 100:g} %"


def _review(field: int, parse: Callable[[str], int], tell: Callable[[int], str], about: str) -> Parameter:
    """Return a term of reviews, which are set together: the others stay as they are."""

    def arguments(value: int, contract: ContractReader) -> tuple[Any, ...]:
        terms = list(contract.read("reviewTerms"))
        terms[field] = value
        return (tuple(terms),)

    read: Read = lambda contract: contract.read("reviewTerms")[field]  # noqa: E731  beside its kin
    return Parameter(DAO, "setReviewTerms", read, parse, tell, about, arguments)


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
        fml,
        "least stake of a task creator, in FML",
    ),
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
        "seconds that a meeting lasts at least after its quorum",
    ),
    "dao.quorum_percent": Parameter(
        DAO,
        "updateQuorumNumerator",
        lambda contract: contract.read("quorumNumerator"),
        _whole,
        lambda value: f"{value} %",
        "of the locked FML, for or abstaining, that a vote takes",
    ),
    "dao.delay_s": Parameter(TIMELOCK, "updateDelay", _view("getMinDelay"), _whole, duration, "seconds of time lock"),
    "dao.unlock_s": Parameter(
        VOTES, "setUnlockDelay", _view("unlockDelayS"), _whole, duration, "seconds until locked FML come back"
    ),
    "dao.stake": _review(0, _amount, fml, "stake of a proposal, in FML"),
    "dao.reward": _review(1, _amount, fml, "what an executed proposal brings its author, in FML"),
    "dao.presence_bps": _review(2, _whole, _bps, "of all votes that open the general meeting, of 10,000"),
    "dao.flag_bps": _review(3, _whole, _bps, "of all votes that condemn a proposal, of 10,000"),
    "dao.floor": _review(4, _amount, fml, "locked FML that must appear and vote at least"),
    "guardian": Parameter(
        BRAKE, "setGuardian", _view("guardian"), address_of, str, "who may pause; an address, zeros for nobody"
    ),
}


def parameter(name: str) -> Parameter:
    """Return a parameter; raises `ActionRefused` where there is none of that name."""
    if name not in PARAMETERS:
        raise ActionRefused(f"--set {name}: no such parameter; there are {', '.join(PARAMETERS)}")
    return PARAMETERS[name]
