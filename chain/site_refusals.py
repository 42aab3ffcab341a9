"""What the consortium's contract and points refuse, one class for each of their custom errors, as in `refusals.py`."""

from fl_alliance.chain.refusals import Refused


class BadConsortium(Refused):
    """So many members, of whom so many must agree, are no consortium."""

    FIELDS = ("members", "threshold")
    TEXT = (
        "a consortium of {members} members of whom {threshold} must agree: needed 1 to 64 different members, 1 to all"
    )


class NotInConsortium(Refused):
    """Only members of the consortium do this."""

    FIELDS = ("account",)
    TEXT = "{account} is not a member of the consortium"


class InConsortium(Refused):
    """The account is a member already."""

    FIELDS = ("account",)
    TEXT = "{account} is a member of the consortium already"


class VoucherInvalid(Refused):
    """The signature is not the actor's, or not for the number that is due."""

    FIELDS = ("actor", "nonce")
    TEXT = "the signature is not that of {actor} for its number {nonce}"


class VoucherExpired(Refused):
    """The signature's last second has passed."""

    FIELDS = ("actor", "nowAt", "deadline")
    TEXT = "{actor} signed this for until second {deadline}; now it is {nowAt}"


class KeyUsed(Refused):
    """A key belongs to one site for good."""

    FIELDS = ("key", "site")
    TEXT = "key {key} is or was that of {site}; needed one that nobody has bound"


class KeyNotBound(Refused):
    """The site's key is another one."""

    FIELDS = ("site", "given", "bound")
    TEXT = "{site} has bound key {bound}, given {given}"


class EmptyDigest(Refused):
    """A digest that must be something is zero."""

    FIELDS = ("name",)
    TEXT = "{name}: given zero, needed a digest"


class NothingNew(Refused):
    """The member has said so already."""

    FIELDS = ("member",)
    TEXT = "{member} has said so already"


class LogNotLonger(Refused):
    """A log only grows."""

    FIELDS = ("site", "given", "anchored")
    TEXT = "log of {site}: given {given} entries, {anchored} are anchored already; needed more"


class NoPoints(Refused):
    """This consortium has no points to mint."""

    TEXT = "this consortium has no points to mint"


class NotTransferable(Refused):
    """Points do not move between holders."""

    FIELDS = ("from", "to")
    TEXT = "points do not move from {from} to {to}: neither is a contract of the protocol"


class NotContract(Refused):
    """A contract of the protocol must be a contract."""

    FIELDS = ("account",)
    TEXT = "{account} has no code, so it is no contract of the protocol"
