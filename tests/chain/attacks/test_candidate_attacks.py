"""What members and relayers try where candidates are judged: every attack fails, or costs who tries it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from players import CandidateFederation, digest, pairs

from fl_alliance.chain.alliance_refusals import (
    BadContributions,
    BadMenu,
    BadScore,
    BadSignature,
    TooEarly,
    WrongBallot,
    WrongPhase,
    WrongStanding,
)
from fl_alliance.chain.batches import WholeList, list_hash
from fl_alliance.chain.messages import Leave, Proposal, Scores, scores_content
from fl_alliance.chain.rules.candidates import PART_OF, Row
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.settlement import Why
from fl_alliance.chain.steps import CommitVotes, LeaveTaskWithSignature, SkipRound, SlashEquivocation, Statement
from fl_alliance.chain.types import Phase, Standing

OLD, DEFAULT, OTHER, QUESTION = range(4)
GOOD = (500_000, 300_000, 350_000, 400_000)
"""Scores of the old model, the default, another candidate and the default with its suspects; lower is better."""


@pytest.fixture
def drawn(candidates: CandidateFederation) -> CandidateFederation:
    """Round 1, everybody has proposed and voters are drawn."""
    candidates.reach_commit()
    return candidates


def accusing_menu(federation: CandidateFederation, *suspects: int, mark: int = 96) -> bytes:
    """A menu whose default leaves out these proposers, sees them far out and asks about them."""
    marks = bytes(mark if member in suspects else PART_OF for member in federation.proposers)
    everybody = Row(bytes([PART_OF]) * len(marks))
    rows = (everybody, Row(marks, DEFAULT, QUESTION), everybody)
    models = [federation.model.model, *(digest(f"{federation.model.round} {entry}") for entry in range(1, 4))]
    return federation.menu(*rows, digests=models)


def play(federation: CandidateFederation, menu: bytes, scores: dict[int, Sequence[int]] | None = None) -> None:
    """Commit, reveal and settle; voters score as told, or as honest ones."""
    voters = federation.model.committee.voters
    votes = [federation.vote(member, menu, (scores or {}).get(member, GOOD)) for member in voters]
    federation.commit(menu, votes)
    federation.settle(menu, votes)


def moved(federation: CandidateFederation, why: Why) -> dict[int, int]:
    lines = federation.model.settlement.lines  # type: ignore[union-attr]
    return {line.member: line.total_gwei for line in lines if line.reason.why is why}


def test_scores_of_one_menu_are_not_scores_of_another(drawn: CandidateFederation) -> None:
    """The relayer shows one menu and settles by another that would convict somebody else."""
    victim, accomplice = drawn.proposers[:2]
    shown, preferred = accusing_menu(drawn, accomplice), accusing_menu(drawn, victim)
    votes = [drawn.vote(member, shown, GOOD) for member in drawn.model.committee.voters]
    drawn.commit(shown, votes)
    with pytest.raises(BadSignature):
        drawn.settle(preferred, votes)
    with pytest.raises(BadMenu):
        drawn.settle(shown[:-1], votes)
    drawn.settle(shown, votes)


def test_a_list_fixed_for_another_menu_reveals_nothing_and_blames_nobody(drawn: CandidateFederation) -> None:
    """Voters signed commitments to the menu they were shown: they are no evidence for the fixed one."""
    shown, fixed = drawn.plain_menu(), accusing_menu(drawn, drawn.proposers[0])
    votes = [drawn.vote(member, shown) for member in drawn.model.committee.voters]
    drawn.commit(fixed, votes)
    with pytest.raises(WrongBallot):
        drawn.settle(shown, votes)
    ballot, params = drawn.model.committee.ballot, drawn.model.params
    assert ballot is not None
    drawn.ledger.advance_to(ballot.evidence_start(params))
    shown_up = drawn.accusing(shown, votes, votes[0].member)
    with pytest.raises(WrongBallot):
        drawn.ledger.send(shown_up)
    with pytest.raises(BadSignature):
        drawn.ledger.send(replace(shown_up, motion=drawn.motion(fixed)))
    drawn.ledger.advance_to(ballot.evidence_end(params))
    drawn.settle(fixed, [WholeList(list_hash(pairs(votes)))])
    assert drawn.model.last_outcome is Outcome.VOID
    assert not moved(drawn, Why.WITHHELD_VOTE)


def test_a_menu_with_an_old_model_that_was_never_adopted_is_shown_up(drawn: CandidateFederation) -> None:
    """The contract does not know the model; whoever replays the chain does, and names the relayer's menu."""
    count = len(drawn.proposers)
    rows = [Row(bytes([PART_OF]) * count)] * 2
    stale = drawn.menu(*rows, digests=[digest("long past"), digest("new")])
    play(drawn, stale, dict.fromkeys(drawn.model.committee.voters, GOOD[:2]))
    assert drawn.model.stale_previous == digest("long past")
    assert drawn.model.model == digest("new")


