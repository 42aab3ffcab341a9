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
    from fl_alliance.site.errors import SiteError
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
        SiteError,
        StrategyError,
        WorkloadError,
    )


def in_one_line(error: Exception) -> str:
    """Return what an expected error says, with the way to gas where that is what is missing."""
    from fl_alliance.chain.errors import GasMissing
    from fl_alliance.market.money import how_to_get_some

    advice = f"; {how_to_get_some(error.account, error.chain_id)}" if isinstance(error, GasMissing) else ""
    return " ".join(str(error).split()) + advice
