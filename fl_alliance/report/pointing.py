"""What a pointer on a cell of a grid reads: a little data, and the page's only script, pinned by its hash."""

import base64
import hashlib
import json
from collections.abc import Sequence

from fl_alliance.outcomes import outcome_name
from fl_alliance.records import RoundRecord
from fl_alliance.report.choices import decided
from fl_alliance.report.markup import Markup, el

MOST_CELLS = 30_000
"""Drawn members over all rounds up to which their cells are worth their bytes; beyond it the tables must do."""

SCRIPT = """
const rounds = JSON.parse(document.getElementById("cells").textContent);
const amount = (gwei) => (gwei > 0 ? "+" : "") + (gwei / 1e9).toFixed(2) + " FML";
const share = (micro) => (micro / 1e6).toFixed(4);
function said(round, member) {
  const cell = round.cells[member];
  const head = `round ${round.n}, ${round.how}` + (member < 0 ? "" : `: member ${member}`);
  if (member < 0) return head;
  if (!cell) return head + " was not drawn";
  const [role, gwei, before, after] = cell;
  const what = round.loss ? "loss" : "score", scale = round.loss ? 4 : 1;
  const scores = before === undefined ? "" : `, ${what} ${share(before * scale)} to ${share(after * scale)}`;
  return `${head}, ${role}${scores}, ${gwei ? amount(gwei) : "neither paid nor slashed"}`;
}
for (const grid of document.querySelectorAll(".grid[data-rows]")) {
  const area = grid.querySelector(".area"), out = grid.nextElementSibling;
  const rows = +grid.dataset.rows, top = +grid.dataset.top;
  out.hidden = false;
  const read = (event) => {
    const box = area.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * rounds.length);
    const member = Math.floor((event.clientY - box.top) / box.height * (rows + top) - top);
    if (rounds[column] && member < rows) out.textContent = said(rounds[column], member);
  };
  area.addEventListener("pointermove", read);
  area.addEventListener("pointerdown", read);
}
"""

SCRIPT_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
"""How the page's policy names the script; no other one runs."""


def readout() -> Markup:
    """Return the line under a grid that says what the pointer is on; hidden where no script runs."""
    return el("output", "Point at a cell to read it.", class_="readout", hidden=True)


def cells_of(rounds: Sequence[RoundRecord]) -> Markup:
    """Return the data and the script, or nothing for a run that is too large for it or has gaps."""
    drawn = sum(len(record.proposers) + len(record.voters) for record in rounds)
    if not rounds or drawn > MOST_CELLS or rounds[-1].round - rounds[0].round + 1 != len(rounds):
        return Markup("")
    content = [
        {
            "n": record.round,
            "how": f"{outcome_name(record.outcome, record.choice is not None)} {decided(record)}",
            "cells": _cells(record),
        }
        | ({"loss": 1} if record.choice else {})
        for record in rounds
    ]
    # "<" can only be inside a text here, and there "\\u003c" means the same: nothing can close the element.
    data = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(el("script", Markup(data), type="application/json", id="cells") + el("script", Markup(SCRIPT)))


def _cells(record: RoundRecord) -> dict[str, list[str | int]]:
    found: dict[str, list[str | int]] = {}
    for member in record.proposers:
        role = "proposed" if member in record.proposed else "drawn to propose, silent"
        found[str(member)] = [role, record.deltas.get(str(member), 0)]
    for member in record.voters:
        scores = record.pair(str(member)) or ()
        role = "voted" if scores else "drawn to vote, no vote"
        found[str(member)] = [role, record.deltas.get(str(member), 0), *scores]
    return found
