"""`fl-alliance market key`: an API key for any OpenAI client, with a cap that is signed once."""

import argparse

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, GATEWAY, add_model, hours, stall_parser

_MORE = """
The key goes where a client wants an API key, with base_url=GATEWAY/v1. It proves your account, whose free calls it may
use, and pays out of your account for vouchers, up to --cap and no further. It is a secret: whoever has it can use it so
far, and it trusts the host with the cap: a host that lies can turn in all of it without an answer. For a client that
you run yourself take `fl-alliance market proxy`, which signs every call by itself. Without --cap it is for free calls.
"""
_EXAMPLES = """\
  fl-alliance market key 2 --cap 5 --hours 12
  OPENAI_BASE_URL=http://127.0.0.1:8402/v1 OPENAI_API_KEY=$(fl-alliance market key 2 --cap 5) your-program
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("key", "Make an API key.", "MODEL [NAME=VALUE ...] [options]", _EXAMPLES, _MORE, CALLER)
    add_model(command)
    add_settings(command)
    command.add_argument("--cap", default="0", metavar="FML", help="what its bearer may spend in all (default: 0)")
    command.add_argument(
        "--hours", type=hours, default=24.0, metavar="H", help="how long it opens anything (default: 24)"
    )
    command.add_argument("--gateway", default=GATEWAY, metavar="URL", help=f"the host's gateway (default: {GATEWAY})")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print the key, and nothing else."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import calling
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.stall import open_stall

    cap_wei = wei(arguments.cap, "--cap")
    with open_stall(settings_of(arguments), CALLER) as stall, calling(stall, arguments.gateway) as caller:
        print(caller.session(arguments.model, cap_wei, int(arguments.hours * 3_600)).encode())
    return 0
