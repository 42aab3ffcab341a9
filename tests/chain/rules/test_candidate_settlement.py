"""What a round of candidate voting decides, pays and takes."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidate_settlement import Session, settle_candidates
from fl_alliance.chain.rules.candidates import PART_OF, MenuDigest, Row
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.judgement import ProposerPay
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI, Line, Settlement, Why
from fl_alliance.chain.types import CandidateTerms, Record, Reward, Standing, TaskParams

PROPOSED, VOTED, LATE = Standing.PROPOSED, Standing.VOTED_YES, Standing.LATE_YES
CONTRIBUTION = CandidateTerms(
    Reward.CONTRIBUTION,
    override_bps=6667,
    convict_bps=7500,
    suspect_at=56,
    offset=40,
    forgive=16,
    slash_above=112,
    escrow_bps=5000,
)
STAKE = replace(CONTRIBUTION, reward=Reward.STAKE)
HONEST, ATTACKER, VOTERS = 0, 1, (2, 3, 4)
BETTER, WORSE = (500_000, 400_000, 450_000), (400_000, 500_000, 450_000)
"""Scores of the old model, the default and the entry that asks about suspects; lower is better."""
SUSPICIOUS = Row(bytes([PART_OF, 96]), reference=1, question=2)
"""A default made of the honest proposal, which sees the other one far out and asks about it."""

Params = Callable[..., TaskParams]
Made = Callable[..., Session]


def session_of(params: TaskParams, terms: CandidateTerms, **changes: object) -> Session:
    """Two proposers and three voters with 1,000 gwei each; all like the default, which is made of both proposals."""
    plain = Row(bytes([PART_OF, PART_OF]))
    session = Session(
        params=params,
        terms=terms,
        pool_gwei=10_000,
        rounds_left=10,
        balances=dict.fromkeys(range(5), 1000),
        standings={HONEST: PROPOSED, ATTACKER: PROPOSED} | dict.fromkeys(VOTERS, VOTED),
        records={},
        menu=MenuDigest((bytes(32),) * 3, (plain, plain)),
        scores=dict.fromkeys(VOTERS, BETTER),
        contributions=dict.fromkeys(VOTERS, (6000, -1000)),
        prior=None,
    )
    return replace(session, **changes)  # type: ignore[arg-type]


def lines_of(result: Settlement) -> dict[int, Line]:
    return {line.member: line for line in result.lines}


def deltas(result: Settlement) -> list[int]:
    return [line.delta_gwei for line in sorted(result.lines, key=lambda line: line.member)]


def test_by_stake_the_parts_of_the_winner_and_who_scored_share_the_reward(make_params: Params) -> None:
    result = settle_candidates(session_of(make_params(), STAKE))
    assert result.outcome is Outcome.ACCEPTED
    assert result.reward_gwei == 1000
    assert deltas(result) == [200, 200, 200, 200, 200]
    assert (result.paid_gwei, result.slashed_gwei, result.pool_gwei) == (1000, 0, 9000)


def test_who_is_not_part_of_the_winner_gets_nothing_and_loses_nothing(make_params: Params) -> None:
    rows = (Row(bytes([PART_OF, PART_OF])), Row(bytes([PART_OF, 0])))
    result = settle_candidates(session_of(make_params(), STAKE, menu=MenuDigest((bytes(32),) * 3, rows)))
    assert deltas(result) == [400, 0, 200, 200, 200]
    assert lines_of(result)[ATTACKER].reason.why is Why.NOT_PART


def test_by_contribution_those_above_zero_share_and_half_of_it_waits(make_params: Params) -> None:
    result = settle_candidates(session_of(make_params(), CONTRIBUTION))
    lines, judged = lines_of(result), result.judgement
    assert judged is not None
    assert judged.contributions == {HONEST: 6000, ATTACKER: -1000}
    assert (lines[HONEST].delta_gwei, lines[HONEST].escrow_gwei) == (200, 200)
    assert (lines[ATTACKER].delta_gwei, lines[ATTACKER].escrow_gwei) == (0, 0)
    assert judged.records[HONEST] == Record(average=1500, escrow_gwei=200)
    assert judged.records[ATTACKER] == Record(average=-250)


def test_a_quarter_of_the_escrow_is_released_in_every_round_in_good_standing(make_params: Params) -> None:
    held = {ATTACKER: Record(escrow_gwei=1001)}
    result = settle_candidates(session_of(make_params(), CONTRIBUTION, records=held))
    line = lines_of(result)[ATTACKER]
    assert (line.delta_gwei, line.escrow_gwei) == (250, -250)
    assert result.paid_gwei == 1000


def test_points_that_contradict_their_voters_own_scores_count_nothing(make_params: Params) -> None:
    """Two accomplices credit the attacker's proposal, but score like everybody that the honest one alone is best."""
    rows = (Row(bytes([PART_OF, PART_OF])), Row(bytes([PART_OF, PART_OF])), Row(bytes([PART_OF, 0])))
    session = session_of(
        make_params(),
        CONTRIBUTION,
        menu=MenuDigest((bytes(32),) * 3, rows),
        scores=dict.fromkeys(VOTERS, (500_000, 450_000, 400_000)),
        contributions={2: (6000, -1000), 3: (-4000, 6000), 4: (-4000, 6000)},
    )
    judged = settle_candidates(session).judgement
    assert judged is not None
    assert judged.contributions == {HONEST: 6000, ATTACKER: -1000}
    assert [judged.credits[member] for member in VOTERS] == [1000 * 10**6, 0, 0]


