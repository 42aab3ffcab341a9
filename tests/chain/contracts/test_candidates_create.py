"""Creating tasks that judge candidates, and what is known of them."""

from dataclasses import astuple, replace
from typing import Any

import pytest
from candidate_federation import TERMS, CandidateFederation, terms_tuple
from federation import FML, GWEI, PARAMS, Chain, Refusal

from fl_alliance.chain.types import Reward


def test_a_task_keeps_its_parameters_and_terms(candidate_chain: Chain) -> None:
    terms = replace(TERMS, reward=Reward.STAKE, override_bps=5_000, slash_above=65_535)
    task = CandidateFederation.create_with(candidate_chain, terms, slash_gwei=8 * FML // GWEI)
    assert tuple(candidate_chain.read("candidateTerms", task.task)) == terms_tuple(terms)
    relayer = task.params.relayer.lower()
    params = CandidateFederation.tuple_of(replace(task.params, relayer=relayer))
    assert tuple(candidate_chain.read("params", task.task)) == params
    assert candidate_chain.read("prior", task.task) == (0, ())


@pytest.mark.parametrize("view", ["candidateTerms", "records", "prior"])
def test_of_a_task_that_is_not_there_nothing_is_known(candidate_chain: Chain, view: str) -> None:
    assert candidate_chain.refusal(view, 99) == Refusal("UnknownTask", (99,))


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("overrideBps", "override_bps", 10_001),
        ("convictBps", "convict_bps", 10_001),
        ("suspectAt", "suspect_at", 0),
        ("suspectAt", "suspect_at", 128),
        ("offset", "offset", 128),
        ("escrowBps", "escrow_bps", 10_001),
    ],
)
def test_terms_out_of_range_are_refused(candidate_chain: Chain, name: str, field: str, value: int) -> None:
    terms = replace(TERMS, **{field: value})
    call = ("createTask", CandidateFederation.tuple_of(PARAMS), terms_tuple(terms), 0)
    assert candidate_chain.refusal(*call) == Refusal("BadParameter", (name, value))


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"proposers": 65}, "proposers", 65),
        ({"voters": 65}, "voters", 65),
        ({"voters": 0}, "voters", 0),
        ({"rounds": 0}, "rounds", 0),
    ],
)
def test_a_committee_is_bounded_and_somebody_judges(
    candidate_chain: Chain, changes: dict[str, Any], name: str, value: int
) -> None:
    call = ("createTask", CandidateFederation.tuple_of(replace(PARAMS, **changes)), terms_tuple(TERMS), 0)
    assert candidate_chain.refusal(*call) == Refusal("BadParameter", (name, value))
    assert candidate_chain.read("MAX_COMMITTEE") == 64


def test_a_reward_that_does_not_exist_is_refused(candidate_chain: Chain) -> None:
    terms = (2, *astuple(TERMS)[1:])
    task = candidate_chain.read("taskCount")
    with pytest.raises(Exception, match="revert"):
        candidate_chain.send("createTask", CandidateFederation.tuple_of(PARAMS), terms, 0)
    assert candidate_chain.read("taskCount") == task


def test_every_member_begins_without_a_record(judging: CandidateFederation) -> None:
    assert judging.records_of == [(0, 0, 0, 0)] * len(judging.keys)
