"""`fl-alliance dao propose`: a change, with a stake and in plain words."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_EXAMPLES = """\
  fl-alliance dao propose "Glucose earns emission" --verify alliance:1
  fl-alliance dao propose "Cheaper proposals" --set dao.stake=1000
  fl-alliance dao propose "An audit" --spend 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 25000 --yes
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    from fl_alliance.governance.parameters import PARAMETERS

    width = max(map(len, PARAMETERS))
    more = "\nparameters:\n" + "".join(f"  {name:<{width}}  {known.about}\n" for name, known in PARAMETERS.items())
    command = dao_parser(
        "propose",
        "Propose a change: it is staked, reviewed and voted on.",
        "TEXT ACTION ... [NAME=VALUE ...]",
        _EXAMPLES,
        more,
    )
    command.add_argument("text", metavar="TEXT", help="why, in your words; voters see what the calls do beside it")
    add_signing(command)
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter (below)")
    command.add_argument("--verify", action="append", default=[], metavar="TASK", help="have the emission pay a task")
    command.add_argument("--unverify", action="append", default=[], metavar="TASK", help="have it pay that no more")
    command.add_argument(
        "--spend",
        action="append",
        default=[],
        nargs=2,
        metavar=("ACCOUNT", "FML"),
        help="pay from the treasury; `gauges` is the models' budget",
    )
    command.add_argument(
        "--expel", action="append", default=[], metavar="MODEL", help="close a listing and burn its stake"
    )
    command.add_argument(
        "--remove", action="append", default=[], metavar="DOCUMENT", help="take a document out of its model's base"
    )
    command.add_argument("--resume", action="store_true", help="end the guardian's pause")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Show what it does and what it stakes, and propose it."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import ActionRefused
    from fl_alliance.governance.hall import confirm, open_hall
    from fl_alliance.governance.say import require_proposable
    from fl_alliance.governance.standing import does_words
    from fl_alliance.market.money import require_fml, require_gas

    with open_hall(settings_of(arguments)) as hall:
        place, actions = hall.place, hall.actions
        calls = actions.set(arguments.set) + actions.spend(arguments.spend)
        calls += actions.verify(arguments.unverify, is_verified=False)
        calls += actions.verify(arguments.verify, is_verified=True)
        calls += actions.expel(arguments.expel) + actions.remove(arguments.remove)
        calls += [actions.resume()] if arguments.resume else []
        if not calls or not arguments.text.strip():
            raise ActionRefused("needs a text, and something to do: --set, --verify, --spend or another action")
        stake_wei = hall.dao.terms().stake_wei
        require_gas(place.rpc, place.me, place.market.chain_id)
        require_fml(place.me, place.arena.token.balance_wei(), stake_wei, "a proposal's stake", place.market.chain_id)
        require_proposable(hall.dao, calls, arguments.text, place.now())
        lines = does_words([hall.decoder.words(call) for call in calls])
        intent = f"{place.me} proposes this and stakes {fml(stake_wei)}, which are lost if holders condemn it"
        confirm([*lines, intent], arguments.yes)
        hall.dao.propose(calls, arguments.text)
        number = len(hall.dao.proposals())
        print(f"proposal {number} is in review; who has locked FML decides: fl-alliance dao status {number}")
    return 0
