"""`fl-alliance arena deploy`: a market on a chain, and the manifest by which everybody else finds it."""

import argparse
from typing import TYPE_CHECKING

from fl_alliance.cli.arena.common import add_settings, is_printed, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

if TYPE_CHECKING:
    from fl_alliance.chain.deploy import Deployment
    from fl_alliance.market.settings import MarketSettings

_MORE = """\
  market.supply=580000000  FML that exist before the emission; the account gets them
  market.starts_in_s=      seconds of the chain's time until the emission's first day (default: about a minute)
  market.creator_stake=100 least stake of a task's creator, in FML
  market.withdrawal_delay_s=604800               between a delegator's request and its redemption
  market.development_fml=1000000                 to each of the other development accounts, on a development chain

The account holds the DAO's role until there is a DAO. Give the manifest to whoever takes part on another machine.
"""
_EXAMPLES = """\
  fl-alliance arena deploy                             on the chain that `fl-alliance chain` serves
  fl-alliance arena deploy --replace                   again, after a chain in memory was stopped
  FL_ALLIANCE_KEY=key.json fl-alliance arena deploy chain.url=https://rpc.example.org
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "deploy",
        "Put a market on a chain: token, emission, delegation pools and the Arena.",
        "0",
        _MORE,
        _EXAMPLES,
        "[NAME=VALUE ...] [options]",
    )
    add_settings(command)
    command.add_argument("--replace", action="store_true", help="write over the manifest of a market on another chain")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Deploy, write the manifest, and give the development accounts FML."""
    settings = settings_of(arguments, "market")
    if is_printed(arguments, settings):
        return 0
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.market.deploying import deploy, fund_development, require_room
    from fl_alliance.market.place import Folders, open_chain

    folders = Folders.of(settings)
    with open_chain(settings) as w3:
        require_room(folders.manifest, Rpc(w3), arguments.replace)
        sender, market = deploy(w3, settings)
        market.save(folders.manifest)
        _report(settings, market)
        if count := fund_development(sender, market, settings):
            print(f"each of the other {count} development accounts has {settings.market.development_fml} FML")
    print("make a task with: fl-alliance arena create classify")
    return 0


def _report(settings: "MarketSettings", market: "Deployment") -> None:
    from fl_alliance.market.place import Folders

    folders = Folders.of(settings)
    print(
        f"deployed a market on chain {market.chain_id} at {settings.chain.url}: Arena {market.arena}, FML {market.fml}"
    )
    print(f"manifest {folders.manifest}, store {folders.store}, journals in {folders.state}")
