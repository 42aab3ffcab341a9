"""`fl-alliance agent log`: the account's diary."""

import argparse
from datetime import UTC, datetime

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arena.common import add_settings, settings_of
from fl_alliance.cli.arguments import CommandParser

_EXAMPLES = """\
  fl-alliance agent log
  fl-alliance agent log --last 20
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = agent_parser(
        "log", "Show what was asked, proposed, refused and sent.", "[NAME=VALUE ...] [options]", _EXAMPLES
    )
    add_settings(command)
    command.add_argument("--last", type=int, default=50, metavar="N", help="entries (default: 50)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Show the newest entries, oldest first."""
    from fl_alliance.agent.opening import open_agent
    from fl_alliance.governance.standing import quoted

    with open_agent(settings_of(arguments), lambda _: False) as agent:
        entries = list(agent.diary.entries())
        for entry in entries[max(0, len(entries) - arguments.last) :]:
            at = datetime.fromtimestamp(int(entry["at"]), UTC)
            rest = ", ".join(
                f"{key} {quoted(str(value))}" for key, value in entry.items() if key not in ("at", "event")
            )
            print(f"{at:%Y-%m-%d %H:%M:%S} {entry['event']:<9} {rest}")
        if not entries:
            print(f"nothing was asked of the agent of {agent.place.me}")
    return 0
