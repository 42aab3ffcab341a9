"""Errors of the strategies.

StrategyError
├── CommitteeTooSmall   the inner strategy needs more nodes than the chain draws
├── SettingRefused      a setting of the inner strategy is no number, or not one it can work with
├── StrategyFailed      the inner strategy raised, or returned what is no model
├── RunStalled          no node led a draw, or too few members are left, and the task cannot go on
└── BadReply            a node's reply is not what was asked for (it is dropped, the round goes on)
"""


class StrategyError(Exception):
    """The root: something about running a strategy under the chain."""


class CommitteeTooSmall(StrategyError):
    """The inner strategy would wait for ever, or refuse to aggregate, with the committee that the chain draws."""

    def __init__(self, strategy: str, setting: str, needed: int, committee: str, given: int) -> None:
        super().__init__(
            f"{strategy} needs {needed} nodes ({setting}), but the task draws {given} {committee}; "
            f"raise alliance.{committee} to {needed} or lower {setting}"
        )
        self.needed = needed
        self.given = given


class SettingRefused(StrategyError):
    """A setting that the inner strategy takes without a word, and with which it would wait for ever or train nobody."""

    def __init__(self, strategy: str, setting: str, given: object, needed: str) -> None:
        super().__init__(f"{strategy}: {setting}={given!r}, needed {needed}")


class StrategyFailed(StrategyError):
    """The inner strategy has a defect: what the chain has settled stays settled."""


class RunStalled(StrategyError):
    """The task cannot go on; the message says where it stopped and what was waited for."""


class BadReply(StrategyError):
    """A node's reply lacks something, has it in the wrong form, or is not what the node signed."""
