"""Whom a round asks its voters about."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.chain.rules.candidates import MARK_BITS, MAX_ENTRIES, OLD, decode_menu
from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.menu import Candidate, Candidates, Menu
from fl_alliance.strategies.views import Updates

Model = dict[str, NDArray[np.floating]]
SUSPECT_AT = 32
MEMBERS = 10
EVEN = POINTS // MEMBERS
"""What a proposal of ten contributes where all contribute alike."""


@pytest.fixture
def proposals() -> dict[int, Model]:
    """Ten honest proposals: a common direction, and each its own noise."""
    rng = np.random.default_rng(2)
    common = rng.normal(size=16)
    return {member: {"w": (common + 0.4 * rng.normal(size=16)).astype(np.float32)} for member in range(MEMBERS)}


def menu_of(proposals: dict[int, Model], averages: dict[int, int], suspicion: Mapping[str, Any] | None = None) -> Menu:
    old = {"w": np.zeros(16, dtype=np.float32)}
    rule = Candidates(suspicion=suspicion, suspect_at=SUSPECT_AT)
    return rule.menu(old, proposals, proposals[0], None, averages)


def marks_of(menu: Menu) -> list[int]:
    return [mark & MARK_BITS for mark in menu.rows[1].marks]


def test_nobody_is_asked_about_where_all_are_alike(proposals: dict[int, Model]) -> None:
    menu = menu_of(proposals, {})
    assert len(menu.models) == len(menu.rows)
    assert all(row.reference == row.question for row in menu.rows)


def test_who_did_harm_in_earlier_rounds_is_asked_about_whichever_candidate_wins(proposals: dict[int, Model]) -> None:
    menu = menu_of(proposals, {3: -EVEN})
    question = menu.models[-1]["w"]
    assert all((row.reference, row.question) == (OLD, len(menu.rows)) for row in menu.rows)
    assert all(row.suspects(SUSPECT_AT) == (3,) for row in menu.rows)
    along = float(question @ proposals[3]["w"]) / float(np.linalg.norm(question) * np.linalg.norm(proposals[3]["w"]))
    assert along > 0.9


def test_the_question_is_a_quarter_of_the_suspect_step(proposals: dict[int, Model]) -> None:
    menu, longer = (menu_of(proposals, {3: -EVEN}, {"step": step}) for step in (0.25, 1.0))
    assert np.allclose(4 * menu.models[-1]["w"], longer.models[-1]["w"], atol=1e-5)


@pytest.mark.parametrize(("average", "mark"), [(-EVEN // 2, 32), (-EVEN // 4, 16), (-2 * EVEN, 96)])
def test_half_an_even_share_of_harm_is_two_z(proposals: dict[int, Model], average: int, mark: int) -> None:
    assert marks_of(menu_of(proposals, {3: average}))[3] == mark


def test_only_the_worst_is_asked_about_and_others_stay_below_the_threshold(proposals: dict[int, Model]) -> None:
    averages = {3: -EVEN, 5: -2 * EVEN, 7: -EVEN}
    marks = marks_of(menu_of(proposals, averages))
    assert [marks[at] for at in (3, 5, 7)] == [SUSPECT_AT - 1, 96, SUSPECT_AT - 1]
    assert menu_of(proposals, averages, {"asked": 2}).rows[1].suspects(SUSPECT_AT) == (3, 5)


def test_a_reversed_proposal_is_asked_about_without_any_history(proposals: dict[int, Model]) -> None:
    proposals[4] = {"w": -proposals[4]["w"]}
    assert menu_of(proposals, {}).rows[1].suspects(SUSPECT_AT) == (4,)


def test_of_two_proposals_nothing_is_unusual(proposals: dict[int, Model]) -> None:
    proposals = {0: proposals[0], 1: {"w": -proposals[1]["w"]}}
    assert marks_of(menu_of(proposals, {})) == [0, 0]


class FullMenu(Candidates):
    """A menu of somebody's own that leaves no room for a question."""

    def candidates(self, updates: Updates) -> list[Candidate]:
        usual = super().candidates(updates)
        return [*usual, *usual][: MAX_ENTRIES - 1]


def test_a_menu_full_of_candidates_asks_about_nobody(proposals: dict[int, Model]) -> None:
    old = {"w": np.zeros(16, dtype=np.float32)}
    menu = FullMenu(suspect_at=SUSPECT_AT).menu(old, proposals, proposals[0], None, {3: -EVEN})
    assert len(menu.rows) == len(menu.models) == MAX_ENTRIES
    assert all(row.reference == row.question for row in menu.rows)
    assert decode_menu(menu.encoded, MEMBERS) == menu.digest
