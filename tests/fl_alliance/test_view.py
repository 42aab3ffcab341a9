"""What the live view shows of every event, on a terminal and in a pipe."""

import io
from collections.abc import Callable
from itertools import pairwise

import pytest
from rich.console import Console

from fl_alliance.config import JobConfig, load_config
from fl_alliance.strategies.events import (
    Choice,
    Event,
    ProposalsLocked,
    RoundOpened,
    RoundSettled,
    Stage,
    VotersDrawn,
)
from fl_alliance.view import RunView
from fl_alliance.workloads.base import Metric

Story = Callable[..., list[Event]]
RMSE = Metric("rmse", "RMSE at 30 min", "mg/dL")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """A view on a console of a given size, and what can be read on it."""

    def __init__(self, config: JobConfig, width: int = 120, height: int = 40, tty: bool = True, quiet: bool = False):
        self.file, self.clock = io.StringIO(), Clock()
        self.console = Console(width=width, height=height, force_terminal=tty, file=self.file, highlight=False)
        self.view = RunView(config, "runs/x", quiet=quiet, headline=RMSE, console=self.console, clock=self.clock)

    def see(self, events: list[Event]) -> None:
        for event in events:
            self.clock.now += 0.5
            self.view(event)

    def frame(self) -> str:
        shown = Console(width=self.console.width, height=self.console.height, file=io.StringIO(), color_system=None)
        with shown.capture() as capture:
            shown.print(self.view.frame())
        return capture.get()


@pytest.fixture
def config() -> JobConfig:
    return load_config(["rule=majority", "rounds=5"])


def test_a_frame_before_the_first_round_says_what_goes_on(config: JobConfig) -> None:
    screen = Screen(config)
    screen.see([Stage("10 nodes join the task")])
    assert "10 nodes join the task" in screen.frame()
    assert "round 0/5" in screen.frame()


def test_every_event_changes_what_is_on_the_screen(config: JobConfig, story: Story) -> None:
    screen = Screen(config)
    frames = [screen.frame()]
    for event in story("rounds=5"):
        screen.see([event])
        frames.append(screen.frame())
    assert len(frames) == 1 + 1 + 5 * 5
    assert all(before != after for before, after in pairwise(frames))


def test_drawn_members_have_their_role_and_the_leader_a_star(config: JobConfig) -> None:
    screen = Screen(config)
    screen.see([RoundOpened(1, 7, (2,), (0, 1))])
    lines = screen.frame().splitlines()
    assert "proposer" in next(line for line in lines if line.split()[:1] == ["0"])
    assert "★ leader" in next(line for line in lines if line.split()[:1] == ["7"])
    assert "absent" in next(line for line in lines if line.split()[:1] == ["2"])


def test_a_dropped_reply_is_shown_with_its_reason(config: JobConfig) -> None:
    screen = Screen(config)
    screen.see([RoundOpened(1, 0, (), (0, 1)), ProposalsLocked(1, (0,), {1: "not what it signed"})])
    assert "not what it signed" in screen.frame()


def test_the_last_rounds_votes_stay_in_sight_while_the_next_round_runs(config: JobConfig) -> None:
    screen = Screen(config)
    settled = RoundSettled(
        1, "accepted", 1, 1, {5: (400_000, 410_000), 6: (400_000, 300_000)}, {5: 3 * 10**9}, {}, (0,) * 10, 0, b""
    )
    screen.see([RoundOpened(1, 0, (), (0,)), VotersDrawn(1, 0, (), (5, 6)), settled, RoundOpened(2, 3, (), (5,))])
    shown = screen.frame()
    assert "0.4000 → 0.4100  yes" in shown
    assert "0.4000 → 0.3000  no" in shown
    assert "+3.00" in shown
    assert "round 2/5" in shown


def chosen(number: int, winner: int) -> RoundSettled:
    """A round of candidates that ended with this entry of its menu, told with a long reason."""
    choice = Choice(("old model", "larger side"), winner, 1, 14_000 * winner, 1, 0, 1, (), ())
    outcome, reason = "accepted" if winner else "rejected", "scored the candidates " * 20
    losses = {5: (100_000, 90_000), 6: (100_000, 200_000)}
    return RoundSettled(number, outcome, 2, 0, losses, {5: 10**9}, {5: reason}, (0,) * 10, 0, b"", choice=choice)


