"""Settling rounds that judge candidates: decision, evidence, pay and escrow by example; and when it can be done."""

from dataclasses import replace
from typing import Any

import pytest
from candidate_federation import PART, TERMS, CandidateFederation, Opinion, menu, model
from federation import FML, GWEI, ONLOOKER, Chain, Refusal

from fl_alliance.chain.rules.candidates import Row
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase, Reward, Standing

BETTER, WORSE = 200_000, 900_000
OLD = 300_000
STAKE = 20 * FML // GWEI
REWARD = 100 * FML // GWEI
"""A tenth of the pool of PARAMS' ten rounds."""


def _play(task: CandidateFederation, *scores: tuple[int, ...], points: Any = None) -> dict[str, dict[str, Any]]:
    """Settle with these scores of the voters, in order, over the task's menu (or one of three in four)."""
    task.menu = task.menu or task.simple_menu()
    votes = {m: task.opinion(*row, points=points) for m, row in zip(task.drawn_voters, scores, strict=True)}
    return task.judged(votes)


# --- the decision


def test_the_candidate_that_most_prefer_to_every_other_wins(judging: CandidateFederation) -> None:
    judging.to_votes()
    events = _play(judging, *[(OLD, 250_000, BETTER, 1)] * 3)
    assert events["RoundJudged"]["winner"] == events["RoundJudged"]["best"] == 2
    assert events["RoundJudged"]["backing"] == events["RoundJudged"]["weight"] == 3 * STAKE
    assert events["RoundSettled"]["outcome"] == Outcome.ACCEPTED
    assert events["RoundSettled"]["model"] == model(2)


def test_without_the_stake_to_override_it_the_default_wins(judging: CandidateFederation) -> None:
    """Two of three voters are 66.66 %, less than the 66.67 % that it takes."""
    judging.to_votes()
    prefer, reject = (OLD, 250_000, BETTER, 1), (OLD, 250_000, 260_000, 1)
    events = _play(judging, prefer, prefer, reject)
    judged = events["RoundJudged"]
    assert (judged["best"], judged["winner"], judged["backing"]) == (2, 1, 2 * STAKE)
    assert events["RoundSettled"]["model"] == model(1)


def test_two_thirds_are_enough_where_the_terms_say_so(judging: CandidateFederation) -> None:
    task = CandidateFederation.create_with(judging.chain, replace(TERMS, override_bps=6_666))
    task.start(*[20] * 6)
    task.to_votes()
    prefer, reject = (OLD, 250_000, BETTER, 1), (OLD, 250_000, 260_000, 1)
    assert _play(task, prefer, prefer, reject)["RoundJudged"]["winner"] == 2


def test_where_all_are_worth_the_same_the_default_wins(judging: CandidateFederation) -> None:
    judging.to_votes()
    assert _play(judging, *[(5, 5, 5, 5)] * 3)["RoundJudged"]["winner"] == 1


def test_where_every_candidate_is_worse_the_model_stays_and_nobody_loses(judging: CandidateFederation) -> None:
    judging.to_votes()
    before = judging.balances
    events = _play(judging, *[(BETTER, WORSE, WORSE, 1)] * 3)
    assert events["RoundSettled"]["outcome"] == Outcome.REJECTED
    assert events["RoundSettled"]["model"] == model(0)
    assert all(after >= balance for balance, after in zip(before, judging.balances, strict=True))
    assert [judging.balances[m] for m in judging.proposed] == [STAKE] * 3


