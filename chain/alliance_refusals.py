"""What an Alliance refuses, and some other contracts by the same names, one class for each, as in `refusals.py`.

The model of a task (`replay.py`) raises the same classes as the contract that it mirrors.
"""

from typing import ClassVar

from fl_alliance.chain.refusals import Refused, in_words
from fl_alliance.chain.types import Phase


class UnknownTask(Refused):
    """No task of this number."""

    FIELDS = ("task",)
    TEXT = "task {task}: there is none; tasks count from 1"


class NotDirect(Refused):
    """A contract called: what changes a task must be readable from the calldata of a transaction."""

    TEXT = "the caller is a contract; needed an account of its own"


class WrongPhase(Refused):
    """The task is not in a phase in which this can be done."""

    FIELDS = ("task", "phase")
    TEXT = "task {task}: not possible in phase {phase}"
    READ: ClassVar = {"phase": in_words(Phase)}


class TooEarly(Refused):
    """Not possible yet."""

    FIELDS = ("task", "nowAt", "from")
    TEXT = "task {task}: at second {nowAt}, possible from {from} on"


class TooLate(Refused):
    """Not possible any more."""

    FIELDS = ("task", "nowAt", "until")
    TEXT = "task {task}: at second {nowAt}, was possible before {until}"


class BadParameter(Refused):
    """A parameter of a task is out of its range."""

    FIELDS = ("name", "given")
    TEXT = "parameter {name}: given {given}, out of its range"


class NotWholeGwei(Refused):
    """An amount is not a whole number of gwei."""

    FIELDS = ("amountWei",)
    TEXT = "amount {amountWei} wei: needed whole gwei (10^9 wei)"


class StakeTooLow(Refused):
    """A stake is below the task's minimum."""

    FIELDS = ("amountGwei", "minStakeGwei")
    TEXT = "stake {amountGwei} gwei: needed at least {minStakeGwei}"


class StakeTooHigh(Refused):
    """A stake is above what a member can hold."""

    FIELDS = ("amountGwei", "maxBalanceGwei")
    TEXT = "stake {amountGwei} gwei: needed at most {maxBalanceGwei}"


class TaskFull(Refused):
    """The task holds as many members and queued ones as it can."""

    FIELDS = ("task", "members")
    TEXT = "task {task}: full with {members} members"


class AlreadyRegistered(Refused):
    """The node is or was registered in the task."""

    FIELDS = ("task", "node")
    TEXT = "task {task}: {node} is or was registered already"


class KeyTaken(Refused):
    """The VRF key is another member's."""

    FIELDS = ("task", "vrfX")
    TEXT = "task {task}: VRF key {vrfX} is taken"


class NotMember(Refused):
    """The caller, or the signer, is not this member."""

    FIELDS = ("task", "member", "account")
    TEXT = "task {task}: {account} is not member {member}"


class AlreadyLeaving(Refused):
    """The member is leaving already."""

    FIELDS = ("task", "member")
    TEXT = "task {task}: member {member} is leaving already"


class NotAllowed(Refused):
    """Somebody else has to do this."""

    FIELDS = ("caller", "needed")
    TEXT = "sender {caller}: only {needed} may do this"


class TooFewMembers(Refused):
    """Fewer members hold a seat than a round draws."""

    FIELDS = ("task", "able", "needed")
    TEXT = "task {task}: {able} members hold a seat, a round needs {needed}"


class EnoughMembers(Refused):
    """Enough members hold a seat: the task goes on."""

    FIELDS = ("task", "able", "needed")
    TEXT = "task {task}: {able} members hold a seat and a round needs {needed}: it goes on"


class BadBatch(Refused):
    """A packed batch does not divide into records, or names a member that does not exist."""

    FIELDS = ("length",)
    TEXT = "batch of {length} bytes: needed whole records of existing members"


class WrongStanding(Refused):
    """The member was not drawn for this, or has done it."""

    FIELDS = ("member", "standing")
    TEXT = "member {member}: its standing is {standing}"


class BadSignature(Refused):
    """The signature is not this member's over this message."""

    FIELDS = ("member",)
    TEXT = "member {member}: the signature is not its own over this message"


class BadScore(Refused):
    """A score is above 1,000,000."""

    FIELDS = ("member", "score")
    TEXT = "member {member}: score {score}, needed at most 1,000,000"


class NotCommitted(Refused):
    """A revealed vote is not the one that its member had committed to."""

    FIELDS = ("member",)
    TEXT = "member {member}: this is not the vote it committed to"


class BadMenu(Refused):
    """A menu's length is not what its head and the proposals make it, or it names an entry that is not there."""

    FIELDS = ("length",)
    TEXT = "menu of {length} bytes: not a menu of this round's proposals"


class BadContributions(Refused):
    """A voter says that proposals contributed more than a whole round, in absolute values."""

    FIELDS = ("member", "total")
    TEXT = "member {member}: contributions of {total} in all, needed at most 10,000"


class WrongBallot(Refused):
    """Motion and list are not the ones that the relayer fixed."""

    FIELDS = ("task", "given", "needed")
    TEXT = "task {task}: motion and list hash to {given}, fixed was {needed}"


class SameStatement(Refused):
    """The two statements are the same."""

    FIELDS = ("member",)
    TEXT = "member {member}: the two statements are the same"


class NothingThere(Refused):
    """Nothing is left to slash, pay or admit."""

    TEXT = "nothing is there"


class VrfProofRejected(Refused):
    """A VRF proof does not show an output of this key at this input."""

    FIELDS = ("failed",)
    TEXT = "the VRF proof fails its check number {failed}"
