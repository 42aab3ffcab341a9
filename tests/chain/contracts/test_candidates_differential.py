"""The contract against the pure functions of `chain/rules`, to the gwei, over rounds that hypothesis makes up.

A task goes on for some rounds, so that evidence, averages, escrows, agreements and what voters expect build up. Members
have unequal stakes; scores come from few values, so that medians tie; voters are silent, late, withholding or omitted;
members lose everything in the middle of a round and keep their parts in it.
"""

from dataclasses import replace

from candidate_federation import PART, TERMS, CandidateFederation, Opinion, menu
from federation import Chain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import Row
from fl_alliance.chain.types import CandidateTerms, Reward

STAKES = (20, 35, 20, 90, 10, 47, 400, 20, 30)
ROUNDS = 4
PLAYED = {"accepted": 0, "convicted": 0, "slashed": 0, "agreed": 0}
"""What the examples came to: agreement on rounds in which nothing happens would prove nothing."""

terms_of_tasks = st.builds(
    CandidateTerms,
    reward=st.sampled_from(Reward),
    override_bps=st.sampled_from([0, 5_000, 6_667, 10_000]),
    convict_bps=st.sampled_from([1, 5_000, 7_500, 10_000]),
    suspect_at=st.sampled_from([1, 40, 56, 127]),
    offset=st.sampled_from([0, 40, 127]),
    forgive=st.sampled_from([0, 16, 255]),
    slash_above=st.sampled_from([0, 40, 112, 65_535]),
    escrow_bps=st.sampled_from([0, 1, 5_000, 10_000]),
)
score_values = st.sampled_from([0, 1, 199_999, 200_000, 200_001, 500_000, 1_000_000]) | st.integers(0, 1_000_000)
marks = st.integers(0, 255) | st.sampled_from([0, PART, PART | 96, PART | 56, 55])


@st.composite
def menus(draw: st.DrawFn, proposals: int, sizes: list[int]) -> bytes:
    """Of as many candidates as one of the sizes says."""
    candidates = draw(st.sampled_from(sizes))
    entries = draw(st.integers(candidates, 12))
    index = st.integers(0, entries - 1)
    rows = [
        Row(bytes(draw(st.lists(marks, min_size=proposals, max_size=proposals))), draw(index), draw(index))
        for _ in range(candidates)
    ]
    return menu(candidates, entries, rows)


@st.composite
def points_of(draw: st.DrawFn, proposals: int) -> tuple[int, ...]:
    raw = draw(st.lists(st.integers(-10_000, 10_000), min_size=proposals, max_size=proposals))
    total = sum(map(abs, raw))
    return tuple(int(value * 10_000 / total) for value in raw) if total > 10_000 else tuple(raw)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def _play(candidate_chain: Chain, data: st.DataObject) -> None:
    mark = candidate_chain.rpc("evm_snapshot")
    slash_bps, slash_gwei = data.draw(st.sampled_from([0, 1_000, 10_000])), data.draw(st.integers(0, 10**10))
    terms = data.draw(terms_of_tasks)
    if data.draw(st.booleans()):  # a task that slashes at the first suspicion, which made-up terms seldom come to
        slash_bps, terms = 10_000, replace(terms, convict_bps=1, suspect_at=1, offset=0, forgive=0, slash_above=0)
    changes = {"proposers": 4, "voters": 4, "slash_bps": slash_bps, "slash_gwei": slash_gwei}
    task = CandidateFederation.create_with(candidate_chain, terms, **changes)
    task.start(*STAKES)
    usual = data.draw(st.integers(2, 12))
    # Agreements go on only from menu to menu of one size, so in every other task there is no other.
    sizes = data.draw(st.sampled_from([[usual], [usual] * 4 + [2, 3, 12]]))
    for _ in range(ROUNDS):
        if sum(seats > 0 for seats in task.seats()) < 8:
            break
        _round(task, data, sizes)
        assert candidate_chain.is_conserved()
    candidate_chain.rpc("evm_revert", mark)
    candidate_chain.senders.clear()


