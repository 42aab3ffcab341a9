"""Secure aggregation: what it costs beside updates in the clear, and whether regrouping tells guilty from innocent.

`python tests/bench/masks.py cost [hydra overrides]` runs the same task twice in this process, with and without masks,
and prints bytes and CPU time, by message, as ratios. By default a model of 225,000 parameters and 8 proposers.

`python tests/bench/masks.py evidence [ATTACK,...] [hydra overrides]` runs attackers, who are Flower clients and a fifth
of 40 sites, for 30 rounds with masks, and prints how often a guilty site has less than an innocent one (AUC) of what
the chain says of both, its moving average in rounds 10, 20 and 30 and its tokens in the end; from which round on the
guilty are paid less for their proposals, and who was slashed in which.

`python tests/bench/masks.py offline` plays the bookkeeping alone: groups contribute the sum of their members' 1 or -1
and noise; 40 rounds, mean of 20 seeds, for several sizes. It prints the AUC of the moving average where parts are
equal, of the mean over all rounds, and of the moving average as it is.
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

import numpy as np
from flwr.app import ArrayRecord, Message, MetricRecord
from flwr.common.serde import recorddict_to_proto
from flwr.serverapp.strategy import FedAvg

from fl_alliance.chain.rules.judgement import ProposerPay
from fl_alliance.chain.rules.pay import next_average
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
from fl_alliance.strategies.contribution import points
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.events import Event, RoundSettled
from fl_alliance.strategies.masking.groups import draw_groups
from fl_alliance.strategies.rules.grouped import shared, surprised
from fl_alliance.yardstick import Yardstick

COST = ["workload=digits", "workload.options.hidden=3000", "nodes=14", "rounds=4", "seed=1"]
COST += ["alliance.proposers=8", "alliance.voters=6", "train.local_epochs=1"]
EVIDENCE = ["workload=digits", "workload.options.alpha=0.5", "nodes=40", "rounds=30", "alliance.pool=3000"]
EVIDENCE += ["alliance.proposers=20", "alliance.voters=20", "attack.share=0.2", "privacy.masks=true"]
ATTACKS = "sign-flip,model-replacement,label-flip,ipm,alie,noise"


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
    """One task as it ended.

    Attributes
    ----------
    averages : list of sequence of int
        Everybody's moving average after each round.
    paid : list of mapping of int to int
        What proposers had of each round's pay, in gwei.
    tokens : sequence of float
        What everybody has in the end, in FML.
    slashed : mapping of int to int
        Whom its evidence slashed, and in which round first.
    """

    weighed: Weighed
    cpu_s: float
    figures: list[float]
    averages: list[Sequence[int]]
    paid: list[Mapping[int, int]]
    tokens: Sequence[float]
    slashed: Mapping[int, int]


def ran(words: Sequence[str]) -> Ran:
    """Run a task on a chain in memory."""
    config = load_config(["chain.url=memory://", "baselines=false", *words])
    yardstick, figures = Yardstick(config), []
    averages: list[Sequence[int]] = []
    paid: list[Mapping[int, int]] = []
    slashed: dict[int, int] = {}

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        metrics = yardstick.metrics_of(wire.to_arrays(arrays))
        figures.append(metrics[yardstick.workload.metrics[0].name])
        return MetricRecord(dict(metrics))

    with tempfile.TemporaryDirectory() as scratch:
        folder, initial = RunFolder(Path(scratch)), yardstick.initial_model
        with flower_log_off(), open_federation(config, folder, model_digest(initial), resume=False) as federation:
            ledger, task = federation.ledger, federation.task

            def listen(event: Event) -> None:
                model = ledger.model(task)
                settlement = model.settlement
                if isinstance(event, RoundSettled) and settlement and settlement.judgement:
                    averages.append([model.record(member).average for member in range(config.nodes)])
                    pays = {line.member: line.reason.pay for line in settlement.lines}
                    paid.append({m: pay.share_gwei for m, pay in pays.items() if isinstance(pay, ProposerPay)})
                    for member in settlement.judgement.slashed:
                        slashed.setdefault(member, event.round)

            grid = WeighingGrid(app, config.nodes, {"overrides": shlex.join(words)})
            node_ids = enrol(federation, grid, config, folder)
            grid.weighed = Weighed()
            rule, masks = make_rule(config), secure_aggregation(config.privacy)
            backed = ChainBacked(FedAvg(), ledger, task, node_ids, rule=rule, listener=listen, masks=masks)
            started = time.process_time()
            backed.start(grid, wire.to_record(initial), config.rounds, evaluate_fn=evaluate)
            model, cpu_s = ledger.model(task), time.process_time() - started
            held = [(model.balances[m] + model.escrow.get(m, 0)) / 1e9 for m in range(config.nodes)]
    return Ran(grid.weighed, cpu_s, figures, averages, paid, held, slashed)


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


def paid_less_from(paid: Sequence[Mapping[int, int]], guilty: set[int]) -> int | None:
    """Return the round from which on a guilty proposer has had less than an innocent one, in the mean, to the end."""
    had: dict[bool, list[int]] = {True: [], False: []}
    since = None
    for number, round_ in enumerate(paid, 1):
        for member, share in round_.items():
            had[member in guilty].append(share)
        is_less = bool(had[True]) and fmean(had[True]) < fmean(had[False] or [0])
        since = (since or number) if is_less else None
    return since


def evidence(attacks: Sequence[str], overrides: list[str]) -> None:
    """Print how well regrouping separates."""
    for attack in attacks:
        words = [*EVIDENCE, *attack_words(attack), *overrides]
        made, guilty = ran(words), set(coalition(load_config(words)))
        sides = [[m for m in range(len(made.tokens)) if (m in guilty) is is_guilty] for is_guilty in (True, False)]

        def of(values: Sequence[float], sides: list[list[int]] = sides) -> float:
            return auc(*([values[member] for member in side] for side in sides))

        fml = " / ".join(f"{fmean(made.tokens[member] for member in side):.0f}" for side in sides)
        found = ", ".join(f"{of(made.averages[at - 1]):.3f}" for at in (10, 20, 30) if at <= len(made.averages))
        when = sorted(number for member, number in made.slashed.items() if member in guilty)
        print(f"{attack:<17} AUC average {found}, tokens {of(made.tokens):.3f}; FML guilty / innocent {fml}, ", end="")
        print(
            f"paid less from round {paid_less_from(made.paid, guilty)}; slashed {len(when)} of {len(guilty)}, ", end=""
        )
        wronged, final = len(made.slashed) - len(when), fmean(made.figures[-3:])
        print(f"first in {when}, innocent {wronged}; final {final:.3f}", flush=True)


SIZES = ((40, 20, 4), (20, 12, 3), (20, 16, 4), (12, 9, 3), (10, 8, 4), (10, 6, 3))


def offline() -> None:
    """Print how well the bookkeeping separates, whatever is trained."""
    print("sites, proposers, group, guilty: equal parts, mean, surprises after 10, 20 and 40 rounds")
    for sites, proposers, size in SIZES:
        for share in (0.1, 0.2, 0.3):
            plays = [_played(seed, sites, proposers, size, share) for seed in range(20)]
            found = np.mean(plays, axis=0)
            print(
                f"{sites}, {proposers}, {size}, {share}: "
                + "; ".join(" ".join(f"{one:.2f}" for one in found[at - 1]) for at in (10, 20, 40)),
                flush=True,
            )


def _played(seed: int, sites: int, proposers: int, size: int, share: float) -> list[tuple[float, float, float]]:
    """Return the three AUCs after each of 40 rounds."""
    rng = np.random.default_rng(seed)
    guilty = set(rng.choice(sites, int(share * sites), replace=False).tolist())
    alike, known, sums, count = ([0.0] * sites for _ in range(4))
    made = []
    for number in range(40):
        drawn = sorted(rng.choice(sites, proposers, replace=False).tolist())
        groups = {group[0]: group for group in draw_groups(f"{seed}/{number}".encode().ljust(32), drawn, size)}
        did = {
            first: sum(-1.0 if m in guilty else 1.0 for m in group) + rng.normal(0, 2.0)
            for first, group in groups.items()
        }
        equal = points(shared(did, groups), drawn)
        told = surprised(equal, drawn, {m: int(one) for m, one in enumerate(known)}, groups)
        for member, part, one in zip(drawn, equal, told, strict=True):
            sums[member], count[member] = sums[member] + part, count[member] + 1
            alike[member] = next_average(int(alike[member]), part)
            known[member] = next_average(int(known[member]), one)
        means = [whole / max(1, times) for whole, times in zip(sums, count, strict=True)]
        made.append(
            tuple(
                auc([v[m] for m in guilty], [v[m] for m in range(sites) if m not in guilty])
                for v in (alike, means, known)
            )
        )
    return made


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or ["cost"]
    if command == "evidence":
        named = rest and "=" not in rest[0]
        evidence((rest.pop(0) if named else ATTACKS).split(","), rest)
    elif command == "offline":
        offline()
    else:
        cost(rest)
