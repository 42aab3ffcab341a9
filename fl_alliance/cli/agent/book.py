"""`fl-alliance agent book`: names that the agent knows, which nobody but this command writes."""

import argparse

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arena.common import add_settings, settings_of
from fl_alliance.cli.arguments import CommandParser

_EXAMPLES = """\
  fl-alliance agent book show
  fl-alliance agent book add ada 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
  fl-alliance agent book add glucose-3 task:3
  fl-alliance agent book add nova model:2 --url http://127.0.0.1:8080/v1
  fl-alliance agent book remove ada
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    usage = "show | add NAME ADDRESS|task:N|model:N | remove NAME [NAME=VALUE ...]"
    command = agent_parser("book", "Show, add or remove names.", usage, _EXAMPLES)
    command.add_argument("what", choices=("show", "add", "remove"), metavar="show|add|remove", help="what to do")
    add_settings(command)
    command.add_argument("--url", default="", help="of a model: where it answers, as `openai` takes a base URL")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Show the book, or change it."""
    from fl_alliance.agent.errors import BookRefused
    from fl_alliance.agent.opening import book_of

    names = [word for word in arguments.words if "=" not in word]
    arguments.words = [word for word in arguments.words if "=" in word]
    book = book_of(settings_of(arguments))
    needed = {"show": 0, "add": 2, "remove": 1}[arguments.what]
    if len(names) != needed:
        raise BookRefused(f"{arguments.what}: given {len(names)} words, needed {needed}")
    if arguments.what == "add":
        book.add(names[0], names[1], arguments.url)
    elif arguments.what == "remove":
        book.remove(names[0])
    if needed:
        book.save()
    for name, entry in sorted(book.entries.items()):
        print(f"{name:<20} {entry.kind} {entry.value}{' at ' if entry.url else ''}{entry.url}")
    if not book.entries:
        print("the address book is empty; add a name with `fl-alliance agent book add NAME ADDRESS`")
    return 0
