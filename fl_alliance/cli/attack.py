"""`fl-alliance attack`: the laboratory, which runs attacks against rules and baselines and says who gained."""

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import FolderError

if TYPE_CHECKING:
    from fl_alliance.lab.plan import Plan
    from fl_alliance.lab.sweep import Progress

_EPILOG = """\
Malicious nodes are Flower clients like the others; `attack` says what they do, `attack.share` how many they are:
  attack=alie,sign-flip       each in turn; none, all-updates, all-votes and all-protocol are names too
  attack=alie+collusion       poison by one and vote by the other
  rule=candidates,majority    rules of the Alliance, on a chain in memory
  baselines=all               what a plain Flower server would do instead (or a list, or none)
  seed=1,2,3                  data split, coalition and draws
Everything else is a setting of `fl-alliance run`, where NAME=VALUE,VALUE makes variants of the data.

A study is a list of such runs with the bars they must pass; `--study list` names those of this project, and a
YAML file of your own is one too. NAME=VALUE narrows it: data=glucose attack=alie seed=1 rule=majority.

examples:
  fl-alliance attack workload=digits attack=alie,sign-flip rule=majority baselines=all seed=1,2,3
  fl-alliance attack --study f4 data=digits seed=1        a part of a study
  fl-alliance attack --study f4 --workers 2               all of it, with its bars: hours
  fl-alliance attack --resume sweeps/20260102-030405      go on, or with nothing left just print and report

Ctrl-C keeps what is done. Every result is a line of results.jsonl in the folder, beside report.html.
Exit code 1: a bar of the study is missed.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser(
        "attack",
        "Attack every rule and baseline with the same malicious nodes, and see who gains.",
        _EPILOG,
        "[NAME=VALUE ...] [options]",
    )
    command.add_argument("words", nargs="*", metavar="NAME=VALUE", help="what to run, lists of values by commas")
    command.add_argument("--study", metavar="NAME", help="a study of this project or a YAML file; `list` shows them")
    command.add_argument("--resume", metavar="DIR", help="go on with a stopped sweep, from its folder")
    command.add_argument("--run-dir", metavar="DIR", help="folder of the results (default: sweeps/<time>)")
    command.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    command.add_argument(
        "--dry-run", action="store_true", help="say how many runs of what that would be, how long they take, and stop"
    )
    command.add_argument(
        "--list", action="store_true", help="say every run that it would be, with its settings, and stop"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Run the sweep, print its tables and write its report."""
    from fl_alliance.config import ConfigError

    if arguments.study == "list":
        return _list_studies()
    if arguments.workers < 1:
        raise ConfigError(f"--workers={arguments.workers}: needs at least 1")
    folder, words, study = _asked(arguments)
    plan = _plan(words, study)
    _check(plan)
    if arguments.list:
        for cell in plan.cells():
            print(f"{cell}: {shlex.join(cell.words)}")
        return 0
    if arguments.dry_run:
        return _summarize(plan, arguments.workers)
    return _run(plan, folder, words, study, arguments.workers)


def _asked(arguments: argparse.Namespace) -> tuple[Path, list[str], str | None]:
    """Return the folder of the sweep and what is asked for in it."""
    from fl_alliance.config import ConfigError
    from fl_alliance.lab.sweep import read_plan

    if arguments.resume is None:
        root = Path(arguments.run_dir or f"sweeps/{datetime.now(UTC):%Y%m%d-%H%M%S}")
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise FolderError(f"{root}: is in use; needed a new or empty folder (--resume {root} goes on in it)")
        return root, arguments.words, arguments.study
    if arguments.words or arguments.study or arguments.run_dir:
        raise ConfigError("--resume: takes no settings, --study or --run-dir; what a sweep runs never changes")
    return Path(arguments.resume), *read_plan(Path(arguments.resume))


def _plan(words: Sequence[str], study: str | None) -> "Plan":
    from fl_alliance.config import ConfigError
    from fl_alliance.lab.plan import Plan, narrowed, read_study

    chosen = []
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"{word!r}: needs NAME=VALUE")
        # Commas inside brackets belong to one value.
        chosen.append((name, values.split(",") if "[" not in values and "{" not in values else [values]))
    if study is not None:
        return narrowed(read_study(study), chosen)
    names = {name for name, _ in chosen}
    plan = Plan("sweep", data={"": ()} if "workload" in names else {"digits": ("workload=digits",)})
    if not names & {"attack.share", "attack.nodes"}:
        plan = narrowed(plan, [("attack.share", ["0.3"])])
    return narrowed(plan, chosen)


