"""The report: needs nothing from outside, cannot be broken by a name, tells every slash, and stays small."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.amounts import fml
from fl_alliance.records import RunFolder
from fl_alliance.report import write_report
from fl_alliance.report.clarke import shares, zone
from fl_alliance.report.markup import el
from fl_alliance.report.plot import Label, fitted, number, round_ticks, spread, tick_text, ticks
from fl_alliance.report.pointing import SCRIPT, SCRIPT_SOURCE

MakeRun = Callable[..., RunFolder]
HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(1)>"
VOID = {"meta", "br", "hr"}


class Page(HTMLParser):
    """Checks that elements are closed in order; collects tags, attributes and the text people see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def report(folder: RunFolder) -> str:
    return write_report(folder).read_text()


def test_a_report_refers_to_nothing_outside_itself(make_run: MakeRun) -> None:
    html = report(make_run("rounds=20"))
    page = Page(html)
    links = [value for name, value in page.attributes if name in ("src", "href", "action", "data", "srcset")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"https?://|url\(|@import", html)
    assert {"link", "iframe", "img"}.isdisjoint(page.tags)
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {SCRIPT_SOURCE}"
    assert ("content", policy) in page.attributes


def test_hostile_names_are_shown_and_do_nothing(make_run: MakeRun) -> None:
    folder = make_run("rounds=3")
    config = folder.config.read_text().replace("flwr.serverapp.strategy.FedAvg", json.dumps(HOSTILE))
    folder.config.write_text(config)
    judged = json.loads(folder.references.read_text())
    judged["references"][HOSTILE] = {"rmse": 1.0}
    judged["metrics"][0]["label"] = HOSTILE
    folder.references.write_text(json.dumps(judged))
    deployed = json.loads(folder.deployment.read_text())
    deployed["members"][0]["about"] = HOSTILE
    folder.deployment.write_text(json.dumps(deployed))
    rounds = list(folder.rounds())
    first = rounds[0]
    member = str(first.proposers[0])
    folder.append(replace(first, dropped={member: HOSTILE}, proposed=first.proposed[1:], reasons={member: HOSTILE}))
    page = Page(report(folder))
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(" ".join(HOSTILE.split())) >= 4


def test_the_only_script_is_the_one_the_policy_names(make_run: MakeRun) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", report(make_run("rounds=3")), re.DOTALL)
    assert scripts == [SCRIPT]


def test_the_cells_to_point_at_say_what_the_records_say(make_run: MakeRun) -> None:
    folder = make_run("rounds=3")
    found = re.search(r'<script type="application/json" id="cells">(.*?)</script>', report(folder))
    assert found
    for record, cells in zip(folder.rounds(), json.loads(found[1]), strict=True):
        assert cells["n"] == record.round
        assert {member: cell[1] for member, cell in cells["cells"].items()} == record.deltas


def test_every_slash_appears_with_its_reason(make_run: MakeRun) -> None:
    folder = make_run("rounds=40", "nodes=15", bad_share=0.4)
    text = Page(report(folder)).text
    slashes = 0
    for record in folder.rounds():
        for member, delta in record.deltas.items():
            if delta < 0:
                slashes += 1
                assert record.reasons[member].partition(": lost ")[0] in text
                before = record.balances[int(member)] - delta
                assert f"{member}: {fml(-delta)} of {fml(before)}" in text
    assert slashes > 50
    assert f"{slashes} slashes" in text


def test_every_fml_is_accounted_for_or_the_report_says_what_is_missing(make_run: MakeRun) -> None:
    folder = make_run("rounds=10")
    assert "Every FML is accounted for." in report(folder)
    last = list(folder.rounds())[-1]
    folder.append(replace(last, pool=last.pool - 1))
    assert "Not accounted for: 0.000000001 FML." in report(folder)


def test_the_final_model_is_compared_with_every_reference_also_where_it_is_worse(make_run: MakeRun) -> None:
    text = Page(report(make_run("rounds=20"))).text
    assert re.search(r"persistence 15\.82 \d+\.\d% better", text)
    assert re.search(r"local 13\.90 \d+\.\d% worse", text)


def test_every_chart_has_a_title_and_a_description(make_run: MakeRun) -> None:
    html = report(make_run("rounds=20"))
    charts = re.findall(r"<svg.*?</svg>", html)
    assert len(charts) == 7
    named = [re.search(r'aria-labelledby="(\w+) (\w+)"', chart) for chart in charts]
    ids = [identifier for match in named if match for identifier in match.groups()]
    assert len(set(ids)) == 2 * len(charts)
    assert all(f'id="{identifier}"' in html for identifier in ids)


