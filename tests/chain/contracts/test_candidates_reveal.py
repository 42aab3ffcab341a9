"""Revealing scores of a menu: what is read, what is refused and with what."""

from dataclasses import replace
from typing import Any

import pytest
from candidate_federation import TERMS, CandidateFederation, Opinion, model
from federation import Refusal

from fl_alliance.chain.rules.candidates import MenuDigest, Row, encode_menu
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Reward, Standing

SCORES = (300_000, 200_000, 250_000, 400_000)
"""Of the old model, the default, another candidate and a question."""


@pytest.fixture
def committed(judging: CandidateFederation) -> tuple[CandidateFederation, dict[int, Opinion]]:
    """A round whose voters have all committed, completely, to the same opinion of a menu of three in four."""
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {member: judging.opinion(*SCORES) for member in voters}
    judging.commit(votes)
    return judging, votes


def test_revealed_votes_wait_for_the_settlement_and_count_there(
    committed: tuple[CandidateFederation, dict[int, Opinion]],
) -> None:
    task, votes = committed
    first, *others = sorted(votes)
    docket = task.docket(votes)
    early = task.record(first, votes[first]) + b"".join(task.bare(member, votes[member]) for member in others)
    task.chain.send("revealVotes", task.task, task.menu, early)
    assert task.standing_as(Standing.VOTED_YES) == [first]
    late = task.bare(first, votes[first]) + b"".join(task.record(member, votes[member]) for member in others)
    task.settles_as_reckoned(late, docket)


def test_everything_can_be_revealed_before_and_the_list_given_by_its_hash(
    committed: tuple[CandidateFederation, dict[int, Opinion]],
) -> None:
    task, votes = committed
    docket = task.docket(votes)
    task.chain.send("revealVotes", task.task, task.menu, task.records(votes))
    task.settles_as_reckoned(b"\xff\xff" + keccak(task.pairs(votes)), docket)


def test_what_is_here_already_is_passed_over_whatever_it_says(
    committed: tuple[CandidateFederation, dict[int, Opinion]],
) -> None:
    task, votes = committed
    docket = task.docket(votes)
    task.chain.send("revealVotes", task.task, task.menu, task.records(votes))
    # nobody looks at the scores of a record whose signature is the listed one and whose vote is here
    other = {member: replace(vote, scores=(1, 1, 1, 1)) for member, vote in votes.items()}
    spoilt = b"".join(
        task.record(member, other[member])[:-64] + task.record(member, votes[member])[-64:] for member in sorted(votes)
    )
    task.settles_as_reckoned(spoilt, docket)


def test_contributions_are_part_of_what_is_signed(committed: tuple[CandidateFederation, dict[int, Opinion]]) -> None:
    task, votes = committed
    first = min(votes)
    record = bytearray(task.records(votes))
    record[2 + 32] ^= 1
    assert task.chain.refusal(*task.settle_call(bytes(record))) == Refusal("BadSignature", (first,))


@pytest.mark.parametrize("cut", [1, 34, 64, 98])
def test_a_record_cut_short_is_refused(committed: tuple[CandidateFederation, dict[int, Opinion]], cut: int) -> None:
    task, votes = committed
    records = task.records(votes)[:-cut]
    refusal = task.chain.refusal(*task.settle_call(records))
    assert refusal == Refusal("BadBatch", (len(records),))


def test_a_member_that_does_not_exist_is_refused(committed: tuple[CandidateFederation, dict[int, Opinion]]) -> None:
    task, votes = committed
    records = (999).to_bytes(2, "big") + task.records(votes)[2:]
    assert task.chain.refusal(*task.settle_call(records)) == Refusal("BadBatch", (len(records),))


def test_members_of_the_list_ascend(committed: tuple[CandidateFederation, dict[int, Opinion]]) -> None:
    task, votes = committed
    records = b"".join(task.record(member, votes[member]) for member in sorted(votes, reverse=True))
    assert task.chain.refusal(*task.settle_call(records)) == Refusal("BadBatch", (len(records),))


