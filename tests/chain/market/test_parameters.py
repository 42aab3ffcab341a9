"""Parameters that no Arena takes are refused before anything is sent; the contract refuses the same."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from fair import CREATOR, PARAMS, SALT, Fair
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.arena import (
    assigned_places,
    dataset_b_commitment,
    day_of,
    day_times,
    pack_scores,
    scores_commitment,
    submission_commitment,
    unpack_scores,
)
from fl_alliance.chain.arena_types import RANGES, TaskParams
from fl_alliance.chain.arena_view import read_params
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.assignment import places
from fl_alliance.chain.rules.words import keccak

ON_CHAIN = {"first_day": (1, 1_800), "creator_stake_wei": (100 * 10**18, RANGES["creator_stake_wei"][1])}
"""Ranges that depend on the chain: on the running day, and on the DAO."""
NODE = "0x" + "ab" * 20


def tried(fair: Fair, name: str, value: int) -> str | None:
    """Which parameter the contract refuses if one of them is `value`; None where it is another matter."""
    arena = BoundContract(fair.sender(CREATOR), "Arena", fair.deployment.arena)
    fields = list(TaskParams.__dataclass_fields__)
    values = list(PARAMS.to_solidity())
    values[fields.index(name)] = value
    try:
        arena.read("createTask", tuple(values))
    except BadParameter as refused:
        return str(refused.values["name"])
    except Refused:
        return None
    return None


@pytest.mark.parametrize("name", RANGES)
def test_the_contract_has_the_same_ranges(fair: Fair, name: str) -> None:
    least, most = ON_CHAIN.get(name, RANGES[name])
    spelled = "".join(part.title() if i else part for i, part in enumerate(name.split("_")))
    assert tried(fair, name, least) != spelled
    assert tried(fair, name, most) != spelled
    if least > 0:
        assert tried(fair, name, least - 1) == spelled
    if most + 1 not in (1 << 16, 1 << 32, 1 << 64, 1 << 96):
        assert tried(fair, name, most + 1) == spelled


@pytest.mark.parametrize("name", RANGES)
def test_what_no_chain_takes_is_not_sent(name: str) -> None:
    for value in (RANGES[name][0] - 1, RANGES[name][1] + 1):
        with pytest.raises(ValueError, match=f"{name}: given {value}, needed"):
            replace(PARAMS, **{name: value})


def test_windows_fit_a_day(fair: Fair) -> None:
    assert replace(PARAMS, submit_s=86_400 - 28_800).windows_s == 86_400
    with pytest.raises(ValueError, match="windows: given 86401 seconds"):
        replace(PARAMS, submit_s=86_401 - 28_800)
    assert tried(fair, "submit_s", 86_400 - 28_800) is None
    assert tried(fair, "submit_s", 86_401 - 28_800) == "windows"


@pytest.mark.parametrize(
    ("name", "value"), [("kind", "x" * 33), ("kind", "\u20ac"), ("kind", "a\0"), ("dataset_a", b"")]
)
def test_texts_and_digests_have_their_lengths(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}: given"):
        replace(PARAMS, **{name: value})


@given(st.binary(min_size=32, max_size=32))
def test_a_task_is_readable_whatever_its_creator_called_its_kind(kind: bytes) -> None:
    found = read_params((kind, *PARAMS.to_solidity()[1:]))
    assert found.to_solidity() == (kind, *PARAMS.to_solidity()[1:])


@given(
    st.integers(0, 2**256 - 1), st.integers(0, 1_800), st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32)
)
def test_commitments_are_those_of_the_contracts_encoding(task: int, day: int, parameters: int, salt: bytes) -> None:
    digest = keccak(salt)
    kinds = ("uint256", "uint256", "address", "bytes32", "uint64", "bytes32")
    assert submission_commitment(task, day, NODE, digest, parameters, salt) == keccak(
        encode(kinds, (task, day, NODE, digest, parameters, salt))
    )
    assert dataset_b_commitment(digest, salt) == keccak(encode(("bytes32", "bytes32"), (digest, salt)))


@given(st.lists(st.integers(0, WORST), max_size=40))
def test_scores_are_packed_eight_to_a_word_and_committed_to_so(scores: list[int]) -> None:
    words = pack_scores(scores)
    assert len(words) == (len(scores) + 7) // 8
    assert unpack_scores(words, len(scores)) == tuple(scores)
    kinds = ("uint256", "uint256", "address", "uint256[]", "bytes32")
    assert scores_commitment(3, 2, NODE, scores, SALT) == keccak(encode(kinds, (3, 2, NODE, words, SALT)))


@pytest.mark.parametrize("score", [-1, WORST + 1])
def test_a_score_has_32_bits(score: int) -> None:
    with pytest.raises(ValueError, match=f"score of place 1: given {score}"):
        pack_scores([0, score])


def test_places_are_those_of_the_rules() -> None:
    beta = keccak(b"beta")
    assert assigned_places(beta, 3, 10) == places(beta, 10, 3)


def test_days_and_windows_follow_each_other() -> None:
    start = 1_000_000
    times = day_times(PARAMS, start, 0)
    assert (times.submit_at, times.over_at) == (start + 86_400, start + 2 * 86_400)
    lengths = (PARAMS.submit_s, PARAMS.reveal_s, PARAMS.score_s, PARAMS.reveal_scores_s)
    bounds = (times.submit_at, times.reveal_at, times.score_at, times.reveal_scores_at, times.settle_at)
    assert tuple(b - a for a, b in itertools.pairwise(bounds)) == lengths
    seconds = (start - 1, start, times.submit_at - 1, times.submit_at, times.over_at - 1, times.over_at)
    assert [day_of(PARAMS, start, second) for second in seconds] == [-2, -1, -1, 0, 0, 1]