def test_a_run_that_has_not_settled_a_round_has_a_report(make_run: MakeRun) -> None:
    folder = make_run("rounds=2")
    for path in (folder.metrics, folder.references, folder.grid, folder.deployment):
        path.unlink()
    assert "Settings" in Page(report(folder)).text


def test_void_rounds_and_missing_figures_are_drawn(make_run: MakeRun) -> None:
    folder = make_run("rounds=4")
    for record in folder.rounds():
        nothing = asdict(record) | {
            "outcome": "void", "leader": -1, "voters_leader": None, "scores": {}, "deltas": {}, "reasons": {},
            "proposers": [], "proposed": [], "voters": [], "committed": [], "metrics": {}, "train_metrics": {},
            "evaluate_metrics": {"loss": float("nan")},
        }  # fmt: skip
        folder.append(type(record)(**nothing))
    assert "0 of 4" in Page(report(folder)).text


def test_two_hundred_rounds_of_a_hundred_members_stay_under_three_megabytes(make_run: MakeRun) -> None:
    folder = make_run("rounds=200", "nodes=100", "alliance.proposers=50", "alliance.voters=50")
    assert len(report(folder)) < 3_000_000


def test_ten_thousand_rounds_make_no_larger_report(make_run: MakeRun) -> None:
    folder = make_run("rounds=10000", "nodes=10")
    html = report(folder)
    assert len(html) < 3_000_000
    assert "25 rounds a column" in html


def test_a_report_is_the_same_every_time(make_run: MakeRun) -> None:
    folder = make_run("rounds=5")
    assert report(folder) == report(folder)


@pytest.mark.parametrize(
    ("reference", "prediction", "expected"),
    [
        (100, 100, "A"), (100, 120, "A"), (100, 121, "B"), (100, 79, "B"), (50, 69, "A"), (60, 72, "A"), (60, 73, "D"),
        (50, 180, "E"), (50, 179, "D"), (180, 70, "E"), (300, 60, "E"), (240, 180, "D"), (239, 180, "B"),
        (300, 100, "D"), (100, 210, "C"), (100, 209, "B"), (290, 400, "C"), (160, 41, "C"), (160, 43, "B"),
        (120, 10, "B"), (100, float("nan"), "E"),
    ],
)  # fmt: skip
def test_a_prediction_falls_in_clarkes_zone(reference: float, prediction: float, expected: str) -> None:
    assert zone(reference, prediction) == expected


@given(st.lists(st.tuples(st.floats(20, 500), st.floats(20, 500)), min_size=1))
def test_zone_shares_add_up_to_one(pairs: list[tuple[float, float]]) -> None:
    assert sum(shares(*zip(*pairs, strict=True)).values()) == pytest.approx(1)


@given(st.text(), st.text())
def test_an_element_holds_its_text_whatever_it_is(text: str, attribute: str) -> None:
    page = Page(el("p", text, title=attribute))
    assert page.tags == ["p"]
    assert page.attributes[0][0] == "title"


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=12))
def test_labels_end_up_apart_in_their_order_and_on_the_chart(heights: list[float]) -> None:
    moved = spread([Label(at, f"{at}") for at in heights], gap=60)
    assert [float(label.text) for label in moved] == sorted(heights)
    assert all(after.at - before.at >= 59.9 for before, after in pairwise(moved))
    assert moved[-1].at <= 1000


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5))
def test_ticks_are_few_round_and_inside_the_axis(low: float, span: float) -> None:
    marks = ticks(low, low + span)
    assert 1 <= len(marks) <= 7
    assert all(low - 1e-6 * span <= mark <= low + span * (1 + 1e-6) for mark in marks)


@given(st.integers(0, 1000), st.integers(1, 20_000))
def test_round_ticks_begin_and_end_with_the_first_and_last_round(first: int, length: int) -> None:
    marks = round_ticks(first, first + length)
    assert (marks[0], marks[-1]) == (first, first + length)
    assert marks == sorted(set(marks))
    assert len(marks) <= 11


def test_one_diverged_value_does_not_flatten_the_rest() -> None:
    assert fitted([14.0, 15.0, 16.0, 1e9]).high < 100


def test_numbers_have_four_significant_digits() -> None:
    assert [number(value) for value in (14.2246, 0.86398, 13.9, 1234567.0, 0.0, 12345.6)] == [
        "14.22", "0.864", "13.9", "1.23e+06", "0", "12,346",
    ]  # fmt: skip
    assert tick_text([14.0, 14.5, 15.0]) == ["14.0", "14.5", "15.0"]
