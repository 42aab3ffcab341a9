"""`fl-alliance arena create`: a task of a kind, with data of its own."""

import argparse
from dataclasses import asdict

from fl_alliance.cli.arena.common import add_settings, introduce, is_printed, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

_MORE = """\
  task.title=              for people (default: what the kind is)
  task.days=5              days on dataset A; one more, on the hidden dataset B, follows
  task.daily=200           FML that you pay a day, all of it now; what is not earned comes back
  task.stake=1000          your own stake, back at the end
  task.fee=2               of a submission, back unless it scores worst
  task.node_stake=100, task.validator_stake=250  least stakes
  task.submit_s=43200, .reveal_s=7200, .score_s=21600, .reveal_scores_s=7200     windows of a day, 86400 at most
  task.paid_nodes=10, task.paid_validators=10    how many of each are paid a day
  task.validator_limit=64  submissions that the largest validator scores a day
  task.slash_bps=1000      what a slash takes of a stake, of 10,000
  task.floor_bps=0, task.now_bps=1000, task.delegated_bps=10000, task.power_halves=2, task.rank=0.85, task.decay=
                           how rewards are split, see chain/README.md
  task.workload=           classify: digits or breast_cancer; tabular: glucose
  task.options.NAME        the workload's own, such as task.options.hidden=64
  task.base=smollm2        lm-lora: the base model, smollm2 or tiny

kinds:
  classify                 one of several classes, by the share that is wrong (handwritten digits)
  tabular                  a number from other numbers, by RMSE (blood glucose half an hour ahead)
  lm-lora                  an adapter of a language model, by bits per byte (plain words to an FML tool call)

The hidden dataset B lies in the state folder until the last day: keep it, and leave `fl-alliance arena keep` running
with the same account. Asked for the same again, a second task is made; one that was interrupted is finished.
"""
_EXAMPLES = """\
  fl-alliance arena create classify                    200 FML a day for five days
  fl-alliance arena create tabular task.days=20 task.daily=500 task.options.horizon_min=60
  fl-alliance arena create lm-lora --verified          paid by the emission; for who holds the DAO's role
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "create",
        "Create a task: make its data, publish what is public, stake, and pay its daily rewards in.",
        "0",
        _MORE,
        _EXAMPLES,
        "KIND [NAME=VALUE ...] [options]",
    )
    command.add_argument("kind", metavar="KIND", help="classify, tabular or lm-lora")
    add_settings(command)
    command.add_argument("--verified", action="store_true", help="let the emission pay; needs the DAO's role")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Create the task and say what to do next."""
    settings = settings_of(arguments, "task", "network")
    if is_printed(arguments, settings):
        return 0
    from fl_alliance.arena.calendar import Calendar
    from fl_alliance.market.creation import draft_of, publish, require_dao
    from fl_alliance.market.matters import CREATION, begin, finish
    from fl_alliance.market.money import require_gas
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.place import open_place
    from fl_alliance.market.units import duration
    from fl_alliance.market.work import desk_in

    draft = draft_of(arguments.kind, settings.task, arguments.verified)
    with open_place(settings, 0) as place:
        require_gas(place.rpc, place.me, place.market.chain_id)
        if arguments.verified:
            require_dao(place)
        print(introduce(place, settings), flush=True)
        asked = {"kind": arguments.kind, "title": draft.title, "options": dict(draft.options), **asdict(draft.terms)}
        folder = begin(place, CREATION, asked | {"verified": arguments.verified})
        with desk_in(place, settings, folder, Narrator()) as desk:
            task = publish(place, desk, arguments.kind, draft, arguments.verified)
        begins_s = Calendar(task.params, place.emission.start_at).begins_at - place.now()
        print(f"task {task.number} begins in {duration(max(0, begins_s))} of the chain's time")
        print(f"leave running, it shows dataset B on the last day: fl-alliance arena keep {task.number}")
        print(f"others join with: fl-alliance arena train {task.number}, or validate {task.number}", flush=True)
        finish(folder)
    return 0
