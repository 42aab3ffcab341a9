"""`fl-alliance market chat`: a question for a model that speaks, its answer as it comes, and what it cost."""

import argparse
import sys

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, add_calling, add_model, stall_parser, tokens

_MORE = """
Without words it asks for questions until an empty one; each answer knows what was said before, and --cap is for each.
Vouchers come out of your account (`fl-alliance market deposit`) and pay for the tokens that were said; x402 pays for
--tokens, however many are said.
"""
_EXAMPLES = """\
  fl-alliance market chat 2 "What do I do below 70 mg/dL?" --cap 2
  fl-alliance market chat 2 --cap 2                    a conversation
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "chat", "Ask a model, and pay.", "MODEL [WORDS] --cap FML [options]", _EXAMPLES, _MORE, CALLER
    )
    add_model(command)
    add_settings(command)
    add_calling(command, "voucher")
    command.add_argument("--tokens", type=tokens, default=256, metavar="N", help="of an answer at most (default: 256)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Ask once, or for as long as there are questions."""
    words = [word for word in arguments.words if "=" not in word or " " in word]
    arguments.words = [word for word in arguments.words if word not in words]
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import bill_words, calling
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.caller import Means, question
    from fl_alliance.marketplace.engines import Message
    from fl_alliance.marketplace.lineage import printable
    from fl_alliance.marketplace.stall import open_stall

    cap_wei = wei(arguments.cap, "--cap")
    with open_stall(settings_of(arguments), CALLER) as stall, calling(stall, arguments.gateway) as caller:
        said = list[Message]()
        text = " ".join(words) or _asked()
        while text:
            said.append(Message("user", text))
            call = question(arguments.model, said, arguments.tokens, is_streamed=True)
            answer = caller.call(
                call, Means(arguments.by), cap_wei, lambda piece: print(printable(piece), end="", flush=True)
            )
            print(f"\n{bill_words(answer)}")
            said.append(Message("assistant", answer["choices"][0]["message"]["content"]))
            text = "" if words else _asked()
    return 0


def _asked() -> str:
    """Return the next question; empty where there is none, or nobody to ask."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        return input("you: ").strip()
    except EOFError:
        return ""
