"""The report of a run: one HTML file that needs nothing else and nobody's network."""

from pathlib import Path

from fl_alliance.records import RunFolder
from fl_alliance.report.page import page
from fl_alliance.results import read_results

__all__ = ["write_report"]


def write_report(folder: RunFolder) -> Path:
    """Write `report.html` from what the folder holds, in one step: a reader never sees half of it."""
    draft = folder.report.with_suffix(".part")
    draft.write_text(page(read_results(folder)), encoding="utf-8")
    draft.replace(folder.report)
    return folder.report