def test_a_tenth_of_the_pool_is_shared_by_stake_and_then_by_part(judging: CandidateFederation) -> None:
    task = CandidateFederation.create_with(judging.chain, replace(TERMS, reward=Reward.STAKE))
    task.start(20, 20, 20, 20, 20, 20)
    task.to_votes()
    rows = [Row(bytes([PART, PART, 0]))] * 3
    task.menu = menu(3, 3, rows)
    _play(task, *[(OLD, BETTER, 250_000)] * 3)
    assert [task.balances[m] for m in task.proposed] == [STAKE + REWARD // 4, STAKE + REWARD // 4, STAKE]
    assert [task.balances[m] for m in task.drawn_voters] == [STAKE + REWARD // 6] * 3


def test_contributions_are_averaged_and_half_of_their_pay_waits_in_escrow(judging: CandidateFederation) -> None:
    judging.to_votes()
    _play(judging, *[(OLD, BETTER, 250_000, 1)] * 3, points=(6_000, 2_000, -2_000))
    first, second, third = judging.proposed
    share = REWARD // 2 * 1_500 // 2_000  # averages are a quarter of the way: 1,500, 500 and -500
    assert judging.records_of[first] == (0, 1_500, share // 2, 0)
    assert judging.balances[first] == STAKE + share // 2
    assert judging.records_of[second][1:3] == (500, REWARD // 2 * 500 // 2_000 // 2)
    assert (judging.records_of[third], judging.balances[third]) == ((0, -500, 0, 0), STAKE)


def test_averages_of_what_voters_say_are_by_stake(judging: CandidateFederation) -> None:
    task = CandidateFederation.create_with(judging.chain)
    task.start(20, 20, 20, 60, 20, 20)
    task.to_votes()
    task.simple_menu()
    votes = {m: task.opinion(OLD, BETTER, OLD, 1, points=(100 * m, 0, -100 * m)) for m in task.drawn_voters}
    docket = task.docket(votes)
    task.commit(votes)
    task.settles_as_reckoned(task.records(votes), docket)
    weights = {m: docket.balances[m] for m in votes}
    mean = sum(100 * m * weight for m, weight in weights.items()) // sum(weights.values())
    first, _, last = task.proposed
    assert task.records_of[first][1] == mean // 4
    assert task.records_of[last][1] == -mean // 4  # the mean truncates, the average's step rounds down


def test_a_rich_account_weighs_no_more_than_it_can_be_drawn_by(candidate_chain: Chain) -> None:
    """With ten times what the four others hold together it would choose the winner, and convict, alone."""
    task = CandidateFederation.create_with(candidate_chain, proposers=1, voters=5)
    task.start(60, 60, 60, 60, 60, 2_400)
    rich = 5
    while rich not in task.to_votes():
        _play(task, *[(OLD, BETTER, 250_000, 1)] * 5)
    task.menu = menu(3, 4, [Row(bytes([PART | 96]), 1, 3)] * 3)
    votes = {m: task.opinion(OLD, BETTER, 250_000, BETTER) for m in task.drawn_voters}
    votes[rich] = task.opinion(OLD, 2, 1, 1_000_000)
    others = sum(task.balances[m] for m in votes if m != rich)
    events = task.judged(votes)["RoundJudged"]
    assert (events["winner"], events["convicted"]) == (1, ())
    assert events["weight"] - others == events["against"] == task.chain.read("MAX_SEATS") * task.params.min_stake_gwei


# --- evidence


def _convicting(marks: bytes, reference: int = 1, question: int = 2) -> bytes:
    return menu(2, 3, [Row(marks, reference, question)] * 2)


@pytest.fixture
def lenient(candidate_chain: Chain) -> CandidateFederation:
    """A task in which one conviction at the highest mark is just not enough to slash, and at most 10 % is lost."""
    task = CandidateFederation.create_with(candidate_chain, replace(TERMS, slash_above=56), slash_gwei=FML // GWEI)
    return task.start(*[20] * 6)  # type: ignore[return-value]


def test_a_mark_that_voters_confirm_is_evidence(judging: CandidateFederation) -> None:
    judging.to_votes()
    judging.menu = _convicting(bytes([PART | 96, PART | 56, PART | 55]))
    events = _play(judging, *[(OLD, BETTER, WORSE)] * 3)
    first, second, third = judging.proposed
    assert list(events["RoundJudged"]["convicted"]) == [first, second]
    assert events["RoundJudged"]["against"] == 3 * STAKE
    assert [judging.records_of[m][0] for m in (first, second, third)] == [56, 16, 0]


@pytest.mark.parametrize(
    ("scores", "reference", "question", "is_convicted"),
    [
        ([(OLD, BETTER, WORSE)] * 3, 1, 2, True),
        ([(OLD, BETTER, WORSE)] * 2 + [(OLD, BETTER, BETTER)], 1, 2, False),  # 66 % of the 75 % that it takes
        ([(OLD, BETTER, BETTER)] * 3, 1, 2, False),  # not worse is not worse
        ([(OLD, BETTER, WORSE)] * 3, 2, 2, False),  # no question
        ([(OLD, BETTER, WORSE)] * 3, 1, 0, True),  # a question can be about any entry
    ],
)
def test_nobody_is_convicted_by_its_mark_alone(
    judging: CandidateFederation,
    scores: list[tuple[int, ...]],
    reference: int,
    question: int,
    is_convicted: bool,
) -> None:
    judging.to_votes()
    judging.menu = _convicting(bytes([PART | 96, PART, PART]), reference, question)
    events = _play(judging, *scores)
    assert (len(events["RoundJudged"]["convicted"]) == 1) is is_convicted
    if reference == question:
        assert events["RoundJudged"]["against"] == 0


def test_only_the_winners_row_counts(judging: CandidateFederation) -> None:
    judging.to_votes()
    guilty, innocent = Row(bytes([PART | 96] * 3), 0, 2), Row(bytes([PART] * 3), 0, 2)
    judging.menu = menu(2, 3, [guilty, innocent])
    assert not _play(judging, *[(OLD, BETTER, WORSE)] * 3)["RoundJudged"]["convicted"]


def test_evidence_at_the_threshold_does_not_slash(lenient: CandidateFederation) -> None:
    lenient.to_votes()
    lenient.menu = _convicting(bytes([PART | 96, PART, PART]))
    events = _play(lenient, *[(OLD, BETTER, WORSE)] * 3)
    guilty = lenient.proposed[0]
    assert not events["RoundJudged"]["slashed"]
    assert (lenient.records_of[guilty][0], lenient.balances[guilty]) == (56, STAKE)


def test_evidence_above_the_threshold_slashes_and_stays_there(lenient: CandidateFederation) -> None:
    lenient.to_votes()
    lenient.menu = _convicting(bytes([PART | 97, PART, PART]))
    pool = lenient.pool
    events = _play(lenient, *[(OLD, BETTER, WORSE)] * 3)
    guilty = lenient.proposed[0]
    lost = STAKE // 10 + FML // GWEI
    assert list(events["RoundJudged"]["slashed"]) == [guilty]
    assert (lenient.records_of[guilty][0], lenient.balances[guilty]) == (56, STAKE - lost)
    assert lenient.chain.read("creditGwei", lenient.params.relayer) == lost // 10
    gained = sum(lenient.balances) - 6 * STAKE + lost + sum(record[2] for record in lenient.records_of)
    assert lenient.pool == pool - gained + lost - lost // 10


def test_a_slash_takes_no_more_than_there_is(candidate_chain: Chain) -> None:
    terms = replace(TERMS, slash_above=0)
    task = CandidateFederation.create_with(candidate_chain, terms, slash_bps=9_999, slash_gwei=FML // GWEI)
    task.start(*[20] * 6)
    task.to_votes()
    task.menu = _convicting(bytes([96, 0, 0]))
    _play(task, *[(OLD, BETTER, WORSE)] * 3)
    assert task.balances[task.proposed[0]] == 0


def test_a_slash_takes_the_escrow_and_conviction_stops_its_release(candidate_chain: Chain) -> None:
    """Everybody proposes but one, so that the same members earn an escrow first and are caught then."""
    task = CandidateFederation.create_with(candidate_chain, replace(TERMS, slash_above=56), proposers=5, voters=1)
    task.start(*[20] * 6)
    task.to_votes()
    task.simple_menu(2, 3)
    _play(task, (OLD, BETTER, BETTER))
    escrows = {m: record[2] for m, record in enumerate(task.records_of) if record[2]}
    assert len(escrows) == 5
    task.to_votes()
    again = [m for m in task.proposed if m in escrows]
    marks = [PART | (97 if m == again[0] else 96 if m == again[1] else 0) for m in task.proposed]
    task.menu = _convicting(bytes(marks))
    votes = {m: task.opinion(OLD, BETTER, WORSE) for m in task.drawn_voters}
    docket = task.docket(votes)
    task.commit(votes)
    reckoned = task.settles_as_reckoned(task.records(votes), docket)
    assert reckoned.slashed == [again[0]]
    assert task.records_of[again[0]][2] == 0
    assert task.records_of[again[1]][2] == escrows[again[1]]  # nothing in, nothing out
    released = escrows[again[2]] >> 2
    assert task.records_of[again[2]][2] > escrows[again[2]] - released


def test_a_round_without_conviction_forgives(candidate_chain: Chain) -> None:
    task = CandidateFederation.create_with(candidate_chain, TERMS, proposers=5, voters=1)
    task.start(*[20] * 6)
    task.to_votes()
    task.menu = _convicting(bytes([PART | 96] * 5))
    _play(task, (OLD, BETTER, WORSE))
    accused = set(task.proposed)
    task.to_votes()
    task.menu = _convicting(bytes([PART | 55] * 5))
    _play(task, (OLD, BETTER, WORSE))
    for member in accused:
        assert task.records_of[member][0] == (40 if member in task.proposed else 56)


# --- when, and void rounds


def _listed(task: CandidateFederation, count: int) -> dict[int, Opinion]:
    """Commit the first `count` voters of a round to an opinion of a menu; the others stay silent."""
    voters = task.to_votes()
    task.simple_menu()
    votes = {m: task.opinion(OLD, BETTER, OLD, 1) for m in voters[:count]}
    task.commit(votes)
    return votes


def test_a_round_with_a_silent_voter_waits_for_the_omitted(judging: CandidateFederation) -> None:
    votes = _listed(judging, 2)
    until = judging.state["phase_at"]
    call = judging.settle_call(judging.records(votes))
    assert judging.chain.refusal(*call).name == "TooEarly"
    docket = judging.docket(votes)
    judging.chain.wait_until(until)
    assert judging.settles_as_reckoned(call[-1], docket).outcome is Outcome.ACCEPTED


def test_below_half_of_the_voters_a_round_is_void(judging: CandidateFederation) -> None:
    votes = _listed(judging, 1)
    docket = judging.docket(votes)
    judging.chain.wait_until(judging.state["phase_at"])
    assert judging.settles_as_reckoned(judging.records(votes), docket).outcome is Outcome.VOID
    assert judging.phase is Phase.IDLE
    assert judging.records_of == [(0, 0, 0, 0)] * 8


def test_a_withheld_vote_costs_and_is_not_counted(judging: CandidateFederation) -> None:
    votes = _listed(judging, 3)
    guilty, *honest = sorted(votes)
    params = judging.params
    judging.chain.wait_until(judging.state["phase_at"] + params.reveal_s)
    judging.chain.send(*judging.evidence(votes, guilty))
    revealed = {m: votes[m] for m in honest}
    records = judging.bare(guilty, votes[guilty]) + judging.records(revealed)
    until = judging.state["phase_at"] + params.reveal_s + params.evidence_s + params.reveal_s
    assert judging.chain.refusal(*judging.settle_call(records)).name == "TooEarly"
    docket = judging.docket(revealed, withheld=[guilty])
    judging.chain.wait_until(until)
    judging.settles_as_reckoned(records, docket)
    assert judging.balances[guilty] == STAKE - STAKE // 10


def test_an_accused_voter_that_answers_is_counted(judging: CandidateFederation) -> None:
    votes = _listed(judging, 3)
    params = judging.params
    judging.chain.wait_until(judging.state["phase_at"] + params.reveal_s)
    judging.chain.send(*judging.evidence(votes, min(votes)))
    docket = judging.docket(votes)
    judging.settles_as_reckoned(judging.records(votes), docket)


def test_who_was_shut_out_counts_but_is_not_paid(judging: CandidateFederation) -> None:
    """The relayer says that its list is complete; the third voter commits when votes can be seen already."""
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {m: judging.opinion(OLD, BETTER + m, 250_000, 1) for m in voters}
    listed = {m: votes[m] for m in voters[:2]}
    judging.commit(listed, complete=True)
    late = voters[2]
    judging.chain.send(*judging.commit_own_call(late, votes[late], listed), by=ONLOOKER)
    assert judging.standings[late] is Standing.LATE
    docket = judging.docket(votes, late=[late])
    until = judging.state["phase_at"]
    records = judging.records(listed) + judging.own(late, votes[late])
    assert judging.chain.refusal(*judging.settle_call(records)).name == "TooEarly"
    judging.chain.wait_until(until)
    judging.settles_as_reckoned(records, docket)
    assert judging.balances[late] == STAKE


def test_where_everybody_is_late_they_decide_and_nobody_is_credited(judging: CandidateFederation) -> None:
    """An empty list that is called complete: proposers cannot be told apart, so the reward stays in the pool."""
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {m: judging.opinion(OLD, BETTER, 250_000, 1) for m in voters}
    judging.commit({}, complete=True)
    for member, vote in votes.items():
        judging.chain.send(*judging.commit_own_call(member, vote, {}), by=ONLOOKER)
    docket = judging.docket(votes, late=votes)
    judging.chain.wait_until(judging.state["phase_at"])
    records = b"".join(judging.own(member, vote) for member, vote in votes.items())
    assert judging.settles_as_reckoned(records, docket).winner == 1
    assert judging.balances == docket.balances


def test_who_was_omitted_honestly_is_paid(judging: CandidateFederation) -> None:
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {m: judging.opinion(OLD, BETTER, 250_000, 1) for m in voters}
    listed = {m: votes[m] for m in voters[1:]}
    judging.commit(listed)
    own = voters[0]
    judging.chain.send(*judging.commit_own_call(own, votes[own], listed), by=ONLOOKER)
    other = judging.own(own, judging.opinion(OLD, WORSE, 250_000, 1))
    docket = judging.docket(votes)
    judging.chain.wait_until(judging.state["phase_at"])
    refusal = judging.chain.refusal(*judging.settle_call(judging.records(listed) + other))
    assert refusal == Refusal("NotCommitted", (own,))
    judging.settles_as_reckoned(judging.own(own, votes[own]) + judging.records(listed), docket)
    assert judging.balances[own] > STAKE


def test_settling_comes_after_the_list_and_once(judging: CandidateFederation) -> None:
    judging.to_votes()
    judging.simple_menu()
    call = ("settle", judging.task, judging.menu, b"")
    assert judging.chain.refusal(*call) == Refusal("WrongPhase", (judging.task, Phase.COMMITTING))
    votes = {m: judging.opinion(OLD, BETTER, OLD, 1) for m in judging.drawn_voters}
    records = judging.records(votes)
    judging.judged(votes)
    assert judging.chain.refusal(*judging.settle_call(records)) == Refusal("WrongPhase", (judging.task, Phase.IDLE))
    assert judging.chain.refusal("settle", 99, judging.menu, b"") == Refusal("UnknownTask", (99,))


def test_voters_that_hold_nothing_decide_nothing(judging: CandidateFederation) -> None:
    """All of them equivocate after the draw: their votes weigh nothing and the round is void."""
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {m: judging.opinion(OLD, BETTER, OLD, 1) for m in voters}
    for member in voters:
        judging.chain.send(*judging.double_vote(member, votes[member], judging.opinion(1, 2, 3, 4)))
    assert [judging.balances[m] for m in voters] == [0, 0, 0]
    docket = judging.docket(votes)
    judging.commit(votes)
    assert judging.settles_as_reckoned(judging.records(votes), docket).outcome is Outcome.VOID


# --- equivocation, leaving, the end


def test_two_opinions_on_one_menu_cost_balance_and_escrow(judging: CandidateFederation) -> None:
    judging.to_votes()
    _play(judging, *[(OLD, BETTER, OLD, 1)] * 3)
    earned = judging.proposed[0]
    escrow = judging.records_of[earned][2]
    assert escrow > 0
    judging.open()
    call = judging.double_vote(earned, Opinion((1, 2)), Opinion((2, 1)))
    held = judging.balances[earned]
    event = dict(judging.chain.events(judging.chain.send(*call, by=ONLOOKER)))["EquivocationSlashed"]
    assert event["slashedGwei"] == held + escrow
    assert (judging.balances[earned], judging.records_of[earned][2]) == (0, 0)
    assert judging.chain.refusal(*call) == Refusal("NothingThere", ())


def test_the_same_opinion_twice_or_on_two_menus_is_no_equivocation(judging: CandidateFederation) -> None:
    voter = judging.to_votes()[0]
    judging.simple_menu()
    opinion = judging.opinion(1, 2, 3, 4)
    assert judging.chain.refusal(*judging.double_vote(voter, opinion, opinion)) == Refusal("SameStatement", (voter,))
    other = judging.opinion(2, 2, 3, 4)
    *head, statement = judging.double_vote(voter, opinion, other)
    elsewhere = judging.split(judging.vote(voter, other, motion=keccak(b"another menu")))
    call = (*head, (*statement[:-1], elsewhere))
    assert judging.chain.refusal(*call) == Refusal("BadSignature", (voter,))


def test_whoever_leaves_takes_its_escrow_along(judging: CandidateFederation) -> None:
    judging.to_votes()
    _play(judging, *[(OLD, BETTER, OLD, 1)] * 3)
    earned = judging.proposed[0]
    leaver = judging.keys[earned]
    signature = judging.leave_signature(leaver)
    judging.chain.send("leaveTaskWithSignature", judging.task, earned, signature)
    for _ in range(2):  # the second opening after this lets it go
        judging.chain.wait_until(judging.chain.now + 20 * judging.params.leader_s)
        judging.chain.send("skipRound", judging.task)
    held = judging.balances[earned] + judging.records_of[earned][2]
    judging.open()
    assert judging.chain.read("creditGwei", leaver.address) == held
    assert (judging.balances[earned], judging.records_of[earned][2]) == (0, 0)


def test_at_the_end_every_member_gets_its_escrow_too(judging: CandidateFederation) -> None:
    judging.to_votes()
    _play(judging, *[(OLD, BETTER, OLD, 1)] * 3)
    earned = judging.proposed[0]
    account = judging.keys[earned].address
    owed = judging.balances[earned] + judging.records_of[earned][2]
    judging.finish_by_abandoning()
    before = judging.chain.balance(account)
    judging.chain.send("withdraw", judging.task, earned, by=ONLOOKER)
    assert judging.chain.balance(account) - before == owed * GWEI
    assert judging.chain.refusal("withdraw", judging.task, earned) == Refusal("NothingThere", ())
    judging.pay_out()
    assert sum(judging.balances) + sum(record[2] for record in judging.records_of) + judging.pool == 0
