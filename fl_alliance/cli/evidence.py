"""`fl-alliance evidence`: audit a finished run and put all its evidence into one archive."""

import argparse
import sys
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import open_folder

_EPILOG = """\
The archive is a zip in the layout of RO-Crate 1.1: the chain, every transcript and proposal, the model, a model card,
the lineage, a data statement of each site, digests of policies, receipts of spent privacy budgets, the audit's report
as HTML and JSON, and how to verify all of it with public tools. No data of a site and no key is in it. The same run
gives the same bytes.
A run that the audit finds something in gets no archive, and exit code 1.

examples:
  fl-alliance evidence                                 of the newest run under runs/, as evidence.zip in it
  fl-alliance evidence runs/20260102-030405-glucose --to auditor.zip
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("evidence", "Audit a run and put its evidence into one archive.", _EPILOG)
    command.add_argument("run", nargs="?", metavar="RUN", help="a run folder (default: the newest under runs/)")
    command.add_argument("--to", metavar="FILE", help="where to write it (default: evidence.zip in the run folder)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write the archive; say where it is, how large, and its sha256."""
    import hashlib

    from fl_alliance.audit.finding import DoesNotHold
    from fl_alliance.crate.archive import write_archive

    folder = open_folder(arguments.run)
    path = Path(arguments.to) if arguments.to else folder.root / "evidence.zip"
    try:
        entries = write_archive(folder, path)
    except DoesNotHold as finding:
        print(f"fl-alliance evidence: {folder.root}: does not hold: {finding}", file=sys.stderr)
        return 1
    content = path.read_bytes()
    print(f"{path}: {len(entries)} files, {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    print("how to verify it is said in its README.md")
    return 0