def test_a_minority_of_the_stake_neither_wins_nor_convicts(drawn: CandidateFederation) -> None:
    """Two of five voters sink the default, lift another candidate and find the question bad."""
    victim = drawn.proposers[0]
    colluders = drawn.model.committee.voters[:2]
    play(
        drawn,
        accusing_menu(drawn, victim),
        dict.fromkeys(colluders, (0, 900_000, 0, 1_000_000))
        | dict.fromkeys(drawn.model.committee.voters[2:], (500_000, 300_000, 350_000, 300_000)),
    )
    judgement = drawn.model.settlement.judgement  # type: ignore[union-attr]
    assert judgement is not None
    assert (judgement.winner, judgement.convicted) == (DEFAULT, ())
    assert drawn.model.evidence[victim] == 0


def test_suspects_are_slashed_once_evidence_adds_up_and_lose_their_escrow(candidates: CandidateFederation) -> None:
    """One round convicts nobody into a slash; a proposer that is far out again and again pays for it."""
    seen: set[int] = set()
    for _ in range(12):
        candidates.reach_commit()
        suspects = [member for member in candidates.proposers if member in (0, 1)]
        play(candidates, accusing_menu(candidates, *suspects))
        judgement = candidates.model.settlement.judgement  # type: ignore[union-attr]
        assert judgement is not None
        assert judgement.convicted == tuple(suspects)
        seen |= set(judgement.slashed)
        assert all(candidates.model.evidence[member] > 56 for member in judgement.slashed)
    assert seen
    assert seen <= {0, 1}
    assert all(candidates.model.escrow[member] == 0 for member in seen)


def test_evidence_is_not_replayed_in_another_round(candidates: CandidateFederation) -> None:
    """A settled menu with its votes neither settles again nor counts in the next round."""
    candidates.reach_commit()
    menu = accusing_menu(candidates, candidates.proposers[0])
    votes = [candidates.vote(member, menu, GOOD) for member in candidates.model.committee.voters]
    candidates.commit(menu, votes)
    candidates.settle(menu, votes)
    with pytest.raises(WrongPhase):
        candidates.settle(menu, votes)
    convicted, evidence = candidates.model.settlement.judgement.convicted, dict(candidates.model.evidence)  # type: ignore[union-attr]
    candidates.reach_commit()
    assert candidates.model.evidence == evidence
    again = [vote for vote in votes if vote.member in candidates.model.committee.voters]
    candidates.commit(menu, again or votes)
    with pytest.raises((BadSignature, WrongStanding)):
        candidates.settle(menu, votes)
    assert convicted


def test_nobody_credits_itself_more_than_one_round(drawn: CandidateFederation) -> None:
    menu, voters = drawn.plain_menu(), drawn.model.committee.voters
    greedy = [drawn.vote(member, menu, contributions=(10_000, 1, 0, 0)) for member in voters]
    drawn.commit(menu, greedy)
    with pytest.raises(BadContributions):
        drawn.settle(menu, greedy)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"scores": 1_000_001}, BadScore),
        ({"scores": 1 << 40}, BadScore),
        # The first bytes of the signature, whatever they are, stand where the last contribution should.
        ({"contributions": (0, 0, 0)}, (BadSignature, BadContributions)),
    ],
    ids=["too high", "beyond the menu", "too few contributions"],
)
def test_malformed_scores_are_refused(
    drawn: CandidateFederation, change: dict[str, object], refusal: type[Exception] | tuple[type[Exception], ...]
) -> None:
    menu, voters = drawn.plain_menu(), drawn.model.committee.voters
    first, *others = (drawn.vote(member, menu) for member in voters)
    drawn.commit(menu, [first, *others])
    with pytest.raises(refusal):
        drawn.settle(menu, [replace(first, **change), *others])  # type: ignore[arg-type]


def test_a_withheld_vote_costs_its_voter_and_voids_nothing(drawn: CandidateFederation) -> None:
    menu = drawn.plain_menu()
    silent, *others = [drawn.vote(member, menu) for member in drawn.model.committee.voters]
    drawn.commit(menu, [silent, *others])
    ballot, params = drawn.model.committee.ballot, drawn.model.params
    assert ballot is not None
    shown = (*pairs([silent]), *others)
    drawn.ledger.send(drawn.revealing(menu, shown))
    drawn.ledger.advance_to(ballot.evidence_start(params))
    drawn.ledger.send(drawn.accusing(menu, [silent, *others], silent.member))
    drawn.ledger.advance_to(ballot.answer_end(params))
    drawn.settle(menu, shown)
    assert drawn.model.last_outcome is Outcome.ACCEPTED
    assert moved(drawn, Why.WITHHELD_VOTE) == {silent.member: -16 * 10**9}


def test_two_scores_of_one_menu_cost_everything(drawn: CandidateFederation) -> None:
    menu, member = drawn.plain_menu(), drawn.model.committee.voters[0]
    contents = [scores_content(word, bytes(8)) for word in (1, 2)]
    key, motion = drawn.key(member), drawn.motion(menu)
    signed = [Scores(drawn.task, 1, motion, content).sign(key, drawn.ledger.domain) for content in contents]
    drawn.stranger().send(SlashEquivocation(drawn.task, 1, member, Statement.VOTE, motion, *contents, *signed))
    assert drawn.model.balances[member] == 0


