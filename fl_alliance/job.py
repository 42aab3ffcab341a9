"""The main job, top to bottom: a chain, a task on it, sites that join, rounds that it draws, judges and pays, a report.

`run` starts it on one machine; `federate` is the job itself, the same in this process, in Flower's simulation
and under `flwr run`.
"""

import json
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import Strategy

from fl_alliance.archive import MaskArchive, ProposalArchive
from fl_alliance.bond import RunBond
from fl_alliance.config import ConfigError, JobConfig, to_yaml
from fl_alliance.deployment.gathering import gather
from fl_alliance.dp.account import Promise
from fl_alliance.dp.hospital import check_privacy
from fl_alliance.dp.receipt import ReceiptBook
from fl_alliance.federation import Federation, enrol, open_federation, pay_out
from fl_alliance.insider import check_attack
from fl_alliance.judging import check_rule, make_rule, make_strategy
from fl_alliance.masks import secure_aggregation
from fl_alliance.models import ModelStore, save_model
from fl_alliance.parent import find_parent, first_model
from fl_alliance.recorder import Recorder
from fl_alliance.records import RunFolder, write_whole
from fl_alliance.recovery import recover_records
from fl_alliance.references import References
from fl_alliance.report import write_report
from fl_alliance.site.policy import Policy
from fl_alliance.strategies import inner, wire
from fl_alliance.strategies.chain_backed import ChainBacked
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.events import Listener, Stage
from fl_alliance.strategies.masking.groups import group_count
from fl_alliance.strategies.stopwatch import Stopwatch
from fl_alliance.transcript.shelf import Shelf
from fl_alliance.transcript.writer import Transcriber
from fl_alliance.upkeep import Upkeep
from fl_alliance.workloads.base import Arrays
from fl_alliance.yardstick import Yardstick


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended: the model that the chain adopted last and the workload's metrics of it."""

    model: bytes
    metrics: dict[str, float]


def run(
    config: JobConfig, folder: RunFolder, *, listener: Listener, resume: bool = False, overrides: Sequence[str] = ()
) -> RunSummary:
    """Run the job on this machine and leave its results in `folder`.

    Parameters
    ----------
    folder : RunFolder
        A new folder, or with `resume` one whose run was interrupted.
    listener : Callable[[Event], None]
        Told what happens, as it happens.
    overrides : Sequence[str]
        The hydra overrides that `config` was composed from; the ClientApps compose it again from them.

    Raises
    ------
    ConfigError, CommitteeTooSmall, WorkloadError, ChainError, ArenaError, PolicyInvalid
        What was asked for cannot run; nothing has been written to a chain.
    """
    from fl_alliance.client_app import app as client_app
    from fl_alliance.runtime import RUNTIMES

    if config.runtime.name not in RUNTIMES:
        raise ConfigError(f"runtime.name={config.runtime.name}: needs fl-alliance coordinate; here local or ray")
    summaries: list[RunSummary] = []
    server_app = ServerApp()

    @server_app.main()
    def main(grid: Grid, context: Context) -> None:
        summaries.append(federate(grid, config, folder, listener=listener, resume=resume))

    prepare(folder, config, overrides)
    settings = {"overrides": shlex.join(overrides), "run-dir": str(folder.root.absolute())}
    RUNTIMES[config.runtime.name](server_app, client_app, config.nodes, settings)
    return summaries[0]


def prepare(folder: RunFolder, config: JobConfig, overrides: Sequence[str]) -> None:
    """Refuse what cannot run, then write down what is going to."""
    alliance, masks = config.alliance, secure_aggregation(config.privacy)
    shown = group_count(alliance.proposers, masks.size) if masks else None
    inner.check_committee(make_strategy(config), alliance.proposers, alliance.voters, shown)
    parent = find_parent(config, folder)
    yardstick = Yardstick(config, parent.arrays if parent else None)
    check_privacy(config, yardstick.workload, yardstick.check_sites())
    check_attack(config)
    check_rule(config)
    if config.runtime.policy:
        Policy.load(Path(config.runtime.policy))
    folder.root.mkdir(parents=True, exist_ok=True)
    if parent is not None:
        parent.keep(folder)
    # Each whole, and the overrides first: a folder with a configuration is one that a run can go on in.
    write_whole(folder.overrides, (shlex.join(overrides) + "\n").encode())
    write_whole(folder.config, to_yaml(config).encode())


