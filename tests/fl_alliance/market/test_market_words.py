"""What people read: scores in units, time in words, progress that does not flood, silence that is told once."""

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from fl_alliance.arena.calendar import Calendar
from fl_alliance.arena.clock import ChainClock
from fl_alliance.arena.events import Event, Scored, Training, Trying, Unlocked
from fl_alliance.chain.arena_types import DAY_S, Phase, TaskParams
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.market.moments import moment_of
from fl_alliance.market.narrator import Narrator
from fl_alliance.market.overview import Overview, plain
from fl_alliance.market.units import duration, losses, ordinal

START = 1_000_000
ACCOUNT = "0x" + 40 * "a"


@dataclass
class Description:
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


def calendar() -> Calendar:
    numbers = dict.fromkeys(("paid_nodes", "paid_validators", "validator_limit", "max_parameters"), 1)
    numbers |= dict.fromkeys(("slash_bps", "power_halves", "floor_bps", "now_bps", "delegated_bps"), 0)
    numbers |= dict.fromkeys(("submission_fee_wei", "daily_wei", "rank_wad", "decay_wad", "creator_stake_wei"), 0)
    numbers |= dict.fromkeys(("min_node_stake_wei", "min_validator_stake_wei"), 10**9)
    numbers |= {"first_day": 1, "day_count": 2, "submit_s": 40_000, "reveal_s": 10_000, "score_s": 20_000}
    digests = dict.fromkeys(("spec_digest", "dataset_a", "dataset_b", "base_model"), bytes(32))
    return Calendar(TaskParams(kind="classify", reveal_scores_s=10_000, **numbers, **digests), START)


@pytest.mark.parametrize(
    ("kind", "options", "score", "said"),
    [
        ("tabular", {"workload": "glucose"}, 12_934, "RMSE 12.934 mg/dL"),
        ("tabular", {}, 12_934, "RMSE 12.934"),
        ("classify", {}, 58_496, "5.85 % wrong"),
        ("lm-lora", {}, 58_000, "0.0580 bits per byte"),
        ("other", {}, 58_000, "loss 0.058000"),
        ("classify", {}, WORST, "refused"),
    ],
)
def test_a_score_is_told_in_its_unit(kind: str, options: dict[str, Any], score: int, said: str) -> None:
    assert losses(Description(kind, options), score) == said


def test_ranks_and_spans_are_told_as_people_tell_them() -> None:
    assert [ordinal(rank) for rank in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"
    ]  # fmt: skip
    spans = (0, 59, 60, 3_661, 90_000)
    assert [duration(span) for span in spans] == ["0 s", "59 s", "1 min 0 s", "1 h 1 min", "1 d 1 h"]


@pytest.mark.parametrize(
    ("second", "phase", "said"),
    [
        (START, Phase.ACTIVE, "others can join; it has not begun, for 1 d 0 h more"),
        (START + DAY_S, Phase.ACTIVE, "day 0 of 0 to 1: nodes train and commit to their models, for 11 h 6 min more"),
        (START + DAY_S + 40_000, Phase.ACTIVE, "day 0 of 0 to 1: nodes reveal their models, for 2 h 46 min more"),
        (START + 2 * DAY_S + 50_000, Phase.ACTIVE, "day 1 of 0 to 1: validators score and commit to that, for 5 h"),
        (START + 2 * DAY_S + 80_000, Phase.ACTIVE, "day 1 of 0 to 1: the day is settled, for 1 h 46 min more"),
        (START + 3 * DAY_S, Phase.ACTIVE, "the last day, on dataset B: the creator shows dataset B"),
        (START + 4 * DAY_S, Phase.ACTIVE, "the days are over, somebody has to finish the last"),
        (START + 4 * DAY_S, Phase.COMPLETED, "completed"),
        (START, Phase.CANCELLED, "cancelled"),
    ],
)
def test_where_a_task_stands_is_one_sentence(second: int, phase: Phase, said: str) -> None:
    days = calendar()
    assert moment_of(days, phase, second).words(days, second).startswith(said)


def told(*events: Event) -> list[str]:
    out = io.StringIO()
    narrator = Narrator(out)
    for event in events:
        narrator(event)
    return out.getvalue().splitlines()


def test_a_training_whose_output_is_kept_is_four_lines() -> None:
    lines = told(*(Training(1, ACCOUNT, 0, step, 680, 0.5) for step in range(1, 681)))
    assert [line.split(",")[1].strip() for line in lines] == [f"step {step} of 680" for step in (170, 340, 510, 680)]


def test_silence_is_told_once_and_its_end() -> None:
    silence = Trying(1, ACCOUNT, "connection refused", 1.0)
    lines = told(silence, silence, silence, Unlocked(1, ACCOUNT, 10**18), silence)
    assert [line.partition(" (")[0] for line in lines] == [
        "no answer", "answers again; going on", "took out 1.0000 FML", "no answer"
    ]  # fmt: skip


def test_a_verdict_is_told_with_what_it_earned_only() -> None:
    assert not told(Scored(1, ACCOUNT, 0, "ranked", 5, 1))


def test_amounts_in_json_are_text_that_no_reader_rounds() -> None:
    assert plain(Overview("url", 1, {ACCOUNT: 10**24}, [])) == {
        "chain": "url",
        "chain_id": 1,
        "balances_wei": {ACCOUNT: str(10**24)},
        "tasks": [],
    }


class FastChain:
    """A chain whose clock runs `speed` times as fast as ours, looked at without a chain."""

    def __init__(self, speed: float) -> None:
        self.speed, self.ours, self.looks = speed, 0.0, 0

    def second(self) -> int:
        self.looks += 1
        return START + int(self.ours * self.speed)

    def pause(self, seconds: float) -> None:
        self.ours += seconds


@pytest.mark.parametrize("speed", [1.0, 60.0, 4320.0])
def test_a_wait_ends_soon_after_its_second_however_fast_the_chain_is(speed: float) -> None:
    chain = FastChain(speed)
    clock = ChainClock(chain, chain.pause, elapsed=lambda: chain.ours)  # type: ignore[arg-type]
    clock.wait_until(START + DAY_S)
    late_s = START + int(chain.ours * speed) - (START + DAY_S)
    assert 0 <= late_s <= max(2.0, 0.15 * speed)
    assert chain.looks < 4_000
