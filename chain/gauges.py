"""The gauges on a chain: ballots of who has locked FML, and what they move; `IGauges.sol` says the rest."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from enum import IntEnum

from eth_abi.abi import encode

from fl_alliance.chain.deploy import GAUGES
from fl_alliance.chain.deployed import DeployedClient, DeployedView
from fl_alliance.chain.rules.gauges import EPOCH_S, GaugeTerms
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Receipt

_GAS, _CHOICE_GAS = 200_000, 120_000


class GaugeKind(IntEnum):
    """What a gauge is of."""

    NONE = 0
    ARENA = 1
    ALLIANCE = 2
    MODEL = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of a ballot: the task or model `number` of the contract `source`, and how many of 10,000 votes it gets."""

    source: str
    number: int
    bps: int

    @property
    def gauge(self) -> bytes:
        """Its gauge's key, by which a ballot's choices are in order."""
        return keccak(encode(("address", "uint256"), (self.source, self.number)))


def ballot(choices: Iterable[Choice]) -> list[tuple[str, int, int]]:
    """Return choices, given in any order, as the contract takes them: each gauge's key above the one before."""
    return [astuple(choice) for choice in sorted(choices, key=lambda choice: choice.gauge)]


class GaugesView(DeployedView):
    """The gauges, to be read without an account."""

    ARTIFACT = GAUGES

    @property
    def terms(self) -> GaugeTerms:
        """What ballots move now."""
        return GaugeTerms(*self._reader.read("terms"))

    @property
    def epoch(self) -> int:
        """The running epoch."""
        return int(self._reader.read("epochNow"))

    def ends_at(self, epoch: int) -> int:
        """Return the second at which an epoch ends."""
        return int(self._reader.read("startAt")) + (epoch + 1) * EPOCH_S

    def counted_at(self, epoch: int) -> int:
        """Return the second by whose votes an epoch is voted on."""
        return int(self._reader.read("countedAt", epoch))

    def kind(self, source: str, number: int) -> GaugeKind:
        """Return what a gauge is of."""
        return GaugeKind(self._reader.read("kindOf", source, number))

    def votes_wei(self, epoch: int, source: str, number: int) -> int:
        """Return the votes that a gauge got in an epoch."""
        return int(self._reader.read("votesWei", epoch, source, number))

    def cast_wei(self, epoch: int, kind: GaugeKind) -> int:
        """Return the votes that all gauges of a kind got in an epoch."""
        return int(self._reader.read("castWei", epoch, kind))

    def share_bps(self, epoch: int, source: str, number: int) -> int:
        """Return what counts of a gauge in an epoch, of 10,000 of its kind."""
        return int(self._reader.read("shareBps", epoch, source, number))

    def has_voted(self, epoch: int, voter: str) -> bool:
        """Return whether a voter has cast its ballot of an epoch."""
        return bool(self._reader.read("hasVoted", epoch, voter))

    def paid_wei(self, epoch: int, model: int) -> int:
        """Return what a model was paid for an epoch."""
        return int(self._reader.read("paidWei", epoch, model))

    def due_wei(self, epoch: int, model: int) -> int:
        """Return what `pay` would pay a model for an epoch that is over."""
        return int(self._reader.read("dueWei", epoch, model))


class Gauges(DeployedClient, GaugesView):
    """The same as one account uses them, a voter or anybody."""

    def vote(self, choices: Iterable[Choice]) -> Receipt:
        """Cast the ballot of this epoch, in any order of its choices.

        Raises
        ------
        AlreadyVoted, NoVotes, NoGauge, OwnGauge, BadParameter, NotAscending
            The last where a gauge is named twice.
        """
        cast = ballot(choices)
        return self._bound.send(_GAS + _CHOICE_GAS * len(cast), "vote", cast)

    def require_vote(self, choices: Iterable[Choice]) -> None:
        """Refuse what `vote` would be refused for, before anything is signed; raises what it raises."""
        self._bound.require("vote", ballot(choices))

    def weigh(self, source: str, task: int) -> int:
        """Let a task weigh what the last epoch's votes say, and return that, of 100.

        Raises
        ------
        NoEpochOver, NotVerified
        """
        receipt = self._bound.send(2 * _GAS, "weigh", source, task)
        return int(self._bound.events(receipt, "Weighed")[0]["percent"])

    def pay(self, model: int) -> int:
        """Pay a model what it has not had of its share of the last epoch's budget into its till; return that, in wei.

        Raises
        ------
        NoEpochOver, NothingDue, NoGauge, UnknownModel
        """
        receipt = self._bound.send(2 * _GAS, "pay", model)
        return int(self._bound.events(receipt, "ModelPaid")[0]["amountWei"])
