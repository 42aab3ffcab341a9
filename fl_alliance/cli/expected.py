"""The errors that a user can put right: a wrong setting, folder, key or endpoint."""


def expected_errors() -> tuple[type[Exception], ...]:
    """Return their classes; evaluated when an error is on its way, so that start-up pays for no import."""
    from fl_alliance.arena.errors import ArenaError
    from fl_alliance.chain.errors import ChainError
    from fl_alliance.config import ConfigError
    from fl_alliance.dp.errors import PrivacyError
    from fl_alliance.folders import FolderError
    from fl_alliance.market.errors import MarketError
    from fl_alliance.models import ModelMissing
    from fl_alliance.strategies.errors import StrategyError
    from fl_alliance.workloads.errors import WorkloadError

    return (
        ArenaError,
        ChainError,
        ConfigError,
        FolderError,
        MarketError,
        ModelMissing,
        PrivacyError,
        StrategyError,
        WorkloadError,
    )
