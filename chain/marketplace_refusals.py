"""What the marketplace's contracts refuse, one class for each of their custom errors, as in `refusals.py`."""

from fl_alliance.chain.refusals import Refused


class UnknownModel(Refused):
    """No model of this number."""

    FIELDS = ("model",)
    TEXT = "model {model}: there is none; models count from 1"


class ListingClosed(Refused):
    """A closed listing takes no calls and no price; an open one keeps its stake."""

    FIELDS = ("model", "closed")
    TEXT = "model {model}: closed is {closed}, needed the other"


class AlreadyListed(Refused):
    """A host lists a content once."""

    FIELDS = ("model",)
    TEXT = "this content is listed, as model {model}"


class StakeHeld(Refused):
    """A stake stays for a while after its listing was closed, and is gone where the DAO closed it."""

    FIELDS = ("freeAt",)
    TEXT = "the stake is free from second {freeAt} on; 0: it is gone"


class NotCaller(Refused):
    """Who has paid for no call does not rate."""

    FIELDS = ("caller", "model")
    TEXT = "{caller} has paid for no call of model {model}, or its host has not turned the voucher in yet"


class VoucherNotSigned(Refused):
    """A voucher that its payer did not sign."""

    FIELDS = ("payer",)
    TEXT = "{payer} did not sign the voucher"


class AccountShort(Refused):
    """A voucher for more than its payer has here."""

    FIELDS = ("payer", "heldWei", "neededWei")
    TEXT = "{payer} has {heldWei} wei in its account, needed {neededWei}"


class NotLeaving(Refused):
    """A balance is asked for, and taken three days later."""

    FIELDS = ("leavesAt",)
    TEXT = "can be taken from second {leavesAt} on; 0: ask first"


class NotFree(Refused):
    """A payment that is held comes back to its payer when its host says so, or a day later."""

    FIELDS = ("freeAt",)
    TEXT = "the payment is held until second {freeAt}; 0: none is"


class UnknownDocument(Refused):
    """No document of this number."""

    FIELDS = ("document",)
    TEXT = "document {document}: there is none; documents count from 1"


class AlreadyContributed(Refused):
    """A model has a document once."""

    FIELDS = ("document",)
    TEXT = "this content is there already, as document {document}"


class CannotJudge(Refused):
    """A holder judges once, with the votes that it had when the document came."""

    FIELDS = ("holder", "document")
    TEXT = "{holder} has judged document {document}, had no votes when it came, or names no verdict"


class WrongTime(Refused):
    """A document is judged until its vote ends, and settled once, afterwards; so is what a host is to credit."""

    FIELDS = ("nowAt", "endsAt")
    TEXT = "at second {nowAt}, the vote or the time to credit ends at {endsAt}, or was ended; 0: it never began"


class NotAccepted(Refused):
    """A model is credited with its own accepted documents."""

    FIELDS = ("document", "model")
    TEXT = "document {document} is not one that model {model} answers with"
