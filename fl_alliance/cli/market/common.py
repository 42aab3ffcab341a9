"""What the commands of `fl-alliance market` share: settings, a gateway's URL, and yes before anything is signed."""

import argparse
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fl_alliance.cli.arena.common import SETTINGS_HELP
from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.market.settings import MarketSettings
    from fl_alliance.marketplace.caller import Caller
    from fl_alliance.marketplace.stall import Stall

GATEWAY = "http://127.0.0.1:8402"
MOST_TOKENS, MOST_HOURS = 2**16, 8_760
HOST, CALLER = 0, 3
"""The development accounts that hosts and callers act as where no key is named."""


def stall_parser(
    name: str, description: str, usage: str, examples: str, more: str = "", account: int = HOST
) -> CommandParser:
    """Return the parser of a command: its words and settings, with examples."""
    epilog = f"{SETTINGS_HELP.format(account=account)}{more}\nexamples:\n{examples}"
    return command_parser(f"market {name}", description, epilog, usage)


def add_model(command: CommandParser) -> None:
    """Let a command take a model's number."""
    command.add_argument(
        "model", type=number, metavar="MODEL", help="the model's number, see `fl-alliance market models`"
    )


def settings_beside_model(arguments: argparse.Namespace) -> "MarketSettings":
    """Return the settings of a command that takes a model by `--model`; raises `SettingRefused`."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.market.errors import SettingRefused

    for word in arguments.words:
        if re.fullmatch("(model-)?[0-9]+", word):
            raise SettingRefused(f"{word!r}: needs --model before it, --model {word}, or NAME=VALUE for a setting")
    return settings_of(arguments)


def add_calling(command: CommandParser, means: str) -> None:
    """Let a command take a gateway, a cap and how to pay."""
    command.add_argument("--gateway", default=GATEWAY, metavar="URL", help=f"the host's gateway (default: {GATEWAY})")
    command.add_argument("--cap", required=True, metavar="FML", help="what a call may cost at most; more is refused")
    command.add_argument(
        "--by", default=means, choices=("free", "x402", "voucher"), help=f"how to pay (default: {means})"
    )


def number(text: str) -> int:
    """Return a number on the command line, from 1 on; raises `ArgumentTypeError`."""
    digits = text.removeprefix("model-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9 or not int(digits):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed a number, such as 1")
    return int(digits)


def tokens(text: str) -> int:
    """Return how many tokens a command line asks for, 1 to `MOST_TOKENS`; raises `ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MOST_TOKENS):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed 1 to {MOST_TOKENS}")
    return int(text)


def hours(text: str) -> float:
    """Return hours on the command line, up to a year; raises `ArgumentTypeError`."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"given {text!r}, needed a number above 0, {MOST_HOURS} at most")
    return found


def agreed(lines: list[str], arguments: argparse.Namespace) -> None:
    """Show what is about to be signed, and go on only if somebody says yes; raises `NotConfirmed`."""
    from fl_alliance.governance.hall import confirm

    confirm(lines, arguments.yes)


def require_payable(stall: "Stall", amount_wei: int, purpose: str) -> None:
    """Refuse to begin without gas, or with less FML than something takes; raises `AccountShort`."""
    from fl_alliance.market.money import require_fml, require_gas

    place = stall.place
    require_gas(place.rpc, place.me, place.market.chain_id)
    require_fml(place.me, stall.token.balance_wei(), amount_wei, purpose, place.market.chain_id)


@contextmanager
def calling(stall: "Stall", url: str) -> Iterator["Caller"]:
    """Yield the account as it calls a gateway's models, with its purse to itself; raises `PurseBusy`."""
    from fl_alliance.marketplace.caller import Caller
    from fl_alliance.marketplace.purse import opened

    with opened(stall.folder("purse") / "signed.json") as purse:
        yield Caller(stall, stall.place.sender.key, url.rstrip("/"), purse)


@contextmanager
def heard_signals() -> Iterator[list[Callable[[], None]]]:
    """Let Ctrl-C and SIGTERM end a server, and not what is done after it; yield the list of what they are to call.

    A server hears them by itself only once it runs: one that has said that it serves is to stop before that, too.
    """
    stops: list[Callable[[], None]] = []

    def hear(*_: object) -> None:
        for stop in stops:
            stop()

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def bill_words(answer: dict[str, Any]) -> str:
    """Return what an answer cost."""
    from fl_alliance.arena.events import fml

    bill = answer["fl_alliance"]
    return f"paid {fml(int(bill['charged_wei']))} ({bill['paid_by']})"
