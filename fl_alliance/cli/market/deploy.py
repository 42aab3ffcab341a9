"""`fl-alliance market deploy`: a marketplace over a market, which the market's DAO owns."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import add_signing, stall_parser

_MORE = """
The DAO owns it from the first block on: stakes, the split and who is expelled change by proposals alone. Payments are
split 70 % to the host, 20 % to contributors, 10 % burned; a listing takes 1,000 FML of stake, a document 10.
"""
_EXAMPLES = """\
  fl-alliance market deploy                            over the market of this machine, after `fl-alliance dao deploy`
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "deploy", "Put a marketplace over a market with a DAO.", "[NAME=VALUE ...] [options]", _EXAMPLES, _MORE
    )
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Deploy it, and note it in the manifest."""
    from fl_alliance.chain.deploy import DAO, MODELS
    from fl_alliance.chain.marketplace import add_marketplace
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed
    from fl_alliance.governance.errors import DaoUnknown
    from fl_alliance.market.money import require_gas
    from fl_alliance.market.place import Folders, open_place
    from fl_alliance.marketplace.errors import MarketplaceThere

    settings = settings_of(arguments)
    with open_place(settings, 0) as place:
        market = place.market
        if DAO not in market.contracts:
            raise DaoUnknown(market.arena)
        if MODELS in market.contracts:
            raise MarketplaceThere(market.address(MODELS))
        require_gas(place.rpc, place.me, market.chain_id)
        agreed([f"{place.me} puts a marketplace, owned by the DAO, over the market at {market.arena}"], arguments)
        found = add_marketplace(place.sender, market)
        manifest = Folders.of(settings).manifest
        found.save(manifest)
        print(f"deployed the marketplace: models {found.address(MODELS)}; manifest {manifest}")
        print("list a model with: fl-alliance market list SOURCE --price FML")
    return 0
