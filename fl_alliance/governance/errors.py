"""What a person can put right when taking part in the DAO.

GovernanceError
├── DaoUnknown          the market has no DAO
├── DaoThere            the market has one already
├── ActionRefused       what is to be proposed is nothing, or cannot be
├── ProposalUnknown     no proposal of that number
├── WrongStage          the proposal is at another stage
└── NotConfirmed        nobody said yes
"""

from fl_alliance.market.errors import MarketError


class GovernanceError(MarketError):
    """Root of this tree."""


class DaoUnknown(GovernanceError):
    """Nobody has put a DAO over this market."""

    def __init__(self, arena: str) -> None:
        super().__init__(
            f"the market at {arena} has no DAO; who deployed it puts one over it with `fl-alliance dao deploy`"
        )


class DaoThere(GovernanceError):
    """There is one DAO to a market."""

    def __init__(self, dao: str) -> None:
        super().__init__(f"there is a DAO already, at {dao}; see `fl-alliance dao status`")


class ActionRefused(GovernanceError):
    """An action of a proposal cannot be read, or does nothing."""


class ProposalUnknown(GovernanceError):
    """There is no such proposal."""

    def __init__(self, number: int, count: int) -> None:
        there = f"proposals are numbered 1 to {count}" if count else "there is none yet"
        super().__init__(f"no proposal {number}; {there}: see `fl-alliance dao status`")


class WrongStage(GovernanceError):
    """It is not the time for this."""


class NotConfirmed(GovernanceError):
    """What is about to be signed was shown, and nobody said yes."""

    def __init__(self, is_asked: bool) -> None:
        super().__init__(
            "not signed" if is_asked else "nobody is at a terminal to say yes; say so on the command line with --yes"
        )
