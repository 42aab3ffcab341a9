"""Which rules a chain's hard fork name stands for."""

from fl_alliance.chain.node.engine import Engine
from fl_alliance.chain.node.evm import PragueRules, PyEvm
from fl_alliance.chain.node.settings import Settings


def new_engine(settings: Settings) -> Engine:
    """Return an engine with an empty state."""
    if settings.hardfork == "prague":
        return PyEvm(settings.chain_id, PragueRules)
    from fl_alliance.chain.node.osaka import OsakaRules

    return PyEvm(settings.chain_id, OsakaRules)