@pytest.mark.parametrize(("nodes", "width"), [("nodes=10", 80), ("nodes=10", 110), ("nodes=100", 80)])
def test_a_round_that_keeps_the_old_model_is_no_failure_on_the_board(nodes: str, width: int) -> None:
    screen = Screen(load_config([nodes, "rounds=5"]), width=width)
    screen.see([RoundOpened(1, 0, (), (0,)), chosen(1, 1), RoundOpened(2, 0, (), (0,)), chosen(2, 0)])
    shown = screen.frame()
    assert "rounds ✓=  1 adopted a new model, 1 kept the old one" in shown
    assert "round 2 kept the old model" in shown
    assert "round 2 chose old model" in shown
    assert not {"accepted", "rejected", "✗", "vote"} & set(shown.split())
    assert "better" in shown
    assert "0.4000 → 0.3600  yes" in shown or nodes == "nodes=100"
    assert max(map(len, shown.splitlines())) <= width


def test_a_pipe_says_what_was_adopted_and_by_how_much_it_is_better() -> None:
    screen = Screen(load_config(["rounds=5"]), tty=False)
    screen.see([chosen(1, 1), chosen(2, 0)])
    first, second = screen.file.getvalue().splitlines()
    assert first.startswith("round 1/5  adopted  larger side, loss -0.0560  ")
    assert second.startswith("round 2/5  kept     old model  ")


def test_elapsed_and_remaining_time_follow_the_pace_of_the_rounds(config: JobConfig, story: Story) -> None:
    screen = Screen(config)
    screen.see(story("rounds=5")[: 1 + 2 * 5])
    screen.clock.now += 0.5
    shown = screen.frame()
    assert "0:06" in shown
    assert "ETA 0:06" in shown or "ETA 0:05" in shown


def test_a_hundred_members_fit_on_an_ordinary_terminal(story: Story) -> None:
    words = ("rule=majority", "rounds=3", "nodes=100", "alliance.proposers=20", "alliance.voters=20")
    screen = Screen(load_config(words), width=100, height=30)
    screen.see(story(*words)[:-5])
    shown = screen.frame()
    assert len(shown.splitlines()) <= 30
    assert max(map(len, shown.splitlines())) <= 100
    assert all(f"{member}" in shown for member in range(100))
    assert "median" in shown


def test_a_pipe_gets_one_line_a_round_without_control_characters(config: JobConfig, story: Story) -> None:
    screen = Screen(config, tty=False)
    with screen.view:
        screen.see(story("rounds=5"))
    lines = screen.file.getvalue().splitlines()
    assert lines[:2] == ["glucose · FedAvg · 10 nodes · runs/x", "the contracts are deployed"]
    assert [line.split("  ")[0] for line in lines[2:]] == [f"round {number}/5" for number in range(1, 6)]
    assert all("RMSE at 30 min" in line and "mg/dL" in line for line in lines[2:])
    assert "\x1b" not in screen.file.getvalue()


def test_a_quiet_view_prints_nothing(config: JobConfig, story: Story) -> None:
    screen = Screen(config, quiet=True)
    with screen.view:
        screen.see(story("rounds=5"))
    assert screen.file.getvalue() == ""


def test_a_terminal_is_given_back_when_a_run_fails(config: JobConfig) -> None:
    screen = Screen(config)
    with pytest.raises(KeyboardInterrupt), screen.view:
        raise KeyboardInterrupt
    assert screen.file.getvalue().count("\x1b[?25l") == screen.file.getvalue().count("\x1b[?25h")


def test_hostile_names_are_not_taken_for_markup(config: JobConfig) -> None:
    screen = Screen(config, tty=False)
    screen.see([Stage("[bold red]not markup[/]"), Stage("[/unbalanced]")])
    assert screen.file.getvalue().splitlines() == ["[bold red]not markup[/]", "[/unbalanced]"]