def _check(plan: "Plan") -> None:
    """Refuse settings that cannot run before the first run begins."""
    from fl_alliance.config import load_config
    from fl_alliance.insider import check_attack
    from fl_alliance.judging import check_rule
    from fl_alliance.lab.methods import RULES

    seen = set()
    for cell in plan.cells():
        is_judged = cell.method in RULES
        if (kind := (cell.data, cell.attack, is_judged and cell.method)) not in seen:
            seen.add(kind)
            config = load_config(cell.overrides)
            check_attack(config)
            if is_judged:
                check_rule(config)


def _summarize(plan: "Plan", workers: int) -> int:
    """Print how many runs of what a plan holds, and how long they take."""
    from fl_alliance.lab.estimate import seconds_of

    cells = plan.cells()
    if plan.about:
        print(f"{plan.name}: {plan.about}")
    for title, names in (
        ("data", [cell.data for cell in cells]),
        ("attacks", [cell.attack for cell in cells]),
        ("methods", [cell.method for cell in cells]),
        ("seeds", [str(cell.seed) for cell in cells]),
    ):
        print(f"{title:<8} {len(set(names)):>5}  {_counted(names)}")
    minutes = round(seconds_of(plan) / workers / 60)
    took = f"about {minutes // 60} h {minutes % 60:02d} min" if minutes else "less than a minute"
    where = "one process" if workers == 1 else f"{workers} processes"
    print(f"{'runs':<8} {len(cells):>5}  {took} on {where}; --list says each")
    return 0


def _counted(names: Sequence[str]) -> str:
    """Return each name once, with how often it is there."""
    counts = Counter(names)
    if len(set(counts.values())) == 1:
        return f"{', '.join(counts)}{f': {counts[names[0]]} runs each' if len(counts) > 1 else ''}"
    return ", ".join(f"{name} {count}x" for name, count in counts.items())


def _run(plan: "Plan", folder: Path, words: Sequence[str], study: str | None, workers: int) -> int:
    from rich.console import Console

    from fl_alliance.lab.outcome import read
    from fl_alliance.lab.report import write_report
    from fl_alliance.lab.sweep import RESULTS, keep_plan, run_all
    from fl_alliance.lab.tables import grids, print_grids, verdicts

    folder.mkdir(parents=True, exist_ok=True)
    keep_plan(folder, words, study)
    cells, stopped = plan.cells(), False
    try:
        results = run_all(cells, folder, workers, _say)
    except KeyboardInterrupt:
        found = {cell.key: outcome for cell, outcome in read(folder / RESULTS).items()}
        results, stopped = {cell: found[cell.key] for cell in cells if cell.key in found}, True
    print_grids(grids(plan, results), Console(highlight=False))
    print(f"results {folder / RESULTS}\nreport  {write_report(plan, results, folder)}")
    if stopped:
        left = f"{len(results)} of {len(cells)} runs are done"
        print(
            f"fl-alliance attack: stopped, {left}; go on with: fl-alliance attack --resume {shlex.quote(str(folder))}",
            file=sys.stderr,
        )
        return 130
    return 1 if any(verdict.holds is False for verdict in verdicts(plan, results)) else 0


def _say(progress: "Progress") -> None:
    outcome = progress.outcome
    minutes, seconds = divmod(round(progress.left_s), 60)
    said = f"{outcome.metric} {outcome.final:.4g}" + (f" ({outcome.error})" if outcome.error else "")
    print(
        f"{progress.done}/{progress.all} {progress.cell}: {said}, {outcome.seconds:.1f} s; "
        f"left {minutes} min {seconds:02d} s",
        file=sys.stderr,
        flush=True,
    )


def _list_studies() -> int:
    from fl_alliance.lab.plan import studies

    for name, about in studies().items():
        print(f"{name:<12} {about}")
    return 0
