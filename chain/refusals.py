"""What contracts refuse, one class for each of their custom errors, named as in the contract; here those of FML and of
the libraries that all contracts are built on.

TransactionReverted
└── Refused                     a contract refused, and said why
    └── every other class here and in the other files of refusals: `reverts.py` finds it by the error's name
"""

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Any, ClassVar

from fl_alliance.chain.errors import TransactionReverted


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


class ERC3009InvalidSignature(Refused):
    """The authorization of a token transfer is not signed by whom it takes from."""

    TEXT = "the authorization is not signed by the account that it takes from"


class ERC3009InvalidAuthorizationTime(Refused):
    """The authorization of a token transfer is not valid yet, or no more."""

    FIELDS = ("validAfter", "validBefore")
    TEXT = "the authorization is valid strictly between seconds {validAfter} and {validBefore}"


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
