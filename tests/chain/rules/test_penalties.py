"""What absent leaders and equivocators lose."""

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.draw import leader
from fl_alliance.chain.rules.penalties import absence_line, absent_leaders, equivocation_line
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.types import Standing
from fl_alliance.chain.vrf import Tag


@given(st.binary(min_size=32, max_size=32), st.integers(0, 16))
def test_each_leader_passed_over_is_absent_once(seed: bytes, ranks: int) -> None:
    seats = [1, 2, 3]
    absent = absent_leaders(seed, Tag.VOTERS, ranks, seats)
    assert len(set(absent)) == len(absent)
    assert set(absent) == {leader(seed, Tag.VOTERS, rank, seats) for rank in range(ranks)}


def test_an_absent_leader_loses_its_share_rounded_down() -> None:
    line = absence_line(3, 9_999, 100)
    assert line.delta_gwei == -99
    assert explain(line) == "let its turn to lead pass: lost 1 % of its balance 0.000009999 FML"


def test_an_equivocator_loses_everything() -> None:
    line = equivocation_line(3, Standing.PROPOSED, 2 * 10**9)
    assert line.delta_gwei == -2 * 10**9
    assert explain(line) == "signed two different messages for one round: lost its whole balance 2 FML"