def federate(grid: Grid, config: JobConfig, folder: RunFolder, *, listener: Listener, resume: bool) -> RunSummary:
    """Take a task from its creation to its last payout over the nodes of `grid`."""
    yardstick = Yardstick(config, first_model(config, folder))
    store, strategy = ModelStore(folder.models), make_strategy(config)
    watch = Stopwatch()
    with References(config) as references, ExitStack() as chain:
        listener(Stage("deploying the contracts and creating the task" if not resume else "reading the chain"))
        first = model_digest(yardstick.initial_model)
        with watch("import and deploy"):
            federation = chain.enter_context(open_federation(config, folder, first, resume))
        waiting = config.runtime.name == "deployment"
        listener(Stage(f"waiting for {config.nodes} hospitals" if waiting else f"{config.nodes} nodes join the task"))
        with watch("enrol"):
            grid, node_ids = _nodes(federation, grid, config, folder, listener)
        arrays = _adopted(federation, yardstick, store, strategy)
        if resume:
            recover_records(folder, federation, yardstick.metrics_of(arrays))
        ledger, upkeep = federation.ledger, Upkeep(federation, listener)
        upkeep.begin()
        recorder = Recorder(folder, upkeep)
        bond = RunBond(federation, config, listener)
        bond.open()
        grid, shelf = bond.over(grid, node_ids), Shelf(folder.transcripts)
        transcriber = Transcriber(shelf, ledger, federation.task, recorder, bond.post, bond.acknowledge)
        chain_backed = ChainBacked(
            strategy,
            ledger,
            federation.task,
            node_ids,
            rule=make_rule(config),
            listener=transcriber,
            store=store,
            archive=_archive(config, folder),
            masks=secure_aggregation(config.privacy, _mask_archive(config, folder)),
            receipts=_receipts(config, folder),
        )
        rounds, timeout = config.rounds, config.runtime.timeout_s
        result = chain_backed.start(grid, wire.to_record(arrays), rounds, timeout, evaluate_fn=yardstick.evaluate)
        transcriber.catch_up()
        bond.close()
        listener(Stage("paying everyone out"))
        with watch("pay out"):
            pay_out(federation)
        chain.close()
        model = wire.to_arrays(result.arrays)
        save_model(folder.model, model)
        listener(Stage("computing what the model is compared with"))
        metrics = _compare(folder, yardstick, model, references, watch)
    write_report(folder)
    return RunSummary(model_digest(model), metrics)


def _nodes(
    federation: Federation, grid: Grid, config: JobConfig, folder: RunFolder, listener: Listener
) -> tuple[Grid, dict[str, int]]:
    """Return the members' nodes: those of a simulation at once, those of hospitals as they come."""
    if config.runtime.name == "deployment":
        return gather(federation, grid, config, folder, listener)
    return grid, enrol(federation, grid, config, folder)


def _archive(config: JobConfig, folder: RunFolder) -> ProposalArchive | None:
    """Return where proposals are kept, None where they are not."""
    return ProposalArchive(folder.proposals) if config.records.proposals == "all" else None


def _mask_archive(config: JobConfig, folder: RunFolder) -> MaskArchive | None:
    """Return where transcripts of masks are kept, None where they are not."""
    return MaskArchive(folder.masks) if config.privacy.masks and config.records.proposals == "all" else None


def _receipts(config: JobConfig, folder: RunFolder) -> ReceiptBook | None:
    """Return where receipts of spent budget are kept, None where there is none to spend."""
    promise = Promise.of(config)
    return ReceiptBook(folder.receipts, promise) if promise else None


def _adopted(federation: Federation, yardstick: Yardstick, store: ModelStore, strategy: Strategy) -> Arrays:
    """Return the model that the chain holds, the task's initial one or what an interrupted run had reached."""
    digest = federation.ledger.model(federation.task).model
    initial = yardstick.initial_model
    if digest == model_digest(initial):
        return initial
    arrays, state = store.load(digest)
    inner.load(strategy, state)
    return arrays


def _compare(
    folder: RunFolder, yardstick: Yardstick, model: Arrays, references: References, watch: Stopwatch
) -> dict[str, float]:
    """Write the final metrics beside the figures to beat, and after which round they are; return the final ones."""
    final = yardstick.metrics_of(model)
    content = {
        "workload": yardstick.workload.name,
        "metrics": yardstick.metric_names(),
        "initial": yardstick.metrics_of(yardstick.initial_model),
        "final": final,
        "references": references.result(),
        "rounds": max((record.round for record in folder.rounds()), default=0),
        "seconds": watch.seconds,
    }
    if predictions := yardstick.predictions(model):
        folder.grid.write_text(json.dumps(predictions))
    folder.references.write_text(json.dumps(content, indent=1))
    return final