def test_where_the_old_model_wins_only_voters_are_paid(make_params: Params) -> None:
    result = settle_candidates(session_of(make_params(), STAKE, scores=dict.fromkeys(VOTERS, WORSE)))
    assert result.outcome is Outcome.REJECTED
    assert deltas(result) == [0, 0, 200, 200, 200]
    assert lines_of(result)[HONEST].reason.why is Why.OLD_MODEL_WON


def accused(terms: CandidateTerms, params: TaskParams, evidence: int = 0, **changes: object) -> Session:
    menu = MenuDigest((bytes(32),) * 3, (Row(bytes([0, 0])), SUSPICIOUS))
    return session_of(params, terms, menu=menu, records={ATTACKER: Record(evidence, 0, 400)}, **changes)


def test_the_convicted_get_nothing_and_evidence_grows(make_params: Params) -> None:
    result = settle_candidates(accused(CONTRIBUTION, make_params()))
    line, judged = lines_of(result)[ATTACKER], result.judgement
    assert judged is not None
    assert (judged.convicted, judged.slashed) == ((ATTACKER,), ())
    assert judged.records[ATTACKER] == Record(96 - 40, -250, 400)
    assert (line.delta_gwei, line.escrow_gwei, line.reason.why) == (0, 0, Why.CONVICTED)


def test_too_much_evidence_takes_the_slash_and_the_whole_escrow(make_params: Params) -> None:
    result = settle_candidates(accused(CONTRIBUTION, make_params(slash_gwei=50), evidence=100))
    line, judged = lines_of(result)[ATTACKER], result.judgement
    assert judged is not None
    assert judged.slashed == (ATTACKER,)
    assert judged.records[ATTACKER] == Record(112, -250, 0)
    assert (line.delta_gwei, line.escrow_gwei) == (-150, -400)
    assert (result.slashed_gwei, result.bounty_gwei) == (550, 55)
    assert explain(line) == (
        "its proposal was convicted once too often: lost 10 % of its balance 0.000001 FML and 0.00000005 FML and its"
        " escrow 0.0000004 FML (mark 96, evidence 100 to 112; contributed -1000, average 0 to -250)"
    )


