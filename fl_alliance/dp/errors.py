"""What stops a node from spending privacy, as a tree.

PrivacyError
    BudgetSpent       what was asked for would exceed what may be spent
    LedgerDamaged     the ledger is not what this node wrote
    UnknownData       a data set without a ledger, in a folder where others have one
    ReceiptInvalid    a receipt is not what it says
"""


class PrivacyError(Exception):
    """A request cannot be carried out within the promise of privacy; the message says why and what is needed."""


class BudgetSpent(PrivacyError):
    """What was asked for would exceed what may be spent; nothing was computed."""


class LedgerDamaged(PrivacyError):
    """The ledger is not what this node wrote: a node that does not know what it spent spends nothing."""


class UnknownData(PrivacyError):
    """A data set has no ledger while others in the same folder have: it may be one of them, changed."""


class ReceiptInvalid(PrivacyError):
    """A receipt is not about this update, or not signed by who should have."""
