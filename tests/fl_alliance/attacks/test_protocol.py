"""Who breaks the protocol, and what it costs on the chain."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance import job
from fl_alliance.attacks.protocol import SECOND, HostileReply
from fl_alliance.chain.steps import SlashEquivocation, Statement
from fl_alliance.client_app import app
from fl_alliance.config import JobConfig, load_config
from fl_alliance.federation import enrol, open_federation
from fl_alliance.insider import coalition
from fl_alliance.judging import make_rule
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.chain_backed import ChainBacked
from fl_alliance.strategies.digests import model_digest
from fl_alliance.yardstick import Yardstick

WORDS = ["workload=linear", "chain.url=memory://", "baselines=false", "nodes=8", "rounds=3"]
WORDS += ["alliance.proposers=4", "alliance.voters=4"]
Run = Callable[..., tuple[JobConfig, list[RoundRecord]]]


@pytest.fixture(params=["majority", "candidates"])
def rule(request: pytest.FixtureRequest) -> str:
    return f"rule={request.param}"


@pytest.fixture
def run(tmp_path: Path, rule: str) -> Run:
    """Return a function that runs a federation in which sites 0 to 2 attack."""

    def finished(*overrides: str) -> tuple[JobConfig, list[RoundRecord]]:
        words = [*WORDS, rule, "attack.nodes=[0,1,2]", *overrides]
        config, folder = load_config(words), RunFolder(tmp_path / "run")
        job.run(config, folder, listener=lambda event: None, overrides=words)
        return config, list(folder.rounds())

    return finished


def drawn(records: list[RoundRecord], role: str) -> Iterator[tuple[RoundRecord, int]]:
    """Yield every round with each malicious member that was drawn in it."""
    for record in records:
        for member in getattr(record, role):
            if member < 3:
                yield record, member


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("hostile-nan", "not finite"),
        ("hostile-inf", "not finite"),
        ("hostile-shape", "shape"),
        ("hostile-no-examples", "num-examples needs 1"),
        ("forged-node", "needs the signature of"),
    ],
)
def test_a_proposal_that_does_not_hold_is_left_out_and_counts_as_silence(run: Run, attack: str, reason: str) -> None:
    _, records = run(f"attack/protocol={attack}")
    seen = list(drawn(records, "proposers"))
    assert seen
    for record, member in seen:
        assert reason in record.dropped[str(member)]
        assert member not in record.proposed
        assert record.deltas[str(member)] == 0 < max(record.deltas[str(other)] for other in record.proposed)
    for record in records:  # forged commitments are left out too, and half of the voters must be heard
        assert record.outcome != "void" or 2 * len(record.committed) < len(record.voters)


@pytest.mark.parametrize("attack", ["hostile-metrics", "hostile-examples"])
def test_metrics_of_another_kind_and_a_billion_examples_break_no_round(run: Run, attack: str) -> None:
    _, records = run(f"attack/protocol={attack}")
    assert "void" not in {record.outcome for record in records}
    assert all(np.isfinite(record.metrics["rmse"]) for record in records)


def test_a_replayed_proposal_or_commitment_is_left_out(run: Run) -> None:
    _, records = run("attack/protocol=replay")
    once: set[tuple[str, int]] = set()
    replayed = 0
    for role in ("proposers", "voters"):
        for record, member in drawn(records, role):
            if (role, member) in once:
                assert str(member) in record.dropped
                replayed += 1
            once.add((role, member))
    assert replayed


def test_who_withholds_its_vote_loses_a_slash(run: Run) -> None:
    config, records = run("attack/protocol=withheld-reveal")
    seen = list(drawn(records, "voters"))
    assert seen
    for record, member in seen:
        assert record.deltas[str(member)] < 0
        assert record.reasons[str(member)].startswith("committed a vote and withheld it: lost 10 %")
        assert str(member) not in record.scores
    assert config.alliance.slash_bps == 1000


def test_who_equivocates_loses_everything_once_somebody_holds_both_statements(tmp_path: Path, rule: str) -> None:
    words = [*WORDS, rule, "attack.nodes=[0,1,2,3,4,5,6,7]", "attack/protocol=equivocation"]
    config = load_config(words)
    told: dict[int, ConfigRecord] = {}
    kept: dict[int, ConfigRecord] = {}

    class Spy(ClientApp):
        def __call__(self, message: Message, context: Context) -> Message:
            reply = app(message, context)
            if message.metadata.message_type == "train":
                site = int(context.node_config["partition-id"])
                told[site] = wire.alliance_record(reply)
                kept[site] = context.state.config_records[SECOND]
            return reply

    grid = LocalGrid(Spy(), config.nodes, {"overrides": shlex.join(words)})
    initial = Yardstick(config).initial_model
    with open_federation(config, RunFolder(tmp_path), model_digest(initial), resume=False) as federation:
        node_ids = enrol(federation, grid, config, RunFolder(tmp_path))
        ledger, task = federation.ledger, federation.task
        ChainBacked(FedAvg(), ledger, task, node_ids, rule=make_rule(config)).start(grid, wire.to_record(initial), 1)
        before = ledger.model(task)
        member = next(iter(told))
        first = wire.data(told[member], "update"), wire.data(told[member], "signature")
        second = wire.data(kept[member], "digest"), wire.data(kept[member], "signature")
        assert before.balances[member] > 0
        statements = (first[0], second[0], first[1], second[1])
        ledger.send(SlashEquivocation(task, 1, member, Statement.PROPOSAL, bytes(32), *statements))
        after = ledger.model(task)
    assert after.balances[member] == 0
    assert all(after.balances[other] == before.balances[other] for other in range(8) if other != member)


@pytest.mark.parametrize("what", ["nan", "shape", "no-examples"])
def test_one_hostile_reply_destroys_or_crashes_a_plain_flower_strategy(what: str) -> None:
    words = [*WORDS, "attack.nodes=[1]", "attack/protocol=hostile-" + what]
    grid = LocalGrid(app, 8, {"overrides": shlex.join(words)})
    initial = wire.to_record(Yardstick(load_config(words)).initial_model)
    if what == "shape":
        with pytest.raises(Exception, match=r"shape|dimension|broadcast"):
            FedAvg(fraction_evaluate=0.0).start(grid, initial, 1)
        return
    arrays = wire.to_arrays(FedAvg(fraction_evaluate=0.0).start(grid, initial, 1).arrays)
    honest = wire.to_arrays(
        FedAvg(fraction_evaluate=0.0).start(LocalGrid(app, 8, {"overrides": shlex.join(WORDS)}), initial, 1).arrays
    )
    assert any(
        not np.isfinite(array).all() or np.abs(array - honest[name]).max() > 0.05 for name, array in arrays.items()
    )


def test_an_unknown_kind_of_hostility_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one of nan"):
        HostileReply(None, "words")  # type: ignore[arg-type]


def test_the_coalition_of_these_tests_is_who_attacks() -> None:
    assert coalition(load_config([*WORDS, "attack.nodes=[0,1,2]"])) == (0, 1, 2)
