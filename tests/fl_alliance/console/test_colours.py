"""Text can be read on what it stands on, in the light and in the dark: 4.5 to 1, as WCAG's level AA asks."""

import re
from pathlib import Path

import pytest

import fl_alliance.console

SHEET = (Path(fl_alliance.console.__file__).parent / "static" / "console.css").read_text()
LIGHT, DARK = re.findall(r":root \{(.*?)\}", SHEET, re.S)
PAIRS = [
    *((text, ground) for text in ("ink", "soft", "accent", "good", "bad", "warn") for ground in ("paper", "card")),
    *((text, "faint") for text in ("ink", "soft", "accent")),
    ("on-accent", "accent"),
    ("ink", "plain-tint"),
    ("accent", "live-tint"),
    ("good", "good-tint"),
    ("bad", "bad-tint"),
    ("warn", "warn-tint"),
]
"""Every text colour with each background that a rule of the sheet puts it on."""


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2.2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_what_it_stands_on(scheme: str) -> None:
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", scheme))
    found = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert min(found.values()) >= 4.5, sorted(found.items(), key=lambda each: each[1])[:5]


def test_rules_take_their_colours_from_these() -> None:
    rules = SHEET.replace(LIGHT, "").replace(DARK, "")
    assert not re.search(r"#[0-9a-f]{3,8}\b(?![^{]*\{)|rgb\(|hsl\(", re.sub(r"#[a-z]+ \{", "", rules))
