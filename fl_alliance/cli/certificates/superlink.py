"""`fl-alliance certificates superlink`: what a SuperLink shows to SuperNodes."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser(
        "certificates superlink", "Make a SuperLink's certificate: superlink.pem, superlink-key.pem.", ""
    )
    command.add_argument("folder", type=Path, metavar="DIR", help="the authority's; both are written there")
    command.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="HOST",
        help="a name or address by which hospitals reach it; may be repeated; this machine's own are added",
    )
    command.add_argument("--days", type=int, default=397, metavar="N", help="valid for so long (default: 397)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write both."""
    from fl_alliance.deployment.certificates import LINK, hosts_of, make_link, read_certificate

    until = make_link(arguments.folder, arguments.host, arguments.days)
    path = arguments.folder / LINK
    print(f"{path}: for {', '.join(hosts_of(read_certificate(path)))}; valid until {until:%Y-%m-%d}")
    return 0
