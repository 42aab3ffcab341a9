"""The parser every command uses: help that keeps its layout, and mistakes reported in one line."""

import argparse
import sys
from typing import NoReturn


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line instead of the usage and a line."""

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
