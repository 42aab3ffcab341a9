"""`fl-alliance report`: write report.html again from what a run folder holds."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import open_folder

_EPILOG = """\
The report is one HTML file without any outside reference: it opens offline, in light and dark, on a phone.
A run writes it at its end; this command writes it again, also for a run that is still going or was stopped.

examples:
  fl-alliance report                                   of the newest run under runs/
  fl-alliance report runs/20260102-030405-glucose
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("report", "Write report.html of a run again.", _EPILOG)
    command.add_argument("run", nargs="?", metavar="RUN", help="a run folder (default: the newest under runs/)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write the report and say where it is."""
    from fl_alliance.report import write_report

    print(write_report(open_folder(arguments.run)))
    return 0