def test_what_python_decides_pays_and_takes_the_contract_does(candidate_chain: Chain) -> None:
    _play(candidate_chain)
    assert PLAYED["accepted"] > 10
    assert PLAYED["convicted"] > 1
    assert PLAYED["slashed"] > 0
    assert PLAYED["agreed"] > 1


def _round(task: CandidateFederation, data: st.DataObject, sizes: list[int]) -> None:
    voters = task.to_votes()
    count = len(task.proposed)
    task.menu = data.draw(menus(count, sizes))
    entries = task.menu[1]
    votes = {}
    for member in voters:
        scores = data.draw(st.lists(score_values, min_size=entries, max_size=entries))
        points = data.draw(points_of(count)) if task.terms.reward is Reward.CONTRIBUTION else ()
        votes[member] = Opinion(tuple(scores), points)
    deeds = {member: data.draw(st.sampled_from(["list"] * 6 + ["silent", "omitted", "withhold"])) for member in voters}
    ruined = data.draw(st.sets(st.sampled_from(task.proposed + voters), max_size=2))
    _settle(task, votes, deeds, ruined, is_lie=data.draw(st.booleans()), early=data.draw(st.booleans()))


def _settle(
    task: CandidateFederation,
    votes: dict[int, Opinion],
    deeds: dict[int, str],
    ruined: set[int],
    is_lie: bool,
    early: bool,
) -> None:
    """Play the voters' deeds out. With a lie the list is called complete, so that the omitted are late."""

    def who(*kinds: str) -> dict[int, Opinion]:
        return {member: vote for member, vote in votes.items() if deeds[member] in kinds}

    listed, omitted, withheld = who("list", "withhold"), who("omitted"), who("withhold")
    shown = who("list", "omitted")
    task.commit(listed, complete=is_lie or len(listed) == len(votes))
    for member, vote in omitted.items():
        task.chain.send(*task.commit_own_call(member, vote, listed))
    records = b"".join(
        task.bare(member, vote) if member in withheld else task.record(member, vote) for member, vote in listed.items()
    ) + b"".join(task.own(member, vote) for member, vote in omitted.items())
    for member in ruined:
        task.chain.send(*task.double_vote(member, Opinion((1,)), Opinion((2,))))
    docket = task.docket(shown, late=omitted if is_lie else (), withheld=withheld)
    if len(shown) < len(votes) or omitted:
        task.chain.wait_until(task.state["phase_at"])
    if early:
        task.chain.send("revealVotes", task.task, task.menu, records)
    if withheld:
        task.chain.wait_until(task.state["phase_at"] + task.params.reveal_s)
        task.chain.send(*task.evidence(listed, *withheld))
        task.chain.wait_until(task.state["phase_at"] + 2 * task.params.reveal_s + task.params.evidence_s)
    result = task.settles_as_reckoned(records, docket)
    PLAYED["accepted"] += result.winner > 0
    PLAYED["convicted"] += bool(result.convicted)
    PLAYED["slashed"] += bool(result.slashed)
    PLAYED["agreed"] += any(result.records[member][3] != before[3] for member, before in enumerate(docket.records))


def test_balances_that_cannot_grow_leave_the_rest_in_the_pool_and_the_escrow(candidate_chain: Chain) -> None:
    """2^51 - 1 gwei is all that a balance holds."""
    most = candidate_chain.read("MAX_BALANCE_GWEI") // 10**9
    task = CandidateFederation.create_with(
        candidate_chain, replace(TERMS, escrow_bps=2_500), pool_wei=5_000_000 * 10**18, proposers=2, voters=1
    )
    task.start(most, most, most)
    for _ in range(3):
        task.to_votes()
        task.simple_menu(2, 3)
        votes = {member: task.opinion(3, 2, 1) for member in task.drawn_voters}
        docket = task.docket(votes)
        task.commit(votes)
        task.settles_as_reckoned(task.records(votes), docket)
