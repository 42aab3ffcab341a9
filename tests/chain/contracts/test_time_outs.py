"""Nobody who stays away can stop a task or lock a stake."""

import pytest
from federation import ACCEPT, CANDIDATE, FML, GWEI, MOTION, ONLOOKER, PREVIOUS, Chain, Federation, Refusal

from fl_alliance.chain.rules.words import hash_words, label
from fl_alliance.chain.types import Phase
from fl_alliance.chain.vrf import Tag


def skip(federation: Federation) -> None:
    """Skip the round: its number and seed move on."""
    seed, number = federation.state["seed"], federation.round
    federation.chain.send("skipRound", federation.task, by=ONLOOKER)
    assert (federation.phase, federation.round) == (Phase.IDLE, number + 1)
    assert federation.state["seed"] == hash_words(label("void"), seed, number)


def refused_until(federation: Federation, second: int) -> None:
    chain = federation.chain
    chain.wait_until(second - 1)
    assert chain.refusal("skipRound", federation.task, by=ONLOOKER).name == "TooEarly"
    chain.wait_until(second)


def test_a_round_that_no_leader_opens_is_skipped_and_all_in_line_lose(chain: Chain, started: Federation) -> None:
    line = {started.leader(rank=rank) for rank in range(16)}
    refused_until(started, started.state["phase_at"] + 16 * started.params.leader_s)
    before, pool = started.balances, started.pool
    skip(started)
    lost = 20 * FML // GWEI * 200 // 10_000
    assert started.balances == [held - lost * (member in line) for member, held in enumerate(before)]
    assert started.pool == pool + lost * len(line)


def test_a_round_without_proposals_is_skipped_and_nobody_loses(chain: Chain, started: Federation) -> None:
    started.open()
    before, pool = started.balances, started.pool
    refused_until(started, started.state["phase_at"])
    skip(started)
    assert (started.balances, started.pool) == (before, pool)


def test_a_round_whose_voters_no_leader_draws_is_skipped_and_all_in_line_lose(
    chain: Chain, started: Federation
) -> None:
    started.open()
    started.propose()
    line = {started.leader(Tag.VOTERS, rank) for rank in range(16)}
    refused_until(started, started.state["phase_at"] + 16 * started.params.leader_s)
    before = started.balances
    skip(started)
    assert {member for member in range(8) if started.balances[member] < before[member]} == line


def test_a_round_whose_relayer_is_absent_is_skipped_and_nobody_loses(chain: Chain, started: Federation) -> None:
    started.to_votes()
    before = started.balances
    refused_until(started, started.state["phase_at"])
    skip(started)
    assert started.balances == before


def test_a_round_that_nobody_settles_is_skipped_when_whoever_could_has_had_its_time(
    chain: Chain, started: Federation
) -> None:
    started.to_votes()
    started.commit(started.ballots([ACCEPT] * 3))
    before, params = started.balances, started.params
    answers = started.state["phase_at"] + 2 * params.reveal_s + params.evidence_s
    refused_until(started, answers + params.commit_s)
    skip(started)
    assert started.balances == before


def test_a_round_that_nobody_judges_and_nobody_settles_is_skipped(chain: Chain) -> None:
    federation = Federation.create(chain, voters=0).start(20, 30, 40)
    federation.open()
    federation.propose()
    refused_until(federation, federation.state["phase_at"] + federation.params.commit_s)
    skip(federation)


def test_the_last_round_may_be_skipped_too(chain: Chain) -> None:
    federation = Federation.create(chain, rounds=1).start(*[20] * 6)
    federation.open()
    chain.wait_until(federation.state["phase_at"])
    chain.send("skipRound", federation.task, by=ONLOOKER)
    assert federation.phase is Phase.FINISHED
    federation.pay_out()


def test_after_a_skipped_round_the_next_one_is_played(started: Federation) -> None:
    started.open()
    started.chain.wait_until(started.state["phase_at"])
    skip(started)
    assert started.play()["outcome"].name == "ACCEPTED"


@pytest.mark.parametrize(
    "phase",
    [Phase.REGISTRATION, Phase.IDLE, Phase.PROPOSING, Phase.LOCKED, Phase.COMMITTING, Phase.REVEALING],
)
def test_from_whatever_phase_every_stake_comes_out_of_an_abandoned_task(chain: Chain, phase: Phase) -> None:
    federation = Federation.create(chain)
    joined = federation.join(*[20] * 8)
    if phase > Phase.REGISTRATION:
        chain.send("start", federation.task)
        federation.join(30, first=60)
        federation.keys.pop()
    if phase >= Phase.PROPOSING:
        federation.open()
    if phase >= Phase.LOCKED:
        federation.propose()
    if phase >= Phase.COMMITTING:
        federation.draw()
    if phase is Phase.REVEALING:
        federation.commit(federation.ballots([ACCEPT] * 3))
    assert federation.phase is phase
    assert chain.refusal("abandon", federation.task, by=ONLOOKER).name == "TooEarly"
    before = chain.balance(chain.deployment.alliance)
    chain.wait_until(chain.now + 30 * 86_400)
    chain.send("abandon", federation.task, by=ONLOOKER)
    federation.pay_out()
    assert all(chain.balance(key.address) == 20 * FML for key in joined)
    out = 8 * 20 * FML + federation.pool_wei + 30 * FML * (phase > Phase.REGISTRATION)
    assert chain.balance(chain.deployment.alliance) == before - out


def test_a_task_that_moves_is_not_abandoned(chain: Chain, started: Federation) -> None:
    week = chain.read("ABANDONED_S")
    params = started.params
    times = 16 * params.leader_s + params.registration_s + params.propose_s
    times += 2 * params.commit_s + 2 * params.reveal_s + params.evidence_s
    end = started.state["phase_at"] + times + week
    chain.wait_until(end - 1)
    refused = chain.refusal("abandon", started.task)
    assert refused == Refusal("TooEarly", (started.task, end - 1, end))
    chain.wait_until(end)
    chain.send("abandon", started.task)
    assert chain.refusal("abandon", started.task) == Refusal("WrongPhase", (started.task, Phase.FINISHED))


def test_nothing_moves_in_a_finished_task(chain: Chain, started: Federation) -> None:
    opening = started.open_call()
    started.finish_by_abandoning()
    for call in [
        opening,
        ("start", started.task),
        ("cancel", started.task),
        ("finish", started.task),
        ("skipRound", started.task),
        ("propose", started.task, bytes(98)),
        ("settle", started.task, PREVIOUS, CANDIDATE, b""),
        ("revealVotes", started.task, MOTION, b""),
    ]:
        assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.FINISHED))
