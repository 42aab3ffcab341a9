"""`fl-alliance market serve`: a host's models behind one HTTP server, paid in FML."""

import argparse
from contextlib import closing

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import number, stall_parser

_MORE = """
Paths: /v1/models, /v1/chat/completions (with streaming), /v1/predict. Any OpenAI client works through its user's
`fl-alliance market proxy`, or with base_url=URL/v1 and a key of `fl-alliance market key`. An answer is charged when it
is given; who is not answered does not pay.

Free calls: an account that has locked FML to vote has one a day for every --free-stake FML, --free-most at most.
--backend URL answers for models listed as openai:MODEL; its key is in the environment variable FL_ALLIANCE_BACKEND_KEY.
What was earned is turned in every --collect-s seconds, and when it stops. Its books are in the state folder: keep them,
they hold the vouchers. It needs the extra `market`.
"""
_EXAMPLES = """\
  fl-alliance market serve                             all your open listings, on http://127.0.0.1:8402
  fl-alliance market serve 1 3 --free-stake 0          two of them, and no free calls
  fl-alliance market serve --host 0.0.0.0 --tls cert.pem --tls-key key.pem
  fl-alliance market serve --backend http://127.0.0.1:11434/v1

Ctrl-C stops it, with exit code 0; the same command goes on.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("serve", "Serve your models.", "[MODEL ...] [NAME=VALUE ...] [options]", _EXAMPLES, _MORE)
    add_settings(command)
    command.add_argument("--host", default="127.0.0.1", metavar="HOST", help="where to listen (default: 127.0.0.1)")
    command.add_argument("--port", type=int, default=8402, metavar="PORT", help="0 for any (default: 8402)")
    command.add_argument("--tls", default="", metavar="FILE", help="certificate chain (default: plain HTTP)")
    command.add_argument("--tls-key", default="", metavar="FILE", help="its key")
    command.add_argument("--free-stake", default="1000", metavar="FML", help="locked FML a free call (default: 1000)")
    command.add_argument(
        "--free-most", type=int, default=20, metavar="N", help="free calls a day at most (default: 20)"
    )
    command.add_argument("--free-tokens", type=int, default=256, metavar="N", help="of a free answer (default: 256)")
    command.add_argument("--backend", default="", metavar="URL", help="an OpenAI-compatible service, up to /v1")
    command.add_argument("--collect-s", type=float, default=600.0, metavar="S", help="default: 600")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    named = [word for word in arguments.words if "=" not in word]
    arguments.words = [word for word in arguments.words if "=" in word]
    from fl_alliance.cli.arena.common import introduce, settings_of
    from fl_alliance.cli.market.common import HOST, heard_signals, require_payable
    from fl_alliance.market.config import wei
    from fl_alliance.market.errors import SettingRefused
    from fl_alliance.marketplace.admission import FreeRate
    from fl_alliance.marketplace.loading import Backend
    from fl_alliance.marketplace.serving import Gateway, Setup
    from fl_alliance.marketplace.stall import open_stall

    try:
        models = [number(word) for word in named]
    except argparse.ArgumentTypeError as error:
        raise SettingRefused(f"MODEL: {error}") from None
    least = {"free_most": 0, "free_tokens": 1, "collect_s": 1}
    for name, needed in least.items():
        if not (value := getattr(arguments, name)) >= needed:
            raise SettingRefused(f"--{name.replace('_', '-')}={value:g}: needs {needed} at least")
    free = FreeRate(wei(arguments.free_stake, "--free-stake"), arguments.free_most, arguments.free_tokens)
    setup = Setup(
        arguments.host,
        arguments.port,
        arguments.tls,
        arguments.tls_key,
        free,
        Backend(arguments.backend),
        arguments.collect_s,
    )
    settings = settings_of(arguments)
    with open_stall(settings, HOST) as stall:
        require_payable(stall, 0, "this")
        print(introduce(stall.place, settings), flush=True)
        with closing(Gateway(stall, setup, models, lambda line: print(line, flush=True))) as gateway:
            for served in gateway.counter.served.values():
                path = "/v1/chat/completions" if served.seat.speaks else "/v1/predict"
                print(f"model {served.number}: {served.lineage.title}, at {path}", flush=True)
            with heard_signals() as stops, gateway.listening() as (server, url):
                stops.append(server.stop)
                print(f"serving {url}/v1", flush=True)
                server.run()
    return 0
