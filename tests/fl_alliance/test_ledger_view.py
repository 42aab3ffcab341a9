"""What the ledger prints, from books settled by the real rules."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from fl_alliance.books import Books, Entry, Flows, Member, Place, Round
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import Settlement, settle
from fl_alliance.chain.types import GWEI_PER_FML, WEI_PER_FML, WEI_PER_GWEI, Standing
from fl_alliance.config import load_config
from fl_alliance.ledger_view import print_books, print_round, print_why

STAKE = 100 * GWEI_PER_FML
PROPOSER, SILENT_PROPOSER, YES_VOTER, NO_VOTER, WITHHOLDING_VOTER, BYSTANDER = range(6)
STANDINGS = {
    PROPOSER: Standing.PROPOSED,
    SILENT_PROPOSER: Standing.SILENT_PROPOSER,
    YES_VOTER: Standing.VOTED_YES,
    NO_VOTER: Standing.VOTED_NO,
    WITHHOLDING_VOTER: Standing.WITHHELD,
}


@pytest.fixture
def settled(params_of: Callable[..., object]) -> Settlement:
    params = params_of(load_config(["alliance.voters=3", "alliance.proposers=2", "rounds=10"]))
    return settle(params, 1000 * GWEI_PER_FML, 10, dict.fromkeys(STANDINGS, STAKE), STANDINGS)  # type: ignore[arg-type]


@pytest.fixture
def books(settled: Settlement) -> Books:
    deltas = {line.member: line.delta_gwei for line in settled.lines}
    balances = [STAKE + deltas.get(member, 0) for member in range(6)]
    entry = Round(
        number=1,
        outcome=settled.outcome.name.lower(),
        yes=settled.yes,
        no=settled.no,
        leaders=(PROPOSER, NO_VOTER),
        reward_gwei=settled.reward_gwei,
        bounty_gwei=settled.bounty_gwei,
        pool_gwei=settled.pool_gwei,
        model=bytes(32),
        seats=[2] * 6,
        standings=STANDINGS,
        scores={YES_VOTER: (400_000, 410_000), NO_VOTER: (400_000, 300_000)},
        lines=settled.lines,
        balances=balances,
        escrows=[0] * 6,
        choice=None,
        ended=Place(12, "0x" + "ab" * 32, "0x" + "11" * 20),
    )
    members = [
        Member(
            index, f"0x{index + 1:040X}", STAKE, max(deltas.get(index, 0), 0), max(-deltas.get(index, 0), 0), held, 0, 0
        )
        for index, held in enumerate(balances)
    ]
    inside = [
        Entry("task 1: balances of 6 members", sum(balances) * WEI_PER_GWEI),
        Entry("task 1: pool", settled.pool_gwei * WEI_PER_GWEI),
        Entry("bounties and left balances to collect", settled.bounty_gwei * WEI_PER_GWEI),
    ]
    holds = sum(part.amount_wei for part in inside)
    return Books(
        task=1,
        chain_id=31337,
        contract="0x" + "c0" * 20,
        token="0x" + "f0" * 20,
        phase="idle",
        rounds_in_all=10,
        members=members,
        rounds=[entry],
        flows=Flows(6 * STAKE, 1000 * GWEI_PER_FML, sum(balances), settled.pool_gwei, 0, settled.bounty_gwei),
        supply_wei=10_000 * WEI_PER_FML,
        held=[Entry("the Alliance contract", holds), Entry("the task's creator", 10_000 * WEI_PER_FML - holds)],
        inside=inside,
        alliance_wei=holds,
    )


def printed(write: Callable[[Console], object]) -> str:
    out = Console(file=io.StringIO(), width=200, color_system=None, highlight=False)
    with out.capture() as capture:
        write(out)
    return capture.get()


def test_the_books_show_every_member_every_round_and_come_out_even(books: Books) -> None:
    shown = printed(lambda out: print_books(books, out))
    assert all(member.address in shown for member in books.members)
    assert "accepted" in shown
    assert "every FML is accounted for" in shown
    assert shown.count("1,600.000000000000000000") == 3  # the holder, the sum of its parts, the token's word


def test_a_wei_too_few_in_the_contract_is_noticed(books: Books) -> None:
    short = replace(books, alliance_wei=books.alliance_wei - 1)
    shown = printed(lambda out: print_books(short, out))
    assert "the sums differ" in shown
    assert print_books(short, Console(file=io.StringIO())) is False


def test_a_gwei_that_got_lost_inside_the_task_is_noticed(books: Books) -> None:
    lost = replace(books, flows=replace(books.flows, pool_gwei=books.flows.pool_gwei - 1))
    assert "the sums differ" in printed(lambda out: print_books(lost, out))


def test_what_others_hold_is_named_on_a_chain_with_other_users(books: Books) -> None:
    shown = printed(lambda out: print_books(replace(books, supply_wei=books.supply_wei + WEI_PER_FML), out))
    assert "accounts outside this task" in shown
    assert "every FML is accounted for" in shown


def test_a_round_shows_every_line_with_its_reason(books: Books, settled: Settlement) -> None:
    shown = " ".join(printed(lambda out: print_round(books, books.rounds[0], out)).split())
    for line in settled.lines:
        assert explain(line).split(":")[0] in shown
    assert "0.400000 → 0.300000" in shown
    assert "block 12" in shown


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (PROPOSER, ["2 of 12 seats", "proposed, accepted 1 to 1", "reward * balance", "+50,000,000,000 gwei"]),
        (SILENT_PROPOSER, ["drawn, but nothing came from it: neither paid nor slashed"]),
        (NO_VOTER, ["scored the old model 0.400000 and the candidate 0.300000", "10,000 = -10,000,000,000 gwei"]),
        (WITHHOLDING_VOTER, ["committed a vote and withheld it", "lost 10 %"]),
        (BYSTANDER, ["it was not drawn, and neither paid nor slashed"]),
    ],
)
def test_why_tells_a_members_round_with_its_numbers(books: Books, member: int, expected: list[str]) -> None:
    shown = printed(lambda out: print_why(books, books.rounds[0], books.members[member], out))
    assert all(part in shown for part in expected), shown


def test_a_member_is_found_by_index_and_by_address(books: Books) -> None:
    assert books.member("3") == books.members[3]
    assert books.member(books.members[3].address.lower()) == books.members[3]
    assert books.member("6") is None
    assert books.round(2) is None
