"""What a settled round pays and takes."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.reasons import explain, fml, percent
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI, Settlement, Why, settle
from fl_alliance.chain.types import Standing, TaskParams

YES, NO, PROPOSED = Standing.VOTED_YES, Standing.VOTED_NO, Standing.PROPOSED
SILENT_PROPOSER, SILENT_VOTER, WITHHELD = Standing.SILENT_PROPOSER, Standing.SILENT_VOTER, Standing.WITHHELD

Params = Callable[..., TaskParams]


def deltas(result: Settlement) -> dict[int, int]:
    return {line.member: line.delta_gwei for line in result.lines}


def test_an_accepted_round_pays_proposers_and_yes_voters_by_stake(make_params: Params) -> None:
    balances = {0: 100, 1: 300, 2: 100, 3: 200, 4: 300}
    standings = {0: PROPOSED, 1: PROPOSED, 2: YES, 3: YES, 4: NO}
    result = settle(make_params(), 7000, 10, balances, standings)
    assert result.outcome is Outcome.ACCEPTED
    assert result.reward_gwei == 700
    assert deltas(result) == {0: 100, 1: 300, 2: 100, 3: 200, 4: -30}
    assert result.bounty_gwei == 3
    assert result.pool_gwei == 7000 - 700 + 27


def test_a_rejected_round_slashes_those_who_proposed_and_pays_no_voters(make_params: Params) -> None:
    balances = {0: 100, 1: 300, 2: 100, 3: 200, 4: 300}
    standings = {0: PROPOSED, 1: SILENT_PROPOSER, 2: YES, 3: NO, 4: NO}
    result = settle(make_params(), 7000, 10, balances, standings)
    assert result.outcome is Outcome.REJECTED
    assert deltas(result) == {0: -10, 1: 0, 2: -10, 3: 280, 4: 420}


def test_a_void_round_pays_nobody_and_slashes_only_withheld_votes(make_params: Params) -> None:
    balances = dict.fromkeys(range(5), 1000)
    standings = {0: PROPOSED, 1: PROPOSED, 2: YES, 3: SILENT_VOTER, 4: WITHHELD}
    result = settle(make_params(), 7000, 10, balances, standings)
    assert result.outcome is Outcome.VOID
    assert result.reward_gwei == 0
    assert deltas(result) == {0: 0, 1: 0, 2: 0, 3: 0, 4: -100}


def test_a_late_vote_decides_but_neither_earns_nor_loses(make_params: Params) -> None:
    balances = dict.fromkeys(range(4), 1000)
    standings = {0: PROPOSED, 1: YES, 2: NO, 3: Standing.LATE_NO}
    result = settle(make_params(), 7000, 10, balances, standings)
    assert result.outcome is Outcome.REJECTED
    assert deltas(result) == {0: -100, 1: -100, 2: 700, 3: 0}


def test_a_commitment_of_ones_own_that_stays_closed_is_a_withheld_vote(make_params: Params) -> None:
    balances = dict.fromkeys(range(5), 1000)
    standings = {0: PROPOSED, 1: YES, 2: YES, 3: Standing.COMMITTED, 4: Standing.LATE}
    assert deltas(settle(make_params(), 0, 10, balances, standings)) == {0: 0, 1: 0, 2: 0, 3: -100, 4: 0}


def test_where_nobody_judges_those_who_proposed_share_the_reward(make_params: Params) -> None:
    result = settle(make_params(voters=0), 1000, 1, {0: 100, 1: 100}, {0: PROPOSED, 1: SILENT_PROPOSER})
    assert deltas(result) == {0: 1000, 1: 0}


def test_winners_without_balance_leave_the_reward_in_the_pool(make_params: Params) -> None:
    result = settle(make_params(voters=0), 1000, 1, {0: 0}, {0: PROPOSED})
    assert result.pool_gwei == 1000
    assert "no share" in explain(result.lines[0])


def test_a_winner_is_paid_up_to_the_most_that_a_member_can_hold(make_params: Params) -> None:
    rich = MAX_BALANCE_GWEI - 5
    result = settle(make_params(voters=0), 1000, 1, {0: rich}, {0: PROPOSED})
    assert deltas(result) == {0: 5}
    assert result.pool_gwei == 995
    assert explain(result.lines[0]).endswith("by stake, up to the most that a member can hold")


@given(
    st.dictionaries(
        st.integers(0, 30),
        st.tuples(st.integers(0, MAX_BALANCE_GWEI), st.sampled_from(list(Standing)[1:])),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 10**17),
    st.integers(1, 100),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)
def test_every_settlement_conserves_the_sum_and_leaves_nobody_below_zero(
    make_params: Params,
    members: dict[int, tuple[int, Standing]],
    pool: int,
    rounds_left: int,
    slash_bps: int,
    bounty_bps: int,
) -> None:
    balances = {member: balance for member, (balance, _) in members.items()}
    standings = {member: standing for member, (_, standing) in members.items()}
    voters = sum(1 for standing in standings.values() if standing.is_voter)
    params = make_params(voters=voters, slash_bps=slash_bps, bounty_bps=bounty_bps)
    result = settle(params, pool, rounds_left, balances, standings)
    after = sum(balances.values()) + sum(deltas(result).values()) + result.pool_gwei + result.bounty_gwei
    assert after == sum(balances.values()) + pool
    assert all(balances[line.member] + line.delta_gwei >= 0 for line in result.lines)
    assert result.pool_gwei >= pool - result.reward_gwei
    assert all(explain(line) for line in result.lines)


def test_each_line_explains_itself_in_words(make_params: Params) -> None:
    balances = {0: 125, 1: 200, 2: 200, 3: 200, 4: 200, 5: 200, 6: 75, 7: 300}
    standings = dict(zip(range(8), [PROPOSED, SILENT_PROPOSER, YES, YES, YES, NO, YES, WITHHELD], strict=True))
    lines = settle(make_params(voters=6), 32 * 10**9, 10, balances, standings).lines
    assert explain(lines[0]) == "proposed, accepted 4 to 1: 15.6 % of the round's reward 3.2 FML, by stake"
    assert explain(lines[1]) == "drawn, but nothing came from it: neither paid nor slashed"
    assert explain(lines[5]) == "voted against the outcome, 4 to 1: lost 10 % of its balance 0.0000002 FML"
    assert lines[7].reason.why is Why.WITHHELD_VOTE


def test_amounts_and_shares_read_without_padding() -> None:
    assert [fml(gwei) for gwei in (0, 3_200_000_000, -1, 10**10)] == ["0", "3.2", "-0.000000001", "10"]
    assert [percent(1, 8), percent(1, 3), percent(1, 1)] == ["12.5 %", "33.3 %", "100 %"]
