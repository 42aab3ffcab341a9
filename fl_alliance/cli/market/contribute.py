"""`fl-alliance market contribute`: a document for a model's knowledge base."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, add_model, stall_parser

_MORE = """
The document is text in UTF-8, a megabyte at most, and becomes public: it goes into the market's store, its sha256 on
the chain. Your stake comes back after the vote, unless holders find it malicious. Where answers use it, you are paid.
"""
_EXAMPLES = """\
  fl-alliance market contribute 2 hypoglycaemia.md
  fl-alliance market contribute 2 --withdraw           take what your documents have earned
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "contribute",
        "Add a document to a model's knowledge base.",
        "MODEL FILE [NAME=VALUE ...]",
        _EXAMPLES,
        _MORE,
        CALLER,
    )
    add_model(command)
    add_signing(command)
    command.add_argument(
        "--withdraw", action="store_true", help="take what your documents have earned, all models' together"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Publish and contribute it, or take what is due."""
    files = [word for word in arguments.words if "=" not in word]
    arguments.words = [word for word in arguments.words if "=" in word]
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.marketplace.contributions import read_document, untaken
    from fl_alliance.marketplace.stall import open_stall

    document = None if arguments.withdraw else read_document(files)
    with open_stall(settings_of(arguments), CALLER) as stall:
        stall.listing(arguments.model)
        if document is None:
            require_payable(stall, 0, "this")
            parts = untaken(stall.documents, stall.me)
            agreed([f"{stall.me} takes {fml(stall.documents.due_wei(stall.me) + sum(parts.values()))}"], arguments)
            for number in parts:
                stall.documents.take_share(number)
            print(f"{fml(stall.documents.withdraw())} came in")
            return 0
        stake_wei = stall.documents.stake_wei
        require_payable(stall, stake_wei, "a document's stake")
        agreed(
            [
                f"{stall.me} publishes {files[0]}, {len(document)} bytes, for model {arguments.model}",
                f"stake {fml(stake_wei)}",
            ],
            arguments,
        )
        number = stall.documents.contribute(arguments.model, stall.place.store.put(document).digest)
        print(f"document {number}; holders judge it: fl-alliance market judge {number} relevant")
    return 0