def test_voters_who_do_not_mind_the_suspects_convict_nobody(make_params: Params) -> None:
    mild = dict.fromkeys(VOTERS, (500_000, 400_000, 400_000))
    result = settle_candidates(accused(CONTRIBUTION, make_params(), evidence=100, scores=mild))
    assert result.judgement is not None
    assert (result.judgement.convicted, result.judgement.against) == ((), 0)
    assert result.judgement.records[ATTACKER].evidence == 84


def test_a_void_round_pays_nobody_and_leaves_records_alone(make_params: Params) -> None:
    standings = {HONEST: PROPOSED, ATTACKER: PROPOSED, 2: VOTED, 3: Standing.WITHHELD, 4: Standing.COMMITTED}
    session = session_of(make_params(), CONTRIBUTION, standings=standings, records={3: Record(escrow_gwei=70)})
    result = settle_candidates(session)
    assert (result.outcome, result.judgement, result.reward_gwei) == (Outcome.VOID, None, 0)
    assert deltas(result) == [0, 0, 0, -100, -100]
    assert lines_of(result)[3].escrow_gwei == -70


def test_a_round_whose_voters_hold_nothing_is_void(make_params: Params) -> None:
    poor = dict.fromkeys(range(5), 1000) | dict.fromkeys(VOTERS, 0)
    assert settle_candidates(session_of(make_params(), STAKE, balances=poor)).outcome is Outcome.VOID


def test_a_late_voter_decides_but_is_not_paid(make_params: Params) -> None:
    standings = {HONEST: PROPOSED, ATTACKER: PROPOSED, 2: VOTED, 3: LATE, 4: LATE}
    scores = {2: WORSE, 3: BETTER, 4: BETTER}
    result = settle_candidates(session_of(make_params(), STAKE, standings=standings, scores=scores))
    assert result.outcome is Outcome.ACCEPTED
    assert lines_of(result)[3].delta_gwei == 0
    assert lines_of(result)[2].delta_gwei > 0
    assert result.judgement is not None
    assert 3 not in result.judgement.records


def test_nobody_is_slashed_for_its_scores(make_params: Params) -> None:
    scores = {2: BETTER, 3: BETTER, 4: (0, 1_000_000, 0)}
    result = settle_candidates(session_of(make_params(), STAKE, scores=scores))
    assert lines_of(result)[4].delta_gwei >= 0


def test_what_a_member_cannot_hold_stays_in_the_pool_and_in_escrow(make_params: Params) -> None:
    rich = dict.fromkeys(range(5), MAX_BALANCE_GWEI - 5)
    held = {HONEST: Record(escrow_gwei=100)}
    result = settle_candidates(session_of(make_params(), CONTRIBUTION, balances=rich, records=held))
    line = lines_of(result)[HONEST]
    assert (line.delta_gwei, line.escrow_gwei) == (5, 200 - 5)
    assert explain(line).endswith("(contributed 6000, average 0 to 1500)")
    assert "up to the most that a member can hold" in explain(line)


def test_each_line_explains_itself_in_words(make_params: Params) -> None:
    lines = lines_of(settle_candidates(session_of(make_params(), CONTRIBUTION, pool_gwei=50 * 10**9)))
    assert explain(lines[HONEST]) == (
        "proposed, judged by 3: 100 % of the proposers' part 2 FML by its average contribution 1500, 1 FML paid,"
        " 1 FML into escrow (contributed 6000, average 0 to 1500)"
    )
    assert explain(lines[ATTACKER]) == ("proposed, judged by 3: no share (contributed -1000, average 0 to -250)")
    assert explain(lines[2]) == (
        "scored the candidates, judged by 3: 33.3 % of the voters' part 3 FML, by stake and quality 100 % of the best"
    )


