"""`fl-alliance market share`: the contributors' share of a model whose host credits no documents."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, add_model, stall_parser

_MORE = """
Anybody may. The first time the host is called: it has 30 days to credit the documents that its answers used, which its
gateway does by itself. Where it does not, the same command shares out what waited then, evenly among the documents that
the model answers with; without any it is burned.
"""
_EXAMPLES = """\
  fl-alliance market share 2                           calls the host, or shares out
  fl-alliance market contribute 2 --withdraw           takes what came of it for your documents
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "share", "Share out what a host does not credit.", "MODEL [NAME=VALUE ...]", _EXAMPLES, _MORE, CALLER
    )
    add_model(command)
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Call the host, say when it can be shared out, or share it out."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.market.units import duration
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), CALLER) as stall:
        documents, model = stall.documents, arguments.model
        waiting_wei, call, now = documents.share_wei(model), documents.call(model), stall.place.now()
        if not call.due_at and not waiting_wei:
            print(f"nothing of the contributors' share of model {model} waits")
        elif now < call.due_at:
            print(f"{fml(call.amount_wei)} can be shared out in {duration(call.due_at - now)} with the same command")
        elif call.due_at:
            require_payable(stall, 0, "this")
            agreed([f"{fml(call.amount_wei)} are shared out among the documents of model {model}"], arguments)
            print(f"each document has {fml(documents.share_out(model))} of it")
        else:
            require_payable(stall, 0, "this")
            agreed([f"the host of model {model} is called to credit {fml(waiting_wei)}"], arguments)
            left_s = documents.call_for_credit(model).due_at - stall.place.now()
            print(f"if it does not, the same command shares it out in {duration(left_s)}")
    return 0
