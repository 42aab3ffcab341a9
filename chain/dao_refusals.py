"""What the DAO's contracts refuse, one class for each of their custom errors, as in `refusals.py`."""

from typing import ClassVar

from fl_alliance.chain.refusals import Refused, in_words
from fl_alliance.chain.stages import Appearance, Stage


def _short(number: int) -> str:
    """Return a proposal's 256-bit number as far as it tells it from others."""
    return f"0x{number:064x}"[:10] + "..."


def _stages(bits: bytes | int) -> str:
    """Return the stages of a bitmap in words; without any, a proposal was made before."""
    found = bits if isinstance(bits, int) else int.from_bytes(bits, "big")
    return " or ".join(stage.name.lower() for stage in Stage if found >> stage & 1) or "another text, or other calls"


class BadAmount(Refused):
    """Nothing, more than there is, or a delay out of its range."""

    FIELDS = ("given", "most")
    TEXT = "given {given}, needed above 0 and {most} at most"


class NotUnlocked(Refused):
    """FML that were asked back wait for their delay."""

    FIELDS = ("fromAt",)
    TEXT = "can be taken from second {fromAt} on"


class Resting(Refused):
    """A guardian that has paused waits before it can pause again."""

    FIELDS = ("fromAt",)
    TEXT = "the guardian may pause again from second {fromAt} on"


class Stopped(Refused):
    """A guardian has stopped what mints or brings money in."""

    FIELDS = ("until",)
    TEXT = "the guardian has stopped this until second {until}, unless the DAO goes on before"


class BrakeThere(Refused):
    """There is one brake, for good."""

    FIELDS = ("brake",)
    TEXT = "the brake is {brake}, for good"


class AlreadyVoted(Refused):
    """A voter casts one ballot an epoch."""

    FIELDS = ("voter", "epoch")
    TEXT = "{voter} has cast its ballot of week {epoch}"
    READ: ClassVar = {"epoch": lambda epoch: epoch + 1}


class NotAscending(Refused):
    """A ballot's gauges stand in their order, so that none comes twice."""

    FIELDS = ("index",)
    TEXT = "choice {index} does not come after the one before it, by keccak256 of source and number"


class NoGauge(Refused):
    """Votes are for verified tasks and open models."""

    FIELDS = ("source", "number")
    TEXT = "number {number} of {source} is no verified task and no open model"


class OwnGauge(Refused):
    """Nobody votes for its own task or model."""

    FIELDS = ("voter", "source", "number")
    TEXT = "{voter} created task {number} of {source}, or hosts that model: it does not vote for it"


class NoEpochOver(Refused):
    """What an epoch's votes move waits for its end."""

    FIELDS = ("needed",)
    TEXT = "no epoch is over before second {needed}"


class NothingDue(Refused):
    """A model has no share of an epoch's budget, or has been paid it."""

    FIELDS = ("epoch", "model")
    TEXT = "nothing is due to model {model} for epoch {epoch}, or no more than it was paid"


class AlreadyAppeared(Refused):
    """A holder appears once in a review."""

    FIELDS = ("holder", "appearance")
    TEXT = "{holder} has appeared as {appearance} in this review, or appears as none"
    READ: ClassVar = {"appearance": in_words(Appearance)}


class FlagsClosed(Refused):
    """The last third of a review is for who signs in."""

    FIELDS = ("until",)
    TEXT = "a proposal could be flagged until second {until}; the rest of its review is for who signs in"


class PremiseChanged(Refused):
    """What a proposal took for granted has changed since it was made."""

    FIELDS = ("target", "question")
    TEXT = "what {target} answers to 0x{question} has changed since the proposal was made: propose it anew"


class NotWithin(Refused):
    """A stage, quorum or threshold under which nothing would ever pass again."""

    FIELDS = ("given", "least", "most")
    TEXT = "given {given}, needed {least} to {most}"


class DelayTooLong(Refused):
    """A time lock that would put every proposal off for good."""

    FIELDS = ("givenS", "mostS")
    TEXT = "given {givenS} seconds, needed {mostS} at most"


class NoVotes(Refused):
    """Who had no votes when a proposal was made, or an epoch of the gauges began, has no say in it."""

    FIELDS = ("holder",)
    TEXT = "{holder} had no votes when the proposal was made, or the epoch began"


class AlreadyProposing(Refused):
    """A proposer's last proposal is decided first."""

    FIELDS = ("proposer", "proposalId")
    TEXT = "{proposer} has proposal {proposalId}, which is not decided: needed that one to end first"
    READ: ClassVar = {"proposalId": _short}


class NotSettleable(Refused):
    """A proposal's stake goes where it belongs once, when it is decided."""

    FIELDS = ("proposalId",)
    TEXT = "proposal {proposalId} is not decided, or its stake has gone where it belongs"
    READ: ClassVar = {"proposalId": _short}


class BadTerms(Refused):
    """Terms of reviews under which nothing would pass, or everything be condemned."""

    TEXT = (
        "needed presence of 5,000 of 10,000 at most, flags above 0 and 10,000 at most, a stake of 1,000,000 FML and a "
        "floor of 10,000,000 FML at most"
    )


