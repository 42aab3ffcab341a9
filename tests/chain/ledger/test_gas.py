"""The limits that transactions are sent with hold, and hold for the largest task."""

from collections.abc import Callable
from typing import Any

from fl_alliance.chain.gas import MOST, gas_limit, portions, step_gas
from fl_alliance.chain.steps import Fund, OpenRound, Start
from fl_alliance.chain.vrf import Tag

Found = Callable[..., Any]


def test_no_limit_is_above_what_a_transaction_may_have() -> None:
    assert gas_limit([Start(1)] * 10) == MOST


def test_many_steps_are_split_where_one_transaction_could_not_hold_them() -> None:
    steps = [Fund(1, amount) for amount in range(200)]
    split = list(portions(steps))
    assert [step for portion in split for step in portion] == steps
    assert len(split) > 1
    assert all(sum(map(step_gas, portion)) <= MOST for portion in split)


def test_nothing_makes_no_transaction() -> None:
    assert list(portions([])) == []


def test_a_small_task_uses_far_less_than_the_limits_for_the_largest(found: Found) -> None:
    federation = found(nodes=7)
    opened = federation.open_round()
    assert 2 * opened.gas_used < step_gas(OpenRound(federation.task, federation.proof(Tag.PROPOSERS, rank=0)))
    assert opened.gas_used <= MOST
