"""`fl-alliance privacy status`: what is spent and left of every data set."""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.dp.standing import Standing

_EPILOG = """\
Epsilon holds at the limit's delta, for each unit: what one record, or one patient with all records, changes. It says
nothing of how many there are, of settings that were chosen by looking at the data, or of the moment a node stopped.

examples:
  fl-alliance privacy status                        $FL_ALLIANCE_PRIVACY, or the newest run under runs/
  fl-alliance privacy status runs/20260102-030405-glucose
  fl-alliance privacy status privacy/0x... --json
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("privacy status", "Show what is spent and left of privacy budgets.", _EPILOG)
    command.add_argument("folder", nargs="?", metavar="FOLDER", help="a run's folder, or one with ledgers")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print every ledger under a folder."""
    from fl_alliance.dp.errors import PrivacyError
    from fl_alliance.dp.ledger import Ledger
    from fl_alliance.dp.standing import standing

    root = _root(arguments.folder)
    paths = sorted(root.rglob("*.jsonl"))
    if not paths:
        raise PrivacyError(f"{root}: no privacy ledger in it; needed a folder with one, such as RUN/privacy")
    found = {path: standing(Ledger(path).read()) for path in paths}
    if arguments.json:
        print(json.dumps([{"ledger": str(path), **asdict(each)} for path, each in found.items()], indent=1))
        return 0
    for path, each in found.items():
        print("\n".join(_told(path, each)))
    return 0


def _root(folder: str | None) -> Path:
    from fl_alliance.dp.hospital import VARIABLE
    from fl_alliance.folders import open_folder
    from fl_alliance.records import RunFolder

    if folder is None:
        given = os.environ.get(VARIABLE, "").strip()
        return Path(given).expanduser() if given else open_folder(None).privacy
    run = RunFolder(Path(folder))
    return run.privacy if run.privacy.is_dir() else run.root


def _told(path: Path, each: "Standing") -> Iterator[str]:
    yield f"{path}"
    data, head = each.data[:16], each.head[:16]
    yield f"  data {data}..., counted for each {each.unit}, {each.releases} releases, head {head}..."
    if each.limit is None:
        yield "  nothing spent; no limit set: the first task's promise will be the limit"
        return
    limit, spent = each.limit, each.spent
    left = max(limit.epsilon - spent.epsilon, 0.0)
    yield (
        f"  spent epsilon {spent.epsilon:.4g} of {limit.epsilon:.4g} at delta {limit.delta:.2g} "
        f"(accountant {spent.accountant}; limit set by {limit.by}); left {left:.4g}"
    )
    yield from (f"    {task or 'outside of a task'}: {of_task.epsilon:.4g}" for task, of_task in each.tasks.items())
    if each.rounds_left is not None:
        more = "one more round" if each.rounds_left == 1 else f"{each.rounds_left or 'no'} more rounds"
        yield f"  lasts for {more} like the last one"
