"""`fl-alliance market call`: rows of numbers for a model, its answer, and what it cost."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, add_calling, add_model, stall_parser

_MORE = """
Rows come from a CSV without a head, one row a line, or from --row. The glucose model takes 24 readings of 5 minutes
each, in mg/dL, the newest last. --cap is required: a call that could cost more is refused, and nothing is signed.
"""
_EXAMPLES = """\
  fl-alliance market call 1 --csv readings.csv --cap 0.1
  fl-alliance market call 1 --row 110,112,115,... --cap 0.1 --by voucher
  fl-alliance market call 1 --csv readings.csv --cap 0 --by free           a free call of who has locked FML
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("call", "Call a model, and pay.", "MODEL --cap FML [options]", _EXAMPLES, _MORE, CALLER)
    add_model(command)
    add_settings(command)
    command.add_argument("--csv", metavar="FILE", help="rows of numbers")
    command.add_argument("--row", action="append", default=[], metavar="N,N,...", help="a row; may be repeated")
    add_calling(command, "x402")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Call, and print the answer as JSON."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import bill_words, calling
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.caller import Means, prediction
    from fl_alliance.marketplace.inputs import read_rows
    from fl_alliance.marketplace.stall import open_stall

    cap_wei, rows = wei(arguments.cap, "--cap"), read_rows(arguments.csv, arguments.row)
    with open_stall(settings_of(arguments), CALLER) as stall, calling(stall, arguments.gateway) as caller:
        answer = caller.call(prediction(arguments.model, rows), Means(arguments.by), cap_wei)
        print(json.dumps({key: value for key, value in answer.items() if key != "fl_alliance"}))
        print(bill_words(answer))
    return 0
