"""What a person at the command line can put right about the console.

ConsoleError
├── ExtraMissing        the packages of the extra `console` are not installed
├── NothingToShow       neither a market nor a run was found
└── IndexBusy           another console writes the index
"""

from fl_alliance.market.errors import MarketError


class ConsoleError(MarketError):
    """Root of this tree."""


class ExtraMissing(ConsoleError):
    """A package of the extra is missing."""

    def __init__(self, package: str) -> None:
        super().__init__(f"the package {package} is missing; install the extra: pip install 'fl-alliance[console]'")


class NothingToShow(ConsoleError):
    """There is nothing to read."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"nothing to show: {reason}; and no run folder was named, nor is one under runs/: "
            "make one with `fl-alliance run`, or name it: fl-alliance console RUN"
        )


class IndexBusy(ConsoleError):
    """One console writes an index at a time."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"another console writes the index {path}; stop it, look at its pages, or keep this one's elsewhere: "
            "--index FOLDER"
        )
