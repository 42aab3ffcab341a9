"""`fl-alliance agent`: plain words to one token action, one file a command; words that name none go to `ask`."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "ask": "do what the words ask for; without words, chat",
    "mcp": "serve the same tools to an MCP client over standard input and output",
    "book": "the address book: names for accounts, tasks and models",
    "limits": "what the agent may spend at once and in a day",
    "log": "what was asked, proposed, refused and why, and sent",
}
DEFAULT = "ask"

_EPILOG = """\
A language model, or a parser, only proposes. Guards outside it decide: what is signed is in your own words, and all of
these are in it; names are in your address book; limits hold; the chain was asked first; and you see what the bytes do.

examples:
  fl-alliance agent book add ada 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
  fl-alliance agent "send 5 FML to ada"
  fl-alliance agent stake 100 FML in task 3 key.development=2
  fl-alliance agent "vote yes on proposal 2" --language arena:1      proposed by the winner of an Arena task
  fl-alliance agent                                                  a chat
  fl-alliance agent mcp                                              for an MCP client
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("agent", "Plain words to one token action, decided by guards.", COMMANDS, _EPILOG)