def test_a_vote_of_somebody_who_was_not_drawn_is_refused(
    committed: tuple[CandidateFederation, dict[int, Opinion]],
) -> None:
    task, _ = committed
    proposer = task.proposed[0]
    record = task.record(proposer, task.opinion(*SCORES))
    refusal = task.chain.refusal("settle", task.task, task.menu, record)
    assert refusal == Refusal("WrongStanding", (proposer, Standing.PROPOSED))


def test_a_vote_for_another_task_or_round_is_nobodys(judging: CandidateFederation) -> None:
    first, *others = judging.to_votes()
    judging.simple_menu()
    votes = {member: judging.opinion(*SCORES) for member in (first, *others)}
    judging.commit(votes)
    honest = b"".join(judging.record(member, votes[member]) for member in others)
    for changes in ({"task": 2}, {"round": 2}, {"motion": keccak(b"another menu")}, {"key": judging.keys[others[0]]}):
        forged = judging.record(first, votes[first], **changes)
        refusal = judging.chain.refusal(*judging.settle_call(forged + honest))
        assert refusal == Refusal("BadSignature", (first,))


def _refused(task: CandidateFederation, bad: Opinion) -> Refusal:
    """Return what a settlement meets in which the first voter committed to, and reveals, `bad`."""
    voters = task.to_votes()
    task.menu or task.simple_menu()
    votes: dict[int, Any] = {member: task.opinion(*SCORES) for member in voters}
    votes[min(voters)] = bad
    task.commit(votes)
    return task.chain.refusal(*task.settle_call(task.records(votes)))


class Unchecked(Opinion):
    """An opinion whose word is given as it is, in `scores[0]`."""

    @property
    def word(self) -> bytes:
        return self.scores[0].to_bytes(32, "big")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        (1 << 80, 1),
        (1 << 255, 1 << 175),
        (1_000_001 << 40, 1_000_001),
        (0xFFFFF | 1_000_001 << 60, 0xFFFFF),
    ],
)
def test_scores_out_of_range_are_refused(judging: CandidateFederation, word: int, found: int) -> None:
    """The menu has four entries of 20 bits: bits beyond come first, then the first score above a million."""
    refusal = _refused(judging, Unchecked((word,), (0, 0, 0)))
    assert (refusal.name, refusal.values[1]) == ("BadScore", found)


@pytest.mark.parametrize(
    ("points", "total"), [((10_001, 0, 0), 10_001), ((5_000, -5_000, 1), 10_001), ((-32_768, -32_768, 0), 65_536)]
)
def test_contributions_of_more_than_a_round_are_refused(
    judging: CandidateFederation, points: tuple[int, ...], total: int
) -> None:
    refusal = _refused(judging, Opinion(SCORES, points))
    assert (refusal.name, refusal.values[1]) == ("BadContributions", total)


@pytest.mark.parametrize("points", [(10_000, 0, 0), (5_000, -5_000, 0), (-3_333, -3_333, -3_334), (0, 0, 0)])
def test_contributions_of_a_whole_round_are_not(judging: CandidateFederation, points: tuple[int, ...]) -> None:
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {member: judging.opinion(*SCORES, points=points) for member in voters}
    docket = judging.docket(votes)
    judging.commit(votes)
    judging.settles_as_reckoned(judging.records(votes), docket)


def test_the_best_and_the_worst_scores_are_read(judging: CandidateFederation) -> None:
    voters = judging.to_votes()
    judging.simple_menu()
    votes = {member: judging.opinion(0, 1_000_000, 0, 1_000_000) for member in voters}
    docket = judging.docket(votes)
    judging.commit(votes)
    judging.settles_as_reckoned(judging.records(votes), docket)


def test_without_pay_by_contribution_votes_carry_none(judging: CandidateFederation) -> None:
    task = CandidateFederation.create_with(judging.chain, replace(TERMS, reward=Reward.STAKE))
    task.start(*[20] * 6)
    voters = task.to_votes()
    task.simple_menu()
    with_points = {member: Opinion(SCORES, (1, 2, 3)) for member in voters}
    task.commit(with_points)
    # read as records without contributions these do not end where a record ends
    refusal = task.chain.refusal(*task.settle_call(task.records(with_points)))
    assert refusal.name in ("BadBatch", "BadSignature")


