"""Secure aggregation: what it costs beside updates in the clear, and whether regrouping tells guilty from innocent.

`python tests/bench/masks.py cost [hydra overrides]` runs the same task twice in this process, with and without masks,
and prints bytes and CPU time, by message, as ratios. By default a model of 225,000 parameters and 8 proposers.

`python tests/bench/masks.py evidence [ATTACK,...] [hydra overrides]` runs attackers, who are Flower clients and a fifth
of 40 sites, for 30 rounds with masks, and prints how often a guilty site has less than an innocent one (AUC) of what
the chain says of both: the mean of what voters found that it contributed, over all rounds; its moving average in the
end; its tokens.
"""

import shlex
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from flwr.app import ArrayRecord, Message, MetricRecord
from flwr.common.serde import recorddict_to_proto
from flwr.serverapp.strategy import FedAvg

from fl_alliance.client_app import app
from fl_alliance.coalition import coalition
from fl_alliance.config import load_config
from fl_alliance.federation import enrol, open_federation
from fl_alliance.flower_log import flower_log_off
from fl_alliance.judging import make_rule
from fl_alliance.lab.names import attack_words
from fl_alliance.masks import secure_aggregation
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.chain_backed import ChainBacked
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.events import Event, RoundSettled
from fl_alliance.yardstick import Yardstick

COST = ["workload=digits", "workload.options.hidden=3000", "nodes=14", "rounds=4", "seed=1"]
COST += ["alliance.proposers=8", "alliance.voters=6", "train.local_epochs=1"]
EVIDENCE = ["workload=digits", "workload.options.alpha=0.5", "nodes=40", "rounds=30", "alliance.pool=3000"]
EVIDENCE += ["alliance.proposers=20", "alliance.voters=20", "attack.share=0.2", "privacy.masks=true"]
ATTACKS = "sign-flip,label-flip,ipm,alie,free-rider,noise"


@dataclass
class Weighed:
    """Bytes and CPU seconds of messages, by their type: what came in with the requests, and what the answers hold."""

    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class WeighingGrid(LocalGrid):
    """Nodes in this process, with a scale on the line."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.weighed = Weighed()

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Let nodes answer, and weigh what goes both ways."""
        ids: list[str] = []
        for message in messages:
            kind = message.metadata.message_type
            self.weighed.asked[kind] += recorddict_to_proto(message.content).ByteSize()
            started = time.process_time()
            ids.extend(super().push_messages([message]))
            self.weighed.cpu_s[kind] += time.process_time() - started
            reply = self._replies[ids[-1]]
            if not reply.has_error():
                self.weighed.answered[kind] += recorddict_to_proto(reply.content).ByteSize()
        return ids


@dataclass
class Ran:
    """One task as it ended; `told` is what voters found that members contributed, round by round."""

    weighed: Weighed
    cpu_s: float
    figures: list[float]
    told: Mapping[int, Sequence[int]]
    averages: Sequence[int]
    tokens: Sequence[float]
    slashed: Sequence[int]


def ran(words: Sequence[str]) -> Ran:
    """Run a task on a chain in memory."""
    config = load_config(["chain.url=memory://", "baselines=false", *words])
    yardstick, figures = Yardstick(config), []
    told: dict[int, list[int]] = defaultdict(list)
    slashed: set[int] = set()

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        metrics = yardstick.metrics_of(wire.to_arrays(arrays))
        figures.append(metrics[yardstick.workload.metrics[0].name])
        return MetricRecord(dict(metrics))

    with tempfile.TemporaryDirectory() as scratch:
        folder, initial = RunFolder(Path(scratch)), yardstick.initial_model
        with flower_log_off(), open_federation(config, folder, model_digest(initial), resume=False) as federation:
            ledger, task = federation.ledger, federation.task

            def listen(event: Event) -> None:
                settlement = ledger.model(task).settlement
                if isinstance(event, RoundSettled) and settlement and settlement.judgement:
                    for member, points in settlement.judgement.contributions.items():
                        told[member].append(points)
                    slashed.update(settlement.judgement.slashed)

            grid = WeighingGrid(app, config.nodes, {"overrides": shlex.join(words)})
            node_ids = enrol(federation, grid, config, folder)
            grid.weighed = Weighed()
            rule, masks = make_rule(config), secure_aggregation(config.privacy)
            backed = ChainBacked(FedAvg(), ledger, task, node_ids, rule=rule, listener=listen, masks=masks)
            started = time.process_time()
            backed.start(grid, wire.to_record(initial), config.rounds, evaluate_fn=evaluate)
            model, cpu_s = ledger.model(task), time.process_time() - started
            held = [(model.balances[m] + model.escrow.get(m, 0)) / 1e9 for m in range(config.nodes)]
            averages = [model.record(member).average for member in range(config.nodes)]
    return Ran(grid.weighed, cpu_s, figures, told, averages, held, sorted(slashed))


def auc(guilty: Sequence[float], innocent: Sequence[float]) -> float:
    """Return how often a guilty site has less than an innocent one; half of the ties count."""
    pairs = [(g < i) + (g == i) / 2 for g in guilty for i in innocent]
    return fmean(pairs)


def cost(overrides: list[str]) -> None:
    """Print what masks cost."""
    ran([*COST, "rounds=1"])  # imports and caches are nobody's cost
    plain = ran([*COST, *overrides])
    masked = ran([*COST, *overrides, "privacy.masks=true"])
    print(f"final figure in the clear {plain.figures[-1]:.4f}, with masks {masked.figures[-1]:.4f}")
    for name, of in (("nodes send", "answered"), ("nodes get", "asked"), ("nodes' CPU s", "cpu_s")):
        clear, hidden = getattr(plain.weighed, of), getattr(masked.weighed, of)
        whole = sum(hidden.values()) / sum(clear.values())
        parts = ", ".join(f"{kind} {hidden[kind]:,.6g} ({clear.get(kind, 0):,.6g})" for kind in sorted(hidden))
        print(f"{name:<13} {whole:5.3f} times in all; {parts}")
    print(f"CPU of the whole task {masked.cpu_s / plain.cpu_s:.3f} times, {masked.cpu_s:.1f} s ({plain.cpu_s:.1f} s)")


def evidence(attacks: Sequence[str], overrides: list[str]) -> None:
    """Print how well regrouping separates."""
    for attack in attacks:
        words = [*EVIDENCE, *attack_words(attack), *overrides]
        made, guilty = ran(words), set(coalition(load_config(words)))
        means = {member: fmean(made.told[member]) if made.told[member] else 0.0 for member in range(len(made.tokens))}
        sides = [[m for m in means if (m in guilty) is is_guilty] for is_guilty in (True, False)]

        def of(values: Mapping[int, float], sides: list[list[int]] = sides) -> float:
            return auc(*([values[member] for member in side] for side in sides))

        tokens = dict(enumerate(made.tokens))
        fml = " / ".join(f"{fmean(tokens[member] for member in side):.1f}" for side in sides)
        wronged = sum(member not in guilty for member in made.slashed)
        print(
            f"{attack:<12} AUC: mean {of(means):.3f}, average {of(dict(enumerate(made.averages))):.3f}, "
            f"tokens {of(tokens):.3f}; FML guilty / innocent {fml}; slashed {len(made.slashed) - wronged} / {wronged}; "
            f"final {fmean(made.figures[-3:]):.3f}",
            flush=True,
        )


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or ["cost"]
    if command == "evidence":
        named = rest and "=" not in rest[0]
        evidence((rest.pop(0) if named else ATTACKS).split(","), rest)
    else:
        cost(rest)
