"""`fl-alliance arena keep`: what moves a task on, which anybody may do and somebody has to."""

import argparse

from fl_alliance.cli.arena.common import introduce, is_printed, left_running, settings_of, task_parser
from fl_alliance.cli.arguments import CommandParser

_MORE = """\
  network.give_up_s=86400  how long to try again without an answer; network.look_s=1: between two looks at the clock

Settles every day, closes the emission's, finishes the task's, and on the last day enters everybody's best model. As the
account that created the task, with the same state folder, it also shows the hidden dataset B on the last day, without
which the days before decide alone, and takes the creator's stake back at the end. Several may run: who comes second
finds it done.
"""
_EXAMPLES = """\
  fl-alliance arena keep 1                             as who created the task, on this machine
  FL_ALLIANCE_KEY=key.json fl-alliance arena keep 1 chain.url=https://rpc.example.org store.url=s3://models

Ctrl-C stops it; the same command goes on, and catches up on days that nobody finished.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return task_parser(
        "keep",
        "Keep a task's days going: settle, finish, and show the hidden dataset at the end. Leave it running.",
        "0",
        _MORE,
        _EXAMPLES,
    )


def execute(arguments: argparse.Namespace) -> int:
    """Keep the task until it is over."""
    settings = settings_of(arguments, "network")
    if is_printed(arguments, settings):
        return 0
    from fl_alliance.market.matters import creation_of
    from fl_alliance.market.money import require_gas
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.overview import heading
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import desk_folder, desk_in, keeper, open_task, take_part

    with left_running("keep", arguments), open_place(settings, 0) as place:
        task, narrator = open_task(place, arguments.task), Narrator()
        require_gas(place.rpc, place.me, place.market.chain_id)
        created = creation_of(place, task.number)
        narrator.say(f"{introduce(place, settings)}\n{heading(place, task)}")
        if created is None and place.arena.state(task.number).creator == place.me:
            narrator.say(
                "this account created the task, but not in this state folder: dataset B is not here to be shown"
            )
        with desk_in(place, settings, created or desk_folder(place, task.number), narrator) as desk:
            take_part(place, desk, keeper(desk, task, is_creator=created is not None))
    return 0
