"""A run as it could have been: invented scores, and every amount settled by the real rules."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import settle
from fl_alliance.chain.types import GWEI_PER_FML, Standing, TaskParams
from fl_alliance.config import JobConfig, load_config, to_yaml
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.strategies.events import (
    Event,
    ProposalsLocked,
    RoundOpened,
    RoundSettled,
    Stage,
    VotersDrawn,
    VotesCommitted,
)

MakeRun = Callable[..., RunFolder]


def task_params(config: JobConfig) -> TaskParams:
    alliance = config.alliance
    return TaskParams(
        code_digest=bytes(32),
        config_digest=bytes(32),
        initial_model=bytes(32),
        relayer="0x" + "00" * 20,
        rounds=config.rounds,
        proposers=alliance.proposers,
        voters=alliance.voters,
        slash_bps=alliance.slash_bps,
        slash_gwei=0,
        absence_bps=alliance.absence_bps,
        bounty_bps=alliance.bounty_bps,
        tolerance_bps=alliance.tolerance_bps,
        min_stake_gwei=int(alliance.min_stake) * GWEI_PER_FML,
        registration_s=1,
        leader_s=1,
        propose_s=1,
        commit_s=1,
        reveal_s=1,
        evidence_s=1,
        quorum=1,
        grace_s=0,
    )


def invented_rounds(config: JobConfig, bad_share: float = 0.15) -> Iterator[RoundRecord]:
    """Yield settled rounds: a falling error, a few bad candidates, a few silent members, a few absent leaders."""
    chance, params = random.Random(config.seed), task_params(config)
    balances = [int(config.alliance.stake) * GWEI_PER_FML] * config.nodes
    pool = int(config.alliance.pool) * GWEI_PER_FML
    quality = 0.40
    for number in range(1, config.rounds + 1):
        drawn = chance.sample(range(config.nodes), params.proposers + params.voters)
        proposers, voters = sorted(drawn[: params.proposers]), sorted(drawn[params.proposers :])
        bad = chance.random() < bad_share
        better = quality + (0.47 - quality) * 0.18
        standings, scores, dropped = {}, {}, {}
        for member in proposers:
            silent = chance.random() < 0.03
            standings[member] = Standing.SILENT_PROPOSER if silent else Standing.PROPOSED
            if silent:
                dropped[str(member)] = "no reply within 60 s"
        for member in voters:
            own = quality + chance.gauss(0, 0.02)
            new = own * (chance.uniform(0.6, 0.97) if bad else 1 + (better - quality) + chance.gauss(0, 0.025))
            old_micro, new_micro = int(own * 1e6), int(new * 1e6)
            scores[str(member)] = (old_micro, new_micro)
            yes = new_micro * 10_000 >= old_micro * (10_000 - params.tolerance_bps)
            standings[member] = Standing.VOTED_YES if yes else Standing.VOTED_NO
            if chance.random() < 0.01:
                standings[member] = Standing.WITHHELD
                del scores[str(member)]
        settlement = settle(params, pool, config.rounds - number + 1, dict(enumerate(balances)), standings)
        pool = settlement.pool_gwei
        for line in settlement.lines:
            balances[line.member] += line.delta_gwei
        if settlement.outcome is Outcome.ACCEPTED:
            quality = better
        rmse = 15.9 - (quality - 0.40) * 26 + chance.gauss(0, 0.03)
        yield RoundRecord(
            round=number,
            outcome=settlement.outcome.name.lower(),
            proposers=proposers,
            proposed=[m for m in proposers if standings[m] is Standing.PROPOSED],
            voters=voters,
            committed=voters,
            leader=chance.choice(range(config.nodes)),
            voters_leader=chance.choice(range(config.nodes)),
            absent_leaders=[],
            yes=settlement.yes,
            no=settlement.no,
            scores=scores,
            deltas={str(line.member): line.delta_gwei for line in settlement.lines},
            reasons={str(line.member): explain(line) for line in settlement.lines},
            dropped=dropped,
            balances=list(balances),
            pool=pool,
            model=chance.randbytes(32).hex(),
            metrics={"rmse": rmse, "mae": rmse * 0.72},
            train_metrics={"train_loss": (rmse / 21) ** 2 * chance.uniform(0.97, 1.05)},
            evaluate_metrics={"loss": (rmse / 20.5) ** 2, "rmse": rmse + 0.2},
            seconds={
                "train": chance.uniform(0.5, 0.7),
                "evaluate": chance.uniform(0.1, 0.15),
                "chain": 0.09,
                "chain_cpu": 0.03,
            },
            reward=settlement.reward_gwei,
            bounty=settlement.bounty_gwei,
        )


def events_of(record: RoundRecord) -> list[Event]:
    """Return the events by which a listener hears of this round."""
    dropped = {int(member): why for member, why in record.dropped.items()}
    return [
        RoundOpened(record.round, record.leader, tuple(record.absent_leaders), tuple(record.proposers)),
        ProposalsLocked(record.round, tuple(record.proposed), dropped, record.train_metrics),
        VotersDrawn(record.round, record.voters_leader or 0, (), tuple(record.voters)),
        VotesCommitted(record.round, tuple(record.committed), {}),
        RoundSettled(
            record.round,
            record.outcome,
            record.yes,
            record.no,
            {int(member): pair for member, pair in record.scores.items()},
            {int(member): delta for member, delta in record.deltas.items()},
            {int(member): why for member, why in record.reasons.items()},
            tuple(record.balances),
            record.pool,
            bytes.fromhex(record.model),
            record.metrics,
            record.evaluate_metrics,
            record.seconds,
            record.reward,
            record.bounty,
        ),
    ]


def glucose_grid(count: int, seed: int) -> dict[str, object]:
    chance = random.Random(seed)
    reference = [min(max(chance.lognormvariate(4.75, 0.28), 42), 390) for _ in range(count)]
    predicted = [value + chance.gauss(0, 0.05 * value + 6) for value in reference]
    return {"unit": "mg/dL", "horizon_min": 30, "reference": reference, "prediction": predicted}


def write_run(root: Path, *overrides: str, bad_share: float = 0.15, grid: int = 2000) -> RunFolder:
    """Write the folder of an invented run of the glucose workload, judged by majority."""
    config = load_config(["rule=majority", *overrides])
    folder = RunFolder(root)
    root.mkdir(parents=True, exist_ok=True)
    folder.config.write_text(to_yaml(config))
    folder.overrides.write_text(" ".join(overrides))
    last = None
    for record in invented_rounds(config, bad_share):
        folder.append(record)
        last = record
    assert last is not None
    folder.references.write_text(
        json.dumps(
            {
                "workload": "glucose",
                "metrics": [
                    {"name": "rmse", "label": "RMSE at 30 min", "unit": "mg/dL", "higher_is_better": False},
                    {"name": "mae", "label": "Mean absolute error at 30 min", "unit": "mg/dL"},
                ],
                "initial": {"rmse": 15.82, "mae": 11.3},
                "final": last.metrics,
                "references": {
                    "persistence": {"rmse": 15.82, "mae": 11.3},
                    "local": {"rmse": 13.9, "mae": 9.9},
                    "pooled": {"rmse": 14.38, "mae": 10.2},
                    "fedavg": {"rmse": 14.25, "mae": 10.1},
                },
            }
        )
    )
    if grid:
        folder.grid.write_text(json.dumps(glucose_grid(grid, config.seed)))
    members = [
        {"index": index, "address": f"0x{index + 1:040x}", "site": index, "about": f"site {index}"}
        for index in range(config.nodes)
    ]
    folder.deployment.write_text(
        json.dumps(
            {
                "chain_id": 31337,
                "task": 1,
                "contracts": {"fml": {"address": "0x" + "a1" * 20}, "alliance": {"address": "0x" + "b2" * 20}},
                "config_digest": "0x" + "c3" * 32,
                "code_digest": "0x" + "d4" * 32,
                "members": members,
            }
        )
    )
    return folder


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes an invented run into a folder of its own."""
    return lambda *overrides, name="run", **how: write_run(tmp_path / name, *overrides, **how)


@pytest.fixture
def a_round() -> RoundRecord:
    """Return one settled round of ten members."""
    return next(invented_rounds(load_config(["rule=majority", "rounds=5"])))


@pytest.fixture
def story() -> Callable[..., list[Event]]:
    """Return a function that gives the events of an invented run in order."""

    def tell(*overrides: str) -> list[Event]:
        events: list[Event] = [Stage("the contracts are deployed")]
        for record in invented_rounds(load_config(["rule=majority", *overrides])):
            events += events_of(record)
        return events

    return tell


@pytest.fixture
def params_of() -> Callable[[JobConfig], TaskParams]:
    """Return a function that gives the on-chain parameters of a configuration, with digests of zeros."""
    return task_params