def test_an_equivocator_loses_its_escrow_too(candidates: CandidateFederation) -> None:
    candidates.run_round()
    rich = next(member for member, escrow in candidates.model.escrow.items() if escrow)
    candidates.open_round()
    updates = [digest("one"), digest("another")]
    signed = [Proposal(candidates.task, 2, one).sign(candidates.key(rich), candidates.ledger.domain) for one in updates]
    step = SlashEquivocation(candidates.task, 2, rich, Statement.PROPOSAL, bytes(32), *updates, *signed)
    candidates.stranger().send(step)
    assert (candidates.model.balances[rich], candidates.model.escrow[rich]) == (0, 0)


def test_a_late_accomplice_that_saw_all_votes_moves_no_money(drawn: CandidateFederation) -> None:
    """The relayer leaves it out of a list that it calls complete, so that it can credit a friend without risk."""
    menu, friend = drawn.plain_menu(), drawn.proposers[-1]
    *in_time, accomplice = drawn.model.committee.voters
    votes = [drawn.vote(member, menu, contributions=(4000, 4000, 0, 0)) for member in in_time]
    late = drawn.vote(accomplice, menu, contributions=(0, 0, 0, 10_000))
    drawn.commit(menu, votes, is_complete=True)
    drawn.ledger.send(drawn.own_commitment(late, menu, votes))
    assert drawn.model.standings[accomplice] is Standing.LATE
    ballot = drawn.model.committee.ballot
    assert ballot is not None
    drawn.ledger.advance_to(ballot.omit_end)
    drawn.settle(menu, [*votes, replace(late, is_own=True)])
    judgement = drawn.model.settlement.judgement  # type: ignore[union-attr]
    assert judgement is not None
    assert drawn.model.averages[friend] == 0
    assert accomplice not in judgement.credits
    assert accomplice not in judgement.qualities


def test_a_motion_that_is_no_menu_costs_a_round_and_not_the_task(drawn: CandidateFederation) -> None:
    """Nobody can settle on it. Without a way out every stake would wait for the task to be abandoned."""
    before, ledger = list(drawn.model.balances), drawn.ledger
    ledger.send(CommitVotes(drawn.task, digest("no menu, no list"), True))
    ballot = drawn.model.committee.ballot
    assert ballot is not None
    ledger.advance_to(ballot.answer_end(drawn.model.params))
    with pytest.raises(TooEarly):
        ledger.send(SkipRound(drawn.task))
    ledger.advance_to(ballot.unread_end(drawn.model.params))
    drawn.stranger().send(SkipRound(drawn.task))
    assert (drawn.model.phase(ledger.now()), drawn.model.round) == (Phase.IDLE, 2)
    assert drawn.model.balances == before
    drawn.run_round()
    assert drawn.model.last_outcome is Outcome.ACCEPTED


def test_leaving_before_the_slash_costs_the_escrow(candidates: CandidateFederation) -> None:
    """A proposer of good standing turns, and asks to leave while its evidence is below what slashes."""
    candidates.run_round()
    turned = next(member for member, escrow in candidates.model.escrow.items() if escrow)
    while not candidates.model.record(turned).evidence:
        candidates.reach_commit()
        guilty = [turned] if turned in candidates.proposers else []
        play(candidates, accusing_menu(candidates, *guilty))
    key, ledger = candidates.key(turned), candidates.ledger
    ledger.send(LeaveTaskWithSignature(candidates.task, turned, Leave(candidates.task).sign(key, ledger.domain)))
    for _ in range(2):
        ledger.advance_to(candidates.model.skip_at())
        ledger.send(SkipRound(candidates.task))
    balance, escrow = candidates.model.balances[turned], candidates.model.escrow[turned]
    assert escrow > 0
    pool = candidates.model.pool_gwei
    candidates.open_round()
    assert ledger.credit_gwei(key.address) == balance
    assert candidates.model.pool_gwei == pool + escrow
    assert candidates.model.escrow[turned] == 0


def test_known_limit_a_relayer_that_shows_nobody_its_list_decides_whose_votes_count(drawn: CandidateFederation) -> None:
    """Only who knows the list can commit or reveal: its accomplices, with one honest vote for the quorum, decide."""
    menu, (honest, first, second, *silenced) = drawn.plain_menu(3), drawn.model.committee.voters
    shown = [
        drawn.vote(honest, menu),
        *(drawn.vote(member, menu, (500_000, 300_001, 300_000)) for member in (first, second)),
    ]
    drawn.commit(menu, shown, is_complete=False)
    for member in silenced:
        with pytest.raises(WrongBallot):
            drawn.ledger.send(drawn.own_commitment(drawn.vote(member, menu), menu, ()))
    ballot = drawn.model.committee.ballot
    assert ballot is not None
    drawn.ledger.advance_to(ballot.omit_end)
    drawn.settle(menu, shown)
    assert drawn.model.last_outcome is Outcome.ACCEPTED
    assert all(drawn.model.standings[member] is Standing.SILENT_VOTER for member in silenced)
