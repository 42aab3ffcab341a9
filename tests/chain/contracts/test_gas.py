"""What rounds cost, every signature and proof real; `python tests/bench/gas.py` prints the table."""

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import candidate_federation
import federation
import pytest
from federation import CANDIDATE, FML, GWEI, PREVIOUS, Chain, Federation, Refusal

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey

BARS = {10: 17_000, 100: 8_000, 1_000: 7_000}
"""Most gas per participant-round that a round's messages and settlement may cost, by members."""
CANDIDATES_BAR = 3_000_000
"""Most gas that commitments, votes and settlement of a round that judges candidates may cost."""


def bench() -> Any:
    path = Path(__file__).parents[2] / "bench" / "gas.py"
    spec = importlib.util.spec_from_file_location("bench_gas", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("members", [10, 100])
def test_a_round_stays_below_its_gas_bar(chain: Chain, gas_figure: Callable[[str, int], None], members: int) -> None:
    gas = bench().measure(federation, chain, members)
    for part, figure in gas.items():
        gas_figure(f"alliance_{members}_{part.replace(' + ', '_and_').replace(' ', '_')}", figure)
    assert gas["messages and settlement"] <= BARS[members] * members


@pytest.mark.parametrize("candidates", [8, 12])
def test_judging_candidates_stays_below_its_gas_bar(
    candidate_chain: Chain, gas_figure: Callable[[str, int], None], candidates: int
) -> None:
    """20 proposers and 20 voters, paid by contribution, scores random: the most that medians and orders can cost."""
    gas = bench().measure_candidates(candidate_federation, candidate_chain, candidates)
    for part, figure in gas.items():
        gas_figure(f"candidates_20_20_{candidates}_{part.replace(' ', '_')}", figure)
    assert gas["the rule"] <= CANDIDATES_BAR


@pytest.mark.parametrize("scores", [(1_000_000, 0) * 6, None], ids=["all the same", "random"])
def test_the_largest_committee_settles_in_one_transaction(
    candidate_chain: Chain, scores: tuple[int, ...] | None
) -> None:
    """64 proposers, 64 voters and twelve candidates, below the gas of a transaction (EIP-7825)."""
    most, chance = candidate_chain.read("MAX_COMMITTEE"), random.Random(1)
    f = candidate_federation.CandidateFederation.create_with(candidate_chain, proposers=most, voters=most)
    f.start(*[20] * 2 * most)
    f.to_votes()
    rows = [candidate_federation.Row(bytes(chance.randrange(256) for _ in range(most)), 1, 0) for _ in range(12)]
    f.menu = candidate_federation.menu(12, 12, rows)
    votes = {
        voter: f.opinion(*(scores or (chance.randrange(1_000_000) for _ in range(12)))) for voter in f.drawn_voters
    }
    f.commit(votes)
    assert f.chain.send(*f.settle_call(f.records(votes))).gas_used < federation.GAS * 3 // 4


@pytest.mark.parametrize("name", artifacts.names())
def test_every_contract_can_be_deployed(name: str) -> None:
    """EIP-170: at most 24,576 bytes of code."""
    assert len(artifacts.load(name).deployed_bytecode) // 2 - 1 <= 24_576


@pytest.mark.slow
def test_the_largest_task_fills_plays_and_stays_below_its_bar(chain: Chain) -> None:
    """1,024 members in four pieces of roster and eighteen words of standings; half propose, half vote."""
    most = chain.read("MAX_MEMBERS")
    task = Federation.create(chain, proposers=500, voters=500, rounds=3)
    keys = [NodeKey.derive(7, index) for index in range(most)]
    for start in range(0, most, 64):
        batch = keys[start : start + 64]
        for key in batch:
            chain.fml("transfer", key.address, 20 * FML)
        chain.send_all(*(task.registration(key, 20 * FML) for key in batch))
    task.keys = keys
    chain.credited |= {key.address for key in keys}
    newcomer = NodeKey.derive(7, most)
    chain.fml("transfer", newcomer.address, 20 * FML)
    assert chain.refusal(*task.registration(newcomer, 20 * FML)) == Refusal("TaskFull", (task.task, most))
    chain.send("start", task.task)
    task.open()
    gas = task.propose().gas_used
    votes = dict.fromkeys(task.draw(), (500_123, 600_321))
    gas += task.commit(votes).gas_used
    before = task.balances
    gas += chain.send("settle", task.task, PREVIOUS, CANDIDATE, task.records(votes)).gas_used
    assert gas <= BARS[1_000] * 1_000
    paid = sum(task.balances) - sum(before)
    assert 0 <= task.pool_wei // GWEI // 3 - paid < 1_000
    task.finish_by_abandoning()
