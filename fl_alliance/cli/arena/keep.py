"""`fl-alliance arena keep`: what moves a task on, which anybody may do and somebody has to."""

import argparse
from typing import TYPE_CHECKING

from fl_alliance.cli.arena.common import (
    add_either_task,
    add_settings,
    alliance_task,
    introduce,
    is_printed,
    left_running,
    market_parser,
    settings_of,
)
from fl_alliance.cli.arguments import CommandParser

if TYPE_CHECKING:
    from fl_alliance.market.settings import MarketSettings

_KEEPS_ALLIANCE = 3
"""The development account that keeps a task of FL Alliance: a run's relayer is the first."""
_MORE = """\
  network.give_up_s=86400  how long to try again without an answer; network.look_s=1: between two looks at the clock

Settles every day, closes the emission's, finishes the task's, and on the last day enters everybody's best model. As the
account that created the task, with the same state folder, it also shows the hidden dataset B on the last day, without
which the days before decide alone, and takes the creator's stake back at the end. Several may run: who comes second
finds it done.

TASK may be alliance:NUMBER, a task of FL Alliance that the emission pays (`fl-alliance run market.emission=true`):
each day's work is noted, days are closed and drawn, and members' delegators are paid, until the task is over and its
last day too. A run does so itself while it runs; its last day is over only after it.
"""
_EXAMPLES = """\
  fl-alliance arena keep 1                             as who created the task, on this machine
  FL_ALLIANCE_KEY=key.json fl-alliance arena keep 1 chain.url=https://rpc.example.org store.url=s3://models
  fl-alliance arena keep alliance:1 chain.manifest=runs/20260102-030405-glucose/manifest.json

Ctrl-C stops it; the same command goes on, and catches up on days that nobody finished.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "keep",
        "Keep a task's days going: settle, finish, and show the hidden dataset at the end. Leave it running.",
        "0",
        _MORE,
        _EXAMPLES,
        "TASK [NAME=VALUE ...] [options]",
    )
    add_either_task(command)
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Keep the task until it is over."""
    settings = settings_of(arguments, "network")
    if is_printed(arguments, settings):
        return 0
    with left_running("keep", arguments):
        if (number := alliance_task(arguments.task)) is None:
            _keep(arguments.task, settings)
        else:
            _keep_alliance(number, settings)
    return 0


def _keep(number: int, settings: "MarketSettings") -> None:
    from fl_alliance.market.matters import creation_of
    from fl_alliance.market.money import require_gas
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.overview import heading
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import desk_folder, desk_in, keeper, open_task, take_part

    with open_place(settings, 0) as place:
        task, narrator = open_task(place, number), Narrator()
        require_gas(place.rpc, place.me, place.market.chain_id)
        created = creation_of(place, task.number)
        narrator.say(f"{introduce(place, settings)}\n{heading(place, task)}")
        if created is None and place.arena.state(task.number).creator == place.me:
            narrator.say(
                "this account created the task, but not in this state folder: dataset B is not here to be shown"
            )
        with desk_in(place, settings, created or desk_folder(place, task.number), narrator) as desk:
            take_part(place, desk, keeper(desk, task, is_creator=created is not None))


def _keep_alliance(number: int, settings: "MarketSettings") -> None:
    from fl_alliance.market.alliance_keeping import keep_alliance
    from fl_alliance.market.money import require_gas
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.place import open_place

    with open_place(settings, _KEEPS_ALLIANCE) as place:
        narrator = Narrator()
        require_gas(place.rpc, place.me, place.market.chain_id)
        narrator.say(introduce(place, settings))
        keep_alliance(place, settings.network, number, narrator)
