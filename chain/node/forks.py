"""Which rules a chain's hard fork name stands for."""

from fl_alliance.chain.node.engine import Engine
from fl_alliance.chain.node.evm import PragueRules, PyEvm, ReferenceRules
from fl_alliance.chain.node.settings import Settings


def new_engine(settings: Settings, *, reference: bool = False) -> Engine:
    """Return an engine with an empty state; `reference` runs contracts by py-evm's own loop, ten times slower."""
    engine = PyEvm(settings.chain_id, PragueRules, ReferenceRules)
    if settings.hardfork != "prague":
        from fl_alliance.chain.node.osaka import OsakaReferenceRules, OsakaRules  # needs cryptography

        engine = PyEvm(settings.chain_id, OsakaRules, OsakaReferenceRules)
    engine.interpret(reference)
    return engine