@st.composite
def sessions(draw: st.DrawFn, params: TaskParams) -> Session:
    """Any round: few or many members, balances to the brim, evidence, escrow and marks of every size."""
    roles = st.sampled_from([standing for standing in Standing if standing and not standing.is_no])
    standings = dict(enumerate(draw(st.lists(roles, min_size=1, max_size=9))))
    proposers = sum(standing is PROPOSED for standing in standings.values())
    candidates, entries = draw(st.integers(2, 5)), draw(st.integers(5, 6))
    score, entry = st.integers(0, 4) | st.integers(0, 1_000_000), st.integers(0, entries - 1)
    marks = st.lists(st.sampled_from([0, 40, 60, 96, PART_OF, PART_OF | 60]), min_size=proposers, max_size=proposers)
    rows = tuple(Row(bytes(draw(marks)), draw(entry), draw(entry)) for _ in range(candidates))
    balance = st.integers(0, 2000) | st.integers(MAX_BALANCE_GWEI - 2000, MAX_BALANCE_GWEI)
    record = st.builds(
        Record, st.integers(0, 200), st.integers(-10_000, 10_000), st.integers(0, 10**6), st.integers(-(10**6), 10**6)
    )
    points = st.lists(st.integers(-3000, 3000), min_size=proposers, max_size=proposers)
    voters = [member for member, standing in standings.items() if standing.is_yes]
    terms = replace(
        CONTRIBUTION,
        reward=draw(st.sampled_from(list(Reward))),
        convict_bps=draw(st.sampled_from([0, 7500])),
        slash_above=draw(st.sampled_from([0, 112])),
        escrow_bps=draw(st.integers(0, 10_000)),
    )
    return Session(
        params=replace(
            params,
            voters=max(1, sum(standing.is_voter for standing in standings.values())),
            slash_bps=draw(st.integers(0, 10_000)),
            slash_gwei=draw(st.integers(0, 3000)),
            bounty_bps=draw(st.integers(0, 10_000)),
        ),
        terms=terms,
        pool_gwei=draw(st.integers(0, 10**15)),
        rounds_left=draw(st.integers(1, 20)),
        balances={member: draw(balance) for member in standings},
        standings=standings,
        records={member: draw(record) for member in standings if draw(st.booleans())},
        menu=MenuDigest((bytes(32),) * entries, rows),
        scores={member: tuple(draw(st.lists(score, min_size=entries, max_size=entries))) for member in voters},
        contributions={member: tuple(draw(points)) for member in voters},
        prior=draw(st.none() | st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=4).map(tuple)),
    )


@given(st.data())
def test_every_settlement_conserves_the_sum_and_pays_nobody_twice(make_params: Params, data: st.DataObject) -> None:
    session = data.draw(sessions(make_params()))
    result = settle_candidates(session)
    moved = sum(line.total_gwei for line in result.lines)
    assert moved + result.pool_gwei + result.bounty_gwei == session.pool_gwei
    assert [line.member for line in result.lines] == sorted(session.standings)
    assert session.pool_gwei - result.reward_gwei <= result.pool_gwei
    assert result.paid_gwei <= result.reward_gwei
    for line in result.lines:
        record = session.record(line.member)
        assert 0 <= session.balances[line.member] + line.delta_gwei <= MAX_BALANCE_GWEI
        assert record.escrow_gwei + line.escrow_gwei >= 0
        assert line.reason.why is not Why.SCORED or line.delta_gwei >= 0
        assert explain(line)


@given(st.data())
def test_records_say_what_the_lines_did_and_stay_in_their_ranges(make_params: Params, data: st.DataObject) -> None:
    session = data.draw(sessions(make_params()))
    result = settle_candidates(session)
    if result.judgement is None:
        return
    lines = lines_of(result)
    for member, record in result.judgement.records.items():
        assert record.escrow_gwei == session.record(member).escrow_gwei + lines[member].escrow_gwei
        assert 0 <= record.evidence <= 65_535
        assert -10_000 <= record.average <= 10_000
        assert -(10**6) <= record.agreement <= 10**6
    proposers = [line.reason.pay for line in result.lines if isinstance(line.reason.pay, ProposerPay)]
    assert sum(pay.share_gwei for pay in proposers) <= result.reward_gwei
    assert all(line.delta_gwei <= 0 for line in result.lines if line.reason.why is Why.CONVICTED_AGAIN)
