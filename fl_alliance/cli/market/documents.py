"""`fl-alliance market documents`: what was contributed, how it stands, and what it has earned."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, number, settings_beside_model, stall_parser

_EXAMPLES = """\
  fl-alliance market documents --model 2
  fl-alliance market documents --json
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "documents", "Show what was contributed.", "[NAME=VALUE ...] [options]", _EXAMPLES, "", CALLER
    )
    add_settings(command)
    command.add_argument("--model", type=number, metavar="MODEL", help="of this model only")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print them."""
    from fl_alliance.arena.events import fml
    from fl_alliance.marketplace.contributions import untaken
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_beside_model(arguments), CALLER) as stall:
        rows = []
        for each in range(1, stall.documents.count + 1):
            found = stall.documents.document(each)
            if arguments.model in (None, found.model):
                state = ("accepted" if found.is_accepted else "not accepted") if found.is_settled else "in its vote"
                rows.append({"document": each, "model": found.model, "state": state, "uses": found.uses})
                rows[-1] |= {"contributor": found.contributor, "digest": found.digest.hex()}
        due_wei = stall.documents.due_wei(stall.me) + sum(untaken(stall.documents, stall.me).values())
        if arguments.json:
            print(json.dumps({"documents": rows, "due_wei": str(due_wei)}, indent=2))
            return 0
        for row in rows:
            print(
                f"document {row['document']} of model {row['model']}: {row['state']}, "
                f"{row['uses']} uses, by {row['contributor']}"
            )
        print(f"{stall.me} can take {fml(due_wei)}: fl-alliance market contribute MODEL --withdraw")
    return 0
