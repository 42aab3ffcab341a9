"""The parser every command uses: help that keeps its layout, and mistakes reported in one line."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any, NoReturn


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line instead of the usage and a line."""

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument; one of any number of words has a default, or argparse calls it required when another is."""
        if settings.get("nargs") == "*":
            settings.setdefault("default", [])
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and leave with exit code 2."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def command_parser(name: str, description: str, epilog: str, usage: str | None = None) -> CommandParser:
    """Return the parser of `fl-alliance NAME`; an empty name is `fl-alliance` itself."""
    prog = f"fl-alliance {name}".strip()
    return CommandParser(
        prog=prog,
        description=description,
        epilog=epilog,
        usage=usage and f"{prog} {usage}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def group_parser(name: str, description: str, commands: Mapping[str, str], epilog: str) -> CommandParser:
    """Return the parser of the part before a command of a group, whose commands parse what follows their names."""
    width = max(map(len, commands))
    listed = "\n".join(f"  {command:<{width}} {text}" for command, text in commands.items())
    group = command_parser(name, description, f"commands:\n{listed}\n\n{epilog}", "COMMAND ...")
    group.add_argument("command", nargs="?", choices=commands, metavar="COMMAND", help=argparse.SUPPRESS)
    group.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return group
