"""The stages of a proposal of the DAO, and how holders appear in the first."""

from enum import IntEnum


class Stage(IntEnum):
    """Where a proposal is, as OpenZeppelin's ProposalState: PENDING in its review, ACTIVE in the general meeting."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7

    @property
    def is_final(self) -> bool:
        """Whether nothing more can come of it."""
        return self in (Stage.CANCELED, Stage.DEFEATED, Stage.EXPIRED, Stage.EXECUTED)


class Appearance(IntEnum):
    """How a holder appears in a review."""

    NONE = 0
    PRESENT = 1
    SCAM = 2
    FRIVOLOUS = 3
