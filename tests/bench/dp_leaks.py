"""What updates give away, by attack and by how they leave: `python tests/bench/dp_leaks.py`, a few minutes.

Writes what was measured to `tests/bench/dp_leaks.json`, and from that `fl_alliance/dp/leaks.png` and the tables of that
folder's README. `--draw` draws the figures of that file again. `test_leaks.py` holds some of the same figures, over
fewer trials, against their margins.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from leaks import GUESSED, Found, digits_inverted, digits_members, glucose_inverted, glucose_members

FIGURES = Path(__file__).with_suffix(".json")
PICTURE = Path(__file__).parents[2] / "fl_alliance" / "dp" / "leaks.png"
MEASURES: Mapping[str, Callable[[int], Found]] = {
    "digits: is this image a member?": digits_members,
    "glucose: is this patient a member?": glucose_members,
    "digits: images computed back": lambda trials: digits_inverted(trials // 8),
    "glucose: windows computed back": glucose_inverted,
}


def measure(trials: int) -> dict[str, Any]:
    """Return all figures, as they are written down: by question, way of leaving and attack."""
    return {"trials": trials, "found": {title: of(trials) for title, of in MEASURES.items()}}


def tables(figures: Mapping[str, Any]) -> str:
    """Return the README's tables."""
    lines = []
    for title, modes in figures["found"].items():
        attacks = list(next(iter(modes.values())))
        lines += [f"| {title} | {' | '.join(attacks)} |", f"|{'---|' * (1 + len(attacks))}"]
        lines += [
            f"| {mode} | {' | '.join(f'{found[attack]:.2f}' for attack in attacks)} |" for mode, found in modes.items()
        ]
        lines.append("")
    return "\n".join(lines)


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Draw one panel an attack: bars by mode, and what guessing achieves."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(2, 2, figsize=(9.5, 6.6), dpi=110)
    for axes, (title, modes) in zip(grid.ravel(), figures["found"].items(), strict=True):
        attacks = list(next(iter(modes.values())))
        height = 0.8 / len(attacks)
        for number, attack in enumerate(attacks):
            places = [place + (number - (len(attacks) - 1) / 2) * height for place in range(len(modes))]
            axes.barh(places, [found[attack] for found in modes.values()], height, label=attack)
        axes.set_yticks(range(len(modes)), list(modes), fontsize=8)
        axes.invert_yaxis()
        is_membership = "member" in title
        axes.set_xlim(0.4 if is_membership else 0.0, 1.0)
        axes.set_xlabel("area under the ROC curve" if is_membership else "share of the inputs recovered", fontsize=8)
        if is_membership:
            axes.axvline(GUESSED, color="grey", linestyle=":", linewidth=1)
        axes.set_title(title, fontsize=9)
        axes.legend(fontsize=7, frameon=False, loc="lower right")
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--draw", action="store_true", help="measure nothing, draw what --figures holds")
    given = parser.parse_args()
    if not given.draw:
        given.figures.write_text(json.dumps(measure(given.trials), indent=1) + "\n")
    figures = json.loads(given.figures.read_text())
    print(tables(figures))
    draw(figures, given.picture)


if __name__ == "__main__":
    main()
