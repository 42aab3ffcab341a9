"""What updates give away, by attack and by how they leave: `python tests/bench/dp_leaks.py`, a few minutes.

Writes `fl_alliance/dp/leaks.png` and prints the tables of that folder's README. `test_leaks.py` holds some of the same
figures, over fewer trials, against their margins.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from leaks import GUESSED, digits_inverted, digits_members, glucose_inverted, glucose_members

PICTURE = Path(__file__).parents[2] / "fl_alliance" / "dp" / "leaks.png"


def draw(panels: Mapping[str, Mapping[str, Mapping[str, float]]], path: Path) -> None:
    """Draw one panel an attack: bars by mode, and what guessing achieves."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(2, 2, figsize=(9.5, 6.6), dpi=110)
    for axes, (title, modes) in zip(grid.ravel(), panels.items(), strict=True):
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
    parser.add_argument("--trials", type=int, default=48)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    panels: dict[str, Mapping[str, Mapping[str, float]]] = {}
    for title, measure in {
        "digits: is this image a member?": lambda: digits_members(given.trials),
        "glucose: is this patient a member?": lambda: glucose_members(given.trials),
        "digits: images computed back": lambda: digits_inverted(given.trials // 8),
        "glucose: windows computed back": lambda: glucose_inverted(given.trials // 8),
    }.items():
        panels[title] = measure()
        attacks = list(next(iter(panels[title].values())))
        print(f"| {title} | {' | '.join(attacks)} |\n|{'---|' * (1 + len(attacks))}")
        for mode, found in panels[title].items():
            print(f"| {mode} | {' | '.join(f'{found[attack]:.2f}' for attack in attacks)} |", flush=True)
        print()
    draw(panels, given.picture)


if __name__ == "__main__":
    main()
