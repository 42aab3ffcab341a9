"""The market's rules at their largest arguments: no intermediate needs more than the contract's 256 bits."""

from collections.abc import Callable
from typing import Any

import pytest

from fl_alliance.chain.rules.arena_consensus import WORST, consensus
from fl_alliance.chain.rules.arena_pay import MAX_DECAY_WAD, fits, held, paid, task_pools, validator_shares
from fl_alliance.chain.rules.assignment import MAX_SUBMISSIONS, validator_quota
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.delegation import delegate_keeps, effective
from fl_alliance.chain.rules.emission import MAX_HALVES, MAX_POWERED, lowered, powered, split, task_share
from fl_alliance.chain.rules.exponential import MAX_X_WAD, exp_neg_wad
from fl_alliance.chain.rules.locks import MAX_LOCK_DAYS, counted
from fl_alliance.chain.rules.ranking import MAX_RANKS, node_shares, rank_shares
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, MAX_WEI, WAD
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI


class Word(int):
    """An integer whose sums, products and powers raise where they leave 256 bits, as checked Solidity does."""


def _checked(name: str) -> Callable[..., Any]:
    plain = getattr(int, name)

    def operate(self: Word, *other: int) -> Any:
        result = plain(self, *other)
        if result is NotImplemented:
            return result
        if not abs(result) < 2**256:
            raise OverflowError(f"{name}: {result.bit_length()} bits")
        return Word(result)

    return operate


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow", "lshift", "rshift"):
    setattr(Word, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Word, f"__r{_name}__", _checked(f"__r{_name}__"))

AMOUNT, STAKE, HALF, ONE = (Word(n) for n in (MAX_WEI, MAX_STAKE_WEI, MAX_STAKE_WEI // 2, WAD))
EACH = Word(MAX_STAKE_WEI // MAX_RANKS)

LARGEST: dict[str, Callable[[], int]] = {
    "lowered": lambda: lowered(AMOUNT, BPS),
    "split": lambda: split(AMOUNT, HALF, HALF)[0],
    "powered": lambda: powered(STAKE, MAX_HALVES),
    "task_share": lambda: task_share(AMOUNT, Word(MAX_POWERED), MAX_POWERED),
    "counted": lambda: counted(AMOUNT, MAX_LOCK_DAYS),
    "effective": lambda: effective(HALF, HALF, BPS),
    "delegate_keeps": lambda: delegate_keeps(AMOUNT, Word(BPS), STAKE, STAKE),
    "exp_neg_wad": lambda: exp_neg_wad(Word(MAX_X_WAD)) + exp_neg_wad(Word(1)),
    "validator_quota": lambda: validator_quota(STAKE, 1, Word(MAX_SUBMISSIONS)),
    "rank_shares": lambda: sum(rank_shares(MAX_RANKS, ONE)),
    "node_shares": lambda: sum(node_shares([EACH] * MAX_RANKS, ONE, MAX_HALVES)),
    "one node with all stake": lambda: node_shares([STAKE], ONE, MAX_HALVES)[0],
    "consensus": lambda: consensus([Word(WORST - 1)] * 4, [Word(MAX_STAKE_WEI // 4)] * 4),
    "fits": lambda: sum(fits([Word(0), Word(WORST)], 0, [HALF, HALF], Word(MAX_DECAY_WAD), MAX_HALVES)),
    "task_pools": lambda: task_pools(AMOUNT, HALF, HALF, Word(BPS // 2))[0],
    "held": lambda: held(AMOUNT, BPS)[0],
    "validator_shares": lambda: sum(validator_shares([ONE] * 1000, 1000)),
    "paid": lambda: paid(AMOUNT, ONE),
}


@pytest.mark.parametrize("rule", LARGEST)
def test_no_rule_needs_more_than_a_word_at_its_largest_arguments(rule: str) -> None:
    assert LARGEST[rule]() > 0


def test_a_word_refuses_what_does_not_fit() -> None:
    assert Word(2**128) * (2**128 - 1) < 2**256
    with pytest.raises(OverflowError, match="mul__: 257 bits"):
        Word(2**128) * 2**128
    with pytest.raises(OverflowError, match="rmul__: 257 bits"):
        2**128 * Word(2**128)
    with pytest.raises(OverflowError, match="pow__: 270 bits"):
        Word(GWEI) ** 9