class ERC6372InconsistentClock(Refused):
    """The clock of the votes is another."""

    TEXT = "the clock of the votes is not the chain's seconds"


class GovernorAlreadyCastVote(Refused):
    """A vote is cast once."""

    FIELDS = ("voter",)
    TEXT = "{voter} has voted"


class GovernorAlreadyQueuedProposal(Refused):
    """A proposal is queued once."""

    FIELDS = ("proposalId",)
    TEXT = "proposal {proposalId} is queued"
    READ: ClassVar = {"proposalId": _short}


class GovernorDisabledDeposit(Refused):
    """The DAO's contract takes no coins."""

    TEXT = "the DAO's contract takes no coins; the time lock does"


class GovernorInsufficientProposerVotes(Refused):
    """A proposer has too few votes."""

    FIELDS = ("proposer", "votes", "threshold")
    TEXT = "{proposer} has {votes} votes, needed {threshold}"


class GovernorInvalidProposalLength(Refused):
    """A proposal has no calls, or not as many targets as values and calldata."""

    FIELDS = ("targets", "calldatas", "values")
    TEXT = "{targets} targets, {calldatas} calldata, {values} values: needed as many of each, one at least"


class GovernorInvalidQuorumFraction(Refused):
    """A quorum above all votes."""

    FIELDS = ("quorumNumerator", "quorumDenominator")
    TEXT = "a quorum of {quorumNumerator} of {quorumDenominator}"


class GovernorInvalidSignature(Refused):
    """A ballot by signature that its voter did not sign."""

    FIELDS = ("voter",)
    TEXT = "{voter} did not sign this"


class GovernorInvalidVoteParams(Refused):
    """A vote has parameters that count for nothing here."""

    TEXT = "a vote takes no parameters here"


class GovernorInvalidVoteType(Refused):
    """A vote is against, for, or abstains."""

    TEXT = "needed 0 against, 1 for, or 2 abstain"


class GovernorInvalidVotingPeriod(Refused):
    """A general meeting of no time."""

    FIELDS = ("votingPeriod",)
    TEXT = "a general meeting of {votingPeriod} seconds"


class GovernorNonexistentProposal(Refused):
    """No proposal of this number."""

    FIELDS = ("proposalId",)
    TEXT = "there is no proposal {proposalId}"
    READ: ClassVar = {"proposalId": _short}


class GovernorOnlyExecutor(Refused):
    """Only an executed proposal does this."""

    FIELDS = ("account",)
    TEXT = "sender {account}: only an executed proposal may do this"


class GovernorPreventLateQuorumVoteExtensionTooLarge(Refused):
    """A meeting would be prolonged by more than itself."""

    FIELDS = ("newVoteExtension", "maxVoteExtension")
    TEXT = "given {newVoteExtension} seconds, needed {maxVoteExtension} at most"


class GovernorProposalQueueingFailed(Refused):
    """The time lock did not take a proposal."""

    FIELDS = ("proposalId",)
    TEXT = "the time lock did not take proposal {proposalId}"
    READ: ClassVar = {"proposalId": _short}


class GovernorProposalQueueingNotRequired(Refused):
    """A proposal needs no time lock."""

    FIELDS = ("proposalId",)
    TEXT = "proposal {proposalId} needs no time lock"
    READ: ClassVar = {"proposalId": _short}


class GovernorRestrictedProposer(Refused):
    """The description reserves a proposal for somebody else."""

    FIELDS = ("proposer",)
    TEXT = "the description names another proposer than {proposer}"


class GovernorUnableToCancel(Refused):
    """Only its author takes a proposal back, in its review, while nobody has flagged it."""

    FIELDS = ("proposalId", "account")
    TEXT = "{account} cannot take {proposalId} back; its author can, in its review, while nobody has flagged it"
    READ: ClassVar = {"proposalId": _short}


class GovernorUnexpectedProposalState(Refused):
    """A proposal is at another stage."""

    FIELDS = ("proposalId", "current", "expectedStates")
    TEXT = "proposal {proposalId} is {current}, needed {expectedStates}"
    READ: ClassVar = {"proposalId": _short, "current": in_words(Stage), "expectedStates": _stages}


class TimelockInsufficientDelay(Refused):
    """A call waits for as long as the time lock says."""

    FIELDS = ("delay", "minDelay")
    TEXT = "given {delay} seconds, needed {minDelay}"


class TimelockInvalidOperationLength(Refused):
    """An operation has not as many targets as values and payloads."""

    FIELDS = ("targets", "payloads", "values")
    TEXT = "{targets} targets, {payloads} payloads, {values} values: needed as many of each"


class TimelockUnauthorizedCaller(Refused):
    """The time lock's delay is changed by itself alone."""

    FIELDS = ("caller",)
    TEXT = "sender {caller}: only the time lock itself may do this"


class TimelockUnexecutedPredecessor(Refused):
    """An operation waits for another."""

    FIELDS = ("predecessorId",)
    TEXT = "operation {predecessorId} is to be executed first"


class TimelockUnexpectedOperationState(Refused):
    """An operation is not ready, or is done."""

    FIELDS = ("operationId", "expectedStates")
    TEXT = "operation {operationId} is at another stage, needed one of the bits of {expectedStates}"
