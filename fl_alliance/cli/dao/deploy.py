"""`fl-alliance dao deploy`: a DAO over a market, which owns every role of it from then on."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_MORE = """
Whoever deployed the market does this, and has no say afterwards but by votes. A proposal can change all of it. With
the DAO come gauges and a marketplace: payments are split 70 % to the host, 20 % to contributors, 10 % burned; a
listing takes 1,000 FML of stake, a document 10.
"""
_EXAMPLES = """\
  fl-alliance dao deploy                               over the market of this machine
  fl-alliance dao deploy --guardian 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --treasury 5000000
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "deploy", "Put a DAO over a market, and hand it every role.", "[NAME=VALUE ...] [options]", _EXAMPLES, _MORE
    )
    add_signing(command)
    command.add_argument("--guardian", metavar="ACCOUNT", help="who may pause, and nothing else (default: you)")
    command.add_argument("--treasury", default="0", metavar="FML", help="what you give its treasury (default: 0)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Deploy it and hand over."""
    from fl_alliance.chain.dao_deploy import DaoTerms
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.founding import found
    from fl_alliance.governance.hall import confirm
    from fl_alliance.market.config import wei
    from fl_alliance.market.parties import address_of
    from fl_alliance.market.place import Folders, open_place

    settings, treasury_wei = settings_of(arguments), wei(arguments.treasury, "--treasury")
    with open_place(settings, 0) as place:
        guardian = address_of(arguments.guardian) if arguments.guardian else place.me
        intent = f"{place.me} gives every role of the market at {place.market.arena} to a DAO, for good"
        confirm([intent, f"{guardian} may pause"], arguments.yes)
        manifest = Folders.of(settings).manifest
        found(place, manifest, guardian, DaoTerms(), treasury_wei, lambda line: print(line, flush=True))
        print(f"manifest {manifest}; next, holders lock FML: fl-alliance dao lock AMOUNT")
    return 0
