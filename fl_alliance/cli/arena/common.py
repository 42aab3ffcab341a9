"""What the commands of `fl-alliance arena` share: their settings, the account they act as, and how they stop."""

import argparse
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.market.place import Place
    from fl_alliance.market.settings import MarketSettings

WHERE = ("folder", "state", "chain", "store", "key")
"""Parts of the settings that every command takes."""

ALLIANCE = "alliance:"
"""What a task of FL Alliance is named with."""

SETTINGS_HELP = """\
settings (NAME=VALUE, in any order; the value here is the default, a file of yours with --config comes between):
  folder=market            where the market's manifest, the store and what accounts must not forget are
  chain.url=http://127.0.0.1:8545                what `fl-alliance chain` serves
  chain.manifest=          where the contracts are (default: FOLDER/market.json)
  store.url=               where datasets and models are (default: FOLDER/store); s3://..., hf://... by fsspec
  state=                   journals (default: FOLDER/state); keep them: without one a commitment cannot be opened
  key.env=FL_ALLIANCE_KEY  environment variable with the account's key, or with the path of a keystore
  key.keystore=            a keystore file; its password is in FL_ALLIANCE_KEY_PASSWORD, or asked for
  key.development=         0 to 9: an account of the development chain; default there: {account}
"""


def market_parser(name: str, description: str, account: str, more: str, examples: str, usage: str) -> CommandParser:
    """Return the parser of a command of the market: its settings, with `more` of its own, and examples."""
    epilog = f"{SETTINGS_HELP.format(account=account)}{more}\nexamples:\n{examples}"
    return command_parser(f"arena {name}", description, epilog, usage)


def task_parser(name: str, description: str, account: str, more: str, examples: str) -> CommandParser:
    """Return the parser of a command that is left running in a task: the task's number, then settings."""
    command = market_parser(name, description, account, more, examples, "TASK [NAME=VALUE ...] [options]")
    add_task(command)
    add_settings(command)
    return command


def add_settings(command: CommandParser) -> None:
    """Let a command take NAME=VALUE words and a file of settings."""
    command.add_argument("words", nargs="*", metavar="NAME=VALUE", help="settings that differ from the default")
    command.add_argument("--config", metavar="FILE", help="a YAML file of settings; words win over it")
    command.add_argument("--settings", action="store_true", help="print the settings and stop")


def add_signing(command: CommandParser) -> None:
    """Let a command take settings, and yes in advance."""
    add_settings(command)
    command.add_argument("--yes", action="store_true", help="sign without asking")


def add_task(command: CommandParser) -> None:
    """Let a command take a task's number."""
    about = "the task's number, see `fl-alliance arena status`"
    command.add_argument("task", type=task_argument, metavar="TASK", help=about)


def add_either_task(command: CommandParser) -> None:
    """Let a command take a task of the Arena or of FL Alliance."""
    command.add_argument("task", type=_either, metavar="TASK", help="the task's number, or alliance:NUMBER")


def alliance_task(task: int | str) -> int | None:
    """Return the number of FL Alliance's task, None where it is one of the Arena's."""
    return alliance_argument(task) if isinstance(task, str) else None


def alliance_argument(text: str) -> int:
    """Return the number of a task of FL Alliance on the command line; raises `ArgumentTypeError` where it is none."""
    if not re.fullmatch(ALLIANCE + "[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed a task of FL Alliance, such as {ALLIANCE}1")
    return int(text.removeprefix(ALLIANCE))


def settings_of(arguments: argparse.Namespace, *sections: str) -> "MarketSettings":
    """Return the settings that were asked for; raises `SettingRefused`."""
    from fl_alliance.market.config import load_settings

    return load_settings(arguments.words, arguments.config, (*WHERE, *sections))


def is_printed(arguments: argparse.Namespace, settings: "MarketSettings") -> bool:
    """Print the settings where that is all that was asked for."""
    from fl_alliance.market.config import to_yaml

    if arguments.settings:
        print(to_yaml(settings), end="")
    return bool(arguments.settings)


def introduce(place: "Place", settings: "MarketSettings") -> str:
    """Return who acts, in words."""
    from fl_alliance.chain.accounts import WELL_KNOWN

    known = " (a development account, whose key everybody knows)" if place.me in WELL_KNOWN else ""
    return f"you are {place.me}{known} on {settings.chain.url}"


@contextmanager
def left_running(command: str, arguments: argparse.Namespace) -> Iterator[None]:
    """Say on Ctrl-C how to go on, and in plain words that an account already works elsewhere on this machine."""
    from fl_alliance.arena.errors import JournalBusy
    from fl_alliance.market.errors import MarketError

    again = again_words(command, arguments)
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nstopped; nothing is lost, go on with: {again}", file=sys.stderr)
        raise
    except JournalBusy:
        raise MarketError(
            "another process on this machine does this already as the same account; stop it, or act as another "
            f"account: {again} key.development=5 (or key.env=VARIABLE)"
        ) from None


def work_as(role: str, account: int, command: str, arguments: argparse.Namespace, section: str) -> int:
    """Do a staked account's work in a task until it is over.

    Parameters
    ----------
    role : str
        NODE or VALIDATOR, as `Role` names them.
    account : int
        The development account to act as where no key is named.
    section : str
        The part of the settings that only this command has.
    """
    settings = settings_of(arguments, "stake", "delegation", section, "network")
    if is_printed(arguments, settings):
        return 0
    from fl_alliance.chain.arena_types import Role
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.overview import heading
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import check_joinable, desk_folder, desk_in, open_task, staker, take_part

    with left_running(command, arguments), open_place(settings, account) as place:
        task, narrator = open_task(place, arguments.task), Narrator()
        narrator.say(f"{introduce(place, settings)}\n{heading(place, task)}")
        check_joinable(place, task, Role[role])
        with desk_in(place, settings, desk_folder(place, task.number), narrator) as desk:
            take_part(place, desk, staker(Role[role], place, desk, task, settings))
    return 0


def again_words(command: str, arguments: argparse.Namespace) -> str:
    """Return the command line that goes on."""
    words: Sequence[str] = [str(arguments.task), *arguments.words]
    words = [*words, *(("--config", arguments.config) if arguments.config else ())]
    return f"fl-alliance arena {command} {shlex.join(words)}"


def _either(text: str) -> int | str:
    """Return the number of an Arena's task, or the whole word where it is an Alliance's."""
    return f"{ALLIANCE}{alliance_argument(text)}" if text.startswith(ALLIANCE) else task_argument(text)


def task_number(text: str) -> int:
    """Return a task's number; raises `SettingRefused` where it is none."""
    from fl_alliance.market.errors import SettingRefused

    try:
        return task_argument(text)
    except argparse.ArgumentTypeError as error:
        raise SettingRefused(f"TASK: {error}") from None


def task_argument(text: str) -> int:
    """Return a task's number on the command line; raises `ArgumentTypeError` where it is none."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed a task's number, such as 1")
    return int(text)
