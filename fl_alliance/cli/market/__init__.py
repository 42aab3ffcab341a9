"""`fl-alliance market`: models are listed, called, paid for and improved; one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "demo": "train, list, call, pay and split on this machine, in about a minute",
    "list": "list a model: an Arena winner, a run's model, or another",
    "models": "what is listed, what it costs and earned, and what is trending",
    "price": "set the price of your model",
    "close": "close a listing, and take its stake back later",
    "serve": "serve your models for FML, with OpenAI's paths",
    "collect": "turn in what a gateway has earned while none runs",
    "call": "call a model that takes numbers, and pay",
    "chat": "ask a model that speaks, and pay",
    "proxy": "pay for the calls of any client on this machine, within a cap",
    "key": "make an API key for any OpenAI client, with a cap",
    "deposit": "put FML into your account for vouchers",
    "withdraw": "take them back",
    "rate": "rate a model that you have paid for",
    "contribute": "add a document to a model's knowledge base",
    "judge": "judge a contributed document with your locked FML",
    "settle": "end a document's vote",
    "share": "share out what a model's host does not credit documents with",
    "documents": "what was contributed, and what it has earned",
}

_EPILOG = """\
A host lists a model by its digest, with a stake and a price, and serves it. Callers pay by call (x402, FML and no gas)
or, for chats, by vouchers out of an account; what they pay is split between the host, contributors of documents that
answers use, and the fire. Who has locked FML has some calls free.

try it on this machine, beside `fl-alliance chain` and the walk of `fl-alliance arena --help`:
  fl-alliance arena deploy; fl-alliance dao deploy
  fl-alliance market list arena:1 --price 0.1          what won task 1
  fl-alliance market list smollm2 --price 5            a chat model that is installed: FML a thousand tokens
  fl-alliance market serve                             leave it running
  fl-alliance market models                            from here on as a caller
  fl-alliance market call 1 --csv readings.csv --cap 0.1
  fl-alliance market deposit 10; fl-alliance market chat 2 "What is a stake?" --cap 2

examples:
  fl-alliance market demo                              all of it, scripted
  fl-alliance market proxy --cap 5                     for any OpenAI client of yours: base_url=http://127.0.0.1:8403/v1
  fl-alliance market key 2 --cap 5                     for one elsewhere, which trusts the host with the cap
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("market", "Models are listed, called, paid for and improved.", COMMANDS, _EPILOG)