# --- the menu


def _menu(candidates: int, entries: int, marks: int, reference: int = 0, question: int = 0) -> bytes:
    head = bytes([candidates, entries])
    digests = b"".join(map(model, range(entries)))
    return head + digests + (bytes([reference, question]) + bytes(marks)) * candidates


BAD_MENUS = {
    "no bytes": b"",
    "a head alone": bytes([2, 2]),
    "one candidate": _menu(1, 2, 3),
    "more candidates than entries": _menu(3, 2, 3),
    "thirteen entries": _menu(2, 13, 3),
    "a mark too few": _menu(2, 3, 3)[:-1],
    "a mark too many": _menu(2, 3, 3) + b"\0",
    "rows for another number of proposals": _menu(2, 3, 4),
    "a reference that is no entry": _menu(2, 3, 3, reference=3),
    "a question that is no entry": _menu(2, 3, 3, question=3),
    "a question far outside": _menu(2, 3, 3, question=255),
}


@pytest.mark.parametrize("name", BAD_MENUS)
def test_bytes_that_are_no_menu_are_refused(judging: CandidateFederation, name: str) -> None:
    """Even where every voter has signed them: such a round can only be void."""
    voters = judging.to_votes()
    judging.menu = BAD_MENUS[name]
    votes = {member: judging.opinion(*SCORES[:2]) for member in voters}
    judging.commit(votes)
    refusal = Refusal("BadMenu", (len(judging.menu),))
    assert judging.chain.refusal(*judging.settle_call(judging.records(votes))) == refusal
    assert judging.chain.refusal("revealVotes", judging.task, judging.menu, judging.records(votes)) == refusal


@pytest.mark.parametrize(("candidates", "entries"), [(2, 2), (2, 12), (12, 12)])
def test_the_smallest_and_the_largest_menus_are_read(
    judging: CandidateFederation, candidates: int, entries: int
) -> None:
    voters = judging.to_votes()
    judging.simple_menu(candidates, entries)
    votes = {member: judging.opinion(*range(member, member + entries)) for member in voters}
    docket = judging.docket(votes)
    judging.commit(votes)
    judging.settles_as_reckoned(judging.records(votes), docket)


def test_a_menu_of_whoever_proposed_has_a_mark_for_each_of_them(judging: CandidateFederation) -> None:
    """A drawn proposer that said nothing has no place in it."""
    silent, *active = judging.open()
    judging.propose(active)
    judging.chain.wait_until(judging.state["phase_at"])
    voters = judging.draw()
    judging.menu = encode_menu(MenuDigest(tuple(map(model, range(2))), (Row(bytes([0x80, 0x80])),) * 2))
    votes = {member: judging.opinion(3, 2, points=(4_000, -6_000)) for member in voters}
    docket = judging.docket(votes)
    judging.commit(votes)
    judging.settles_as_reckoned(judging.records(votes), docket)
    assert judging.records_of[silent] == (0, 0, 0, 0)


def test_another_menu_than_the_relayers_is_refused(committed: tuple[CandidateFederation, dict[int, Opinion]]) -> None:
    task, votes = committed
    records, needed = task.records(votes), task.digest(votes)[:24]
    listed = b"\xff\xff" + keccak(task.pairs(votes))
    task.simple_menu(mark=1)
    given = keccak(task.motion + listed[2:])[:24]
    for call in (("revealVotes", task.task, task.menu, listed), task.settle_call(listed)):
        assert task.chain.refusal(*call) == Refusal("WrongBallot", (task.task, given, needed))
    assert task.chain.refusal(*task.settle_call(records)).name == "BadSignature"


def test_another_list_than_the_relayers_is_refused(committed: tuple[CandidateFederation, dict[int, Opinion]]) -> None:
    task, votes = committed
    fewer = dict(sorted(votes.items())[1:])
    refusal = task.chain.refusal(*task.settle_call(task.records(fewer)))
    assert refusal == Refusal("WrongBallot", (task.task, task.digest(fewer)[:24], task.digest(votes)[:24]))
