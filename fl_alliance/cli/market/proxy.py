"""`fl-alliance market proxy`: any client on this machine, paid by a voucher a call and never beyond a cap."""

import argparse

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, GATEWAY, stall_parser

_MORE = """
Leave it running and give your client its base URL, with any text for a key; it answers /v1/models,
/v1/chat/completions, with streaming, and /v1/predict, to programs of this machine alone. Every call is paid out of your
account for vouchers (`fl-alliance market deposit`) by one that your key signs, within --cap for the whole run and
--call-cap for a call. A host that does not answer gets nothing but what it has answered and that one call; one that
says that more is owed than you know of is refused. An API key (`fl-alliance market key`) instead trusts the
host with its cap.
"""
_EXAMPLES = """\
  fl-alliance market proxy --cap 5                     serves http://127.0.0.1:8403/v1
  OPENAI_BASE_URL=http://127.0.0.1:8403/v1 OPENAI_API_KEY=any your-program
  curl http://127.0.0.1:8403/v1/predict --json '{"model": "model-1", "inputs": [[1.0, 2.0]]}'
  fl-alliance market proxy --cap 5 --call-cap 0.5 --gateway https://models.example

Ctrl-C stops it and says what was spent.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "proxy", "Pay for a client's calls.", "--cap FML [NAME=VALUE ...] [options]", _EXAMPLES, _MORE, CALLER
    )
    add_settings(command)
    command.add_argument("--cap", required=True, metavar="FML", help="what the run may cost at most")
    command.add_argument("--call-cap", metavar="FML", help="what a call may cost at most (default: --cap)")
    command.add_argument("--gateway", default=GATEWAY, metavar="URL", help=f"the host's gateway (default: {GATEWAY})")
    command.add_argument("--port", type=int, default=8403, metavar="PORT", help="0 for any (default: 8403)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C, and say what was spent."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import calling, heard_signals
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.errors import ExtraMissing
    from fl_alliance.marketplace.listener import Server, bound, url_of
    from fl_alliance.marketplace.stall import open_stall

    try:
        from fl_alliance.marketplace.proxy import Spender, create_proxy
    except ImportError as missing:
        raise ExtraMissing("the proxy", str(missing.name)) from None
    cap_wei = wei(arguments.cap, "--cap")
    call_wei = wei(arguments.call_cap, "--call-cap") if arguments.call_cap else cap_wei
    with open_stall(settings_of(arguments), CALLER) as stall, calling(stall, arguments.gateway) as caller:
        spender = Spender(caller, cap_wei, call_wei)
        with bound("127.0.0.1", arguments.port) as listener, heard_signals() as stops:
            server = Server(create_proxy(spender), listener)
            stops.append(server.stop)
            held = fml(stall.revenue.account(stall.me).balance_wei)
            print(f"{stall.me} pays {caller.url}, out of an account that holds {held}")
            print(f"at most {fml(cap_wei)} in all, {fml(call_wei)} a call")
            print(f"serving {url_of(listener)}/v1", flush=True)
            server.run()
        print(f"spent {fml(spender.spent_wei)} for {spender.answered} answers")
        if spender.unanswered_wei:
            print(f"{fml(spender.unanswered_wei)} more were signed for a call that was not answered")
    return 0
