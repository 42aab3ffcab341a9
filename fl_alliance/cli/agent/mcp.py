"""`fl-alliance agent mcp`: the same tools for an MCP client, over standard input and output."""

import argparse

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arena.common import add_settings, settings_of
from fl_alliance.cli.arguments import CommandParser

_MORE = """
A client starts this command. What signs asks the user, through the client, to say in own words what is to be signed.
With a client that cannot ask, nothing is signed and the prepared transactions are returned. Needs the extra `agent`.
"""
_EXAMPLES = """\
  fl-alliance agent mcp key.keystore=key.json            with the password in FL_ALLIANCE_KEY_PASSWORD
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = agent_parser("mcp", "Serve the agent's tools to an MCP client.", "[NAME=VALUE ...]", _EXAMPLES, _MORE)
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Serve until the client hangs up; standard output is the protocol's."""
    from fl_alliance.agent.errors import PackageMissing
    from fl_alliance.agent.opening import open_agent

    try:
        from fl_alliance.agent.server import server_of
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("mcp", "pydantic"):
            raise
        raise PackageMissing("the MCP server", "mcp") from None
    with open_agent(settings_of(arguments), lambda _: True) as agent:
        server_of(agent).run("stdio")
    return 0
