"""What our contracts refuse, one class for each of their custom errors, named as in the contract.

TransactionReverted
└── Refused                     a contract refused, and said why
    └── every other class here and in the other files of refusals: `reverts.py` finds it by the error's name

The model of a task (`replay.py`) raises the same classes as the contract that it mirrors.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Any, ClassVar

from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.types import Phase


class Refused(TransactionReverted):
    """A contract refused, and said why; `values` are the error's fields by their names in the contract.

    `READ` gives words for fields that say something else than their figure.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    TEXT: ClassVar[str] = ""
    READ: ClassVar[Mapping[str, Callable[[Any], object]]] = {}

    def __init__(self, *values: Any, call: str = "step", data: bytes = b"") -> None:
        self.values: dict[str, Any] = dict(zip(self.FIELDS, values, strict=True))
        readable = {name: value.hex() if isinstance(value, bytes) else value for name, value in self.values.items()}
        readable |= {name: read(self.values[name]) for name, read in self.READ.items()}
        super().__init__(call, f"{type(self).__name__}: {self.TEXT.format(**readable)}", data)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), tuple(self.values.values()), self.call, self.data)


def in_words(kind: type[IntEnum]) -> Callable[[int], object]:
    """Return what reads a number of a contract's enum; one that we do not know stays a number."""
    names = {member.value: member.name.lower() for member in kind}
    return lambda value: names.get(value, value)


def _rebuilt(kind: type[Refused], values: Iterable[Any], call: str, data: bytes) -> Refused:
    return kind(*values, call=call, data=data)


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


class ERC3009InvalidSignature(Refused):
    """The authorization of a token transfer is not signed by whom it takes from."""

    TEXT = "the authorization is not signed by the account that it takes from"


class ERC3009InvalidAuthorizationTime(Refused):
    """The authorization of a token transfer is not valid yet, or no more."""

    FIELDS = ("validAfter", "validBefore")
    TEXT = "the authorization is valid strictly between seconds {validAfter} and {validBefore}"


class VrfProofRejected(Refused):
    """A VRF proof does not show an output of this key at this input."""

    FIELDS = ("failed",)
    TEXT = "the VRF proof fails its check number {failed}"


class ERC20InsufficientAllowance(Refused):
    """An account has not let the spender take as much FML."""

    FIELDS = ("spender", "allowance", "needed")
    TEXT = "{spender} may take {allowance} wei, needed {needed}"


class ERC20InsufficientBalance(Refused):
    """An account holds less FML than it is to send."""

    FIELDS = ("sender", "balance", "needed")
    TEXT = "{sender} holds {balance} wei, needed {needed}"


class ERC20InvalidSender(Refused):
    """FML cannot come from this account."""

    FIELDS = ("sender",)
    TEXT = "FML cannot come from {sender}"


class ERC20InvalidReceiver(Refused):
    """FML cannot go to this account."""

    FIELDS = ("receiver",)
    TEXT = "FML cannot go to {receiver}"


class ERC20InvalidApprover(Refused):
    """This account cannot let anybody take FML."""

    FIELDS = ("approver",)
    TEXT = "{approver} cannot let anybody take FML"


class ERC20InvalidSpender(Refused):
    """FML cannot be taken by this account."""

    FIELDS = ("spender",)
    TEXT = "{spender} cannot take FML"


class ERC20InvalidCap(Refused):
    """The token's cap is not positive."""

    FIELDS = ("cap",)
    TEXT = "cap {cap} wei: needed more than 0"


class ERC20ExceededCap(Refused):
    """More FML would exist than its cap allows."""

    FIELDS = ("increasedSupply", "cap")
    TEXT = "supply would be {increasedSupply} wei, cap {cap}"


class ERC20ExceededSafeSupply(Refused):
    """More FML would exist than votes can count."""

    FIELDS = ("increasedSupply", "cap")
    TEXT = "supply would be {increasedSupply} wei, votes count up to {cap}"


class ERC2612ExpiredSignature(Refused):
    """A permit is past its deadline."""

    FIELDS = ("deadline",)
    TEXT = "the permit's deadline was second {deadline}"


class ERC2612InvalidSigner(Refused):
    """A permit is not signed by the owner."""

    FIELDS = ("signer", "owner")
    TEXT = "the permit is signed by {signer}, needed {owner}"


class ERC3009UsedAuthorization(Refused):
    """The authorization of a token transfer is used or cancelled."""

    FIELDS = ("authorizer", "nonce")
    TEXT = "authorization {nonce} of {authorizer} is used or cancelled"


class ERC5805FutureLookup(Refused):
    """Past votes were asked for at a time to come."""

    FIELDS = ("timepoint", "clock")
    TEXT = "votes at second {timepoint}: now is {clock}"


class VotesExpiredSignature(Refused):
    """A delegation is past its expiry."""

    FIELDS = ("expiry",)
    TEXT = "the delegation expired at second {expiry}"


class InvalidAccountNonce(Refused):
    """A signature carries another nonce than its account's next."""

    FIELDS = ("account", "currentNonce")
    TEXT = "{account}: needed nonce {currentNonce}"


class AccessControlUnauthorizedAccount(Refused):
    """The account lacks the role that this needs."""

    FIELDS = ("account", "neededRole")
    TEXT = "{account} lacks role {neededRole}"


class AccessControlBadConfirmation(Refused):
    """A role can be renounced only by its holder."""

    TEXT = "a role can be renounced only by its holder"


class CheckpointUnorderedInsertion(Refused):
    """A vote checkpoint would lie before the last one."""

    TEXT = "a vote checkpoint would lie before the last one"


class ECDSAInvalidSignature(Refused):
    """No key makes this signature."""

    TEXT = "no key makes this signature"


class ECDSAInvalidSignatureLength(Refused):
    """A signature has the wrong length."""

    FIELDS = ("length",)
    TEXT = "signature of {length} bytes, needed 65"


class ECDSAInvalidSignatureS(Refused):
    """A signature has the higher of its two s."""

    FIELDS = ("s",)
    TEXT = "s is {s}, needed the lower of the two"


class SafeCastOverflowedUintDowncast(Refused):
    """A number does not fit."""

    FIELDS = ("bits", "value")
    TEXT = "{value} does not fit {bits} bits"


class AddressEmptyCode(Refused):
    """No contract is at the address."""

    FIELDS = ("target",)
    TEXT = "no contract at {target}"


class FailedCall(Refused):
    """An inner call failed without a reason."""

    TEXT = "an inner call failed without a reason"


class InvalidShortString(Refused):
    """A text constant is malformed."""

    TEXT = "a text constant is malformed"


class StringTooLong(Refused):
    """A text constant is too long."""

    FIELDS = ("str",)
    TEXT = "text {str!r} is too long"


class Create2EmptyBytecode(Refused):
    """There is no code to deploy."""

    TEXT = "there is no code to deploy"


class Create3EmptyBytecode(Refused):
    """There is no code to deploy the roster as."""

    TEXT = "there is no code to deploy the roster as"


class FailedDeployment(Refused):
    """The roster could not be written as code."""

    TEXT = "the roster could not be written as code"


class InsufficientBalance(Refused):
    """The contract holds less of the chain's coin than it is to send."""

    FIELDS = ("balance", "needed")
    TEXT = "holds {balance} wei of the chain's coin, needed {needed}"
