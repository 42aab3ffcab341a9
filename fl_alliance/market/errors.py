"""What a person at the command line can put right; every message ends with how.

MarketError
├── SettingRefused              a setting that there is not, or that cannot be used
├── ChainNotRunning             no chain answers at the URL
├── MarketUnknown               no manifest of a market, or of one that is not on this chain
├── MarketThere                 a market is there already
├── TaskUnknown                 no task of that number
├── KeyMissing                  no key to act with
├── AccountShort                the account lacks FML, or the chain's own coin for gas
├── NotDao                      only the DAO can have the emission pay a task
└── TaskClosed                  the task has ended, or cannot be joined any more
"""


class MarketError(Exception):
    """Root of this tree; messages say what was found, what is needed, and which command helps."""


class SettingRefused(MarketError):
    """A setting is unknown or cannot be used."""


class ChainNotRunning(MarketError):
    """Nothing answers where the chain should be."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"no chain answers at {url}; start one in another terminal with `fl-alliance chain`, "
            "or name yours: chain.url=URL"
        )


class MarketUnknown(MarketError):
    """Where the market's contracts are is not known."""

    def __init__(self, found: str, needed: str = "put a market on this chain with `fl-alliance arena deploy`") -> None:
        super().__init__(f"{found}; {needed}, or name its manifest: chain.manifest=FILE")


class MarketThere(MarketError):
    """A second market would hide the first."""

    def __init__(self, manifest: str, is_on_chain: bool) -> None:
        found = "a market that is on this chain" if is_on_chain else "a market that is on another chain, or gone"
        super().__init__(
            f"{manifest} is of {found}; "
            + ("use it, or put another one elsewhere with folder=FOLDER" if is_on_chain else "write over it: --replace")
        )


class TaskUnknown(MarketError):
    """There is no such task."""

    def __init__(self, task: int, count: int) -> None:
        there = f"tasks are numbered 1 to {count}: see `fl-alliance arena status`" if count else "there is none yet"
        super().__init__(f"no task {task}; {there}; make one with `fl-alliance arena create classify`")


class KeyMissing(MarketError):
    """No account to act as."""

    def __init__(self, variable: str, chain_id: int) -> None:
        super().__init__(
            f"chain {chain_id} is no development chain and there is no key: put 64 hex digits or a keystore's path "
            f"into the environment variable {variable}, or name a keystore file: key.keystore=FILE"
        )


class AccountShort(MarketError):
    """An account cannot pay for what it is about to do."""


class NotDao(MarketError):
    """The account cannot verify a task."""

    def __init__(self, account: str) -> None:
        super().__init__(
            f"--verified: {account} does not hold the DAO's role, so the emission would not pay; pay the task yourself "
            "with task.daily=FML, or act as who deployed the market"
        )


class TaskClosed(MarketError):
    """Nobody can join the task any more."""
