"""Gas of whole rounds of a task, every signature and proof real: `python tests/bench/gas.py [10 100 1000]`.

Half of the members propose and half vote. "Messages and settlement" are the transactions that carry the nodes' messages
and settle: propose, commitVotes, settle. "All in" is a whole round as a relayer sends it: the voters' draw in the
transaction of the proposals, the next round's opening in that of the settlement.

The second table is candidate voting at 20 proposers and 20 voters, paid by contribution, whose scores are random: the
transactions that carry votes and settle, for menus of 8, 10 and 12 candidates.
"""

import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
STAKE_FML = 40
COMMITTEE = 20
"""Proposers, and voters, of the rounds that judge candidates."""
CANDIDATES = (8, 10, 12)


def _helper(name: str) -> ModuleType:
    path = ROOT / "tests" / "chain" / "contracts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def rounds(f: Any) -> Iterator[dict[str, int]]:
    """Play rounds of the started federation `f` for ever and yield each one's gas by part."""
    f.open()
    f.propose()
    f.draw()
    while True:
        votes = dict.fromkeys(f.drawn_voters, (500123, 600321))
        gas = {"commitVotes": f.commit(votes).gas_used}
        records = f.records(votes)
        mark = f.chain.rpc("evm_snapshot")
        gas["settle"] = f.chain.send("settle", f.task, *models(f), records).gas_used
        opening = f.open_call()
        gas["openRound"] = f.chain.send(*opening).gas_used
        _undo(f, mark)
        settling = ("settle", f.task, *models(f), records)
        gas["settle + openRound"] = f.chain.send_all(settling, opening).gas_used
        batch = b"".join(map(f.proposal, f.drawn_proposers))
        mark = f.chain.rpc("evm_snapshot")
        gas["propose"] = f.chain.send("propose", f.task, batch).gas_used
        drawing = f.draw_call()
        gas["drawVoters"] = f.chain.send(*drawing).gas_used
        _undo(f, mark)
        gas["propose + drawVoters"] = f.chain.send_all(("propose", f.task, batch), drawing).gas_used
        yield gas | summary(gas)


def summary(gas: dict[str, int]) -> dict[str, int]:
    """Return the sums that the bars are about."""
    return {
        "messages and settlement": gas["propose"] + gas["commitVotes"] + gas["settle"],
        "all in": gas["propose + drawVoters"] + gas["commitVotes"] + gas["settle + openRound"],
    }


def models(f: Any) -> tuple[bytes, bytes]:
    """Return the model that the federation's voters compare with, and the candidate."""
    module = sys.modules[type(f).__module__]
    return bytes(module.PREVIOUS), bytes(module.CANDIDATE)


def _undo(f: Any, mark: str) -> None:
    f.chain.rpc("evm_revert", mark)
    f.chain.senders.clear()


def measure(module: Any, chain: Any, members: int, warm_up: int = 1) -> dict[str, int]:
    """Return the gas of one round of a task with `members` members, after `warm_up` rounds that fill the slots."""
    f = module.Federation.create(chain, proposers=members // 2, voters=members // 2, rounds=100)
    f.start(*[STAKE_FML] * members)
    played = rounds(f)
    for _ in range(warm_up):
        next(played)
    return next(played)


def measure_candidates(module: Any, chain: Any, candidates: int, warm_up: int = 2) -> dict[str, int]:
    """Return the gas of one round that judges `candidates` and no other entries, after `warm_up` rounds.

    The first rounds fill members' slots and tell what is expected of the menu, which costs more and less.
    """
    f = module.CandidateFederation.create_with(chain, proposers=COMMITTEE, voters=COMMITTEE, rounds=100)
    f.start(*[STAKE_FML] * 2 * COMMITTEE)
    chance = random.Random(candidates)
    for _ in range(warm_up):
        _judge(module, f, candidates, chance)
    return _judge(module, f, candidates, chance)


def _judge(module: Any, f: Any, candidates: int, chance: random.Random) -> dict[str, int]:
    f.to_votes()
    worst, points = 1_000_000, 10_000 // COMMITTEE
    rows = [
        module.Row(bytes(chance.choice([0, module.PART]) | chance.randrange(97) for _ in range(COMMITTEE)), 1, 0)
        for _ in range(candidates)
    ]
    f.menu = module.menu(candidates, candidates, rows)
    votes = {
        voter: module.Opinion(
            tuple(chance.randrange(worst) for _ in range(candidates)),
            tuple(chance.randint(-points, points) for _ in range(COMMITTEE)),
        )
        for voter in f.drawn_voters
    }
    gas = {"commitVotes": f.commit(votes).gas_used}
    gas["settle"] = f.chain.send(*f.settle_call(f.records(votes))).gas_used
    return gas | {"the rule": sum(gas.values())}


def main() -> None:
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.deploy import deploy
    from fl_alliance.chain.sender import Sender

    module = _helper("federation")
    sizes = [int(word) for word in sys.argv[1:]] or [10, 100]
    tables = {}
    with connected("memory://") as w3:
        chain = module.Chain(w3, deploy(Sender(w3, module.DEPLOYER)))
        for members in sizes:
            tables[members] = measure(module, chain, members)
    print(f"{'gas per participant-round':<28}" + "".join(f"{f'n={members}':>12}" for members in sizes))
    for part in tables[sizes[0]]:
        print(f"{part:<28}" + "".join(f"{tables[members][part] / members:>12,.0f}" for members in sizes))
    judged = {}
    with connected("memory://") as w3:
        chain = module.Chain(w3, deploy(Sender(w3, module.DEPLOYER), rule="candidates"))
        for candidates in CANDIDATES:
            judged[candidates] = measure_candidates(_helper("candidate_federation"), chain, candidates)
    print(f"\n{f'gas of a round, {COMMITTEE} + {COMMITTEE}':<28}" + "".join(f"{f'K={k}':>12}" for k in CANDIDATES))
    for part in judged[CANDIDATES[0]]:
        print(f"{part:<28}" + "".join(f"{judged[k][part]:>12,}" for k in CANDIDATES))


if __name__ == "__main__":
    main()
