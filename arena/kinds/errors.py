"""What can go wrong with a task kind, other than a submission that is refused (`arena/errors.py`).

ArenaError
└── KindError
    ├── DataUnusable        a dataset that is not what the kind reads, or holds too much
    ├── BudgetUnusable      a training budget out of range
    ├── BaseMissing         the package that ships the task's base model is not installed
    └── BaseUnusable        a base model other than the task's
"""

from fl_alliance.arena.errors import ArenaError


class KindError(ArenaError):
    """A kind cannot do what was asked; the message names what was found and what is needed."""


class DataUnusable(KindError):
    """A dataset, or a line of one, that the kind cannot read."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"dataset: found {found}; needed {needed}")
        self.found, self.needed = found, needed


class BudgetUnusable(KindError):
    """A training budget with which nothing can be trained."""

    def __init__(self, name: str, found: float, needed: str) -> None:
        super().__init__(f"training budget: found {name}={found}; needed {needed}")
        self.name, self.found, self.needed = name, found, needed


class BaseMissing(KindError):
    """A base model comes in a package, and that is not installed."""

    def __init__(self, name: str, command: str) -> None:
        super().__init__(f"base model {name}: its package is not installed; needed: {command}")
        self.name, self.command = name, command


class BaseUnusable(KindError):
    """Content that is not the base model it should be."""

    def __init__(self, name: str, found: str, needed: str) -> None:
        super().__init__(f"base model {name}: found {found}; needed {needed}")
        self.name, self.found, self.needed = name, found, needed
