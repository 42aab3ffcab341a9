"""The limits that transactions are sent with hold, and hold for the largest task."""

from collections.abc import Callable
from typing import Any

from fl_alliance.chain.codec import interface
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


def test_every_step_of_a_round_uses_less_than_its_limit_and_not_far_less_than_none(found: Found) -> None:
    federation = found(nodes=7)
    opened = federation.open_round()
    assert opened.gas_used < step_gas(OpenRound(1, federation.proof(Tag.PROPOSERS, rank=0)))
    assert federation.propose().gas_used < 1_000_000


def test_the_largest_task_is_the_contracts_own() -> None:
    """The bounds in gas.py are for 1,024 members; if the contract takes more they must be measured again."""
    assert "MAX_MEMBERS" in interface("Alliance").functions
