"""Repeating a step: until somebody answers, and never while something sent is still under way."""

from collections.abc import Callable
from typing import Any

import pytest

from fl_alliance.arena.patience import Patience, Waiting, patiently
from fl_alliance.chain.errors import ChainUnreachable, ReceiptMissing
from fl_alliance.chain.market_refusals import AlreadyDone
from fl_alliance.chain.refusals import Refused


class Node:
    """Answers with how many transactions are in blocks, and how many were sent."""

    def __init__(self, *sent: int) -> None:
        self.sent = list(sent)

    def number(self, method: str, account: str, block: str) -> int:
        return 3 if block == "latest" else (self.sent.pop(0) if self.sent else 3)


def steps(*outcomes: Exception | str) -> Callable[[], str]:
    left = list(outcomes)

    def step() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return step


def run(step: Callable[[], str], node: Node | None = None, **limits: Any) -> tuple[str, list[float]]:
    pauses: list[float] = []
    told: list[str] = []
    waiting = Waiting(Patience(pause=pauses.append, **limits), lambda why, pause_s: told.append(why))
    found = patiently(step, node or Node(), "0x1", waiting)  # type: ignore[arg-type]
    assert len(told) == len(pauses)
    return found, pauses


AWAY, LOST_RACE = ChainUnreachable("http://chain", "refused"), AlreadyDone(1, 0, "0x1")


def test_a_step_is_repeated_after_longer_and_longer_pauses_until_the_chain_answers() -> None:
    assert run(steps(AWAY, AWAY, OSError("disk"), AWAY, "done"), longest_s=4.0) == ("done", [1.0, 2.0, 4.0, 4.0])


def test_a_step_waits_for_what_is_still_under_way() -> None:
    taken: list[str] = []
    found, pauses = run(lambda: taken.append("step") or "done", Node(4, 4))  # type: ignore[func-returns-value]
    assert (found, pauses, taken) == ("done", [1.0, 2.0], ["step"])


def test_a_lost_race_is_no_error_where_the_second_look_finds_it_done() -> None:
    assert run(steps(LOST_RACE, "done")) == ("done", [])


def test_a_second_refusal_is_raised() -> None:
    with pytest.raises(Refused):
        run(steps(LOST_RACE, LOST_RACE))


def test_after_so_long_without_an_answer_it_gives_up() -> None:
    with pytest.raises(ReceiptMissing):
        run(steps(*[ReceiptMissing("stake", "0x2", 1.0)] * 9), in_all_s=7.0)
    assert run(steps(AWAY, AWAY, AWAY, "done"), in_all_s=7.0)[1] == [1.0, 2.0, 4.0]
