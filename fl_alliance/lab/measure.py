"""Measure a run as it goes: the model's figure every round, and what each side owns, earns and loses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from fl_alliance.chain.types import GWEI_PER_FML, WEI_PER_GWEI
from fl_alliance.coalition import coalition
from fl_alliance.config import JobConfig, fml_to_wei
from fl_alliance.lab.outcome import Outcome, Side
from fl_alliance.strategies.events import Event, RoundOpened, RoundSettled, VotersDrawn
from fl_alliance.workloads.base import Arrays
from fl_alliance.workloads.poisoned import HasBackdoor
from fl_alliance.yardstick import Yardstick


def is_attacked(config: JobConfig) -> bool:
    """Return whether anybody does anything malicious in such a run."""
    attack = config.attack
    return bool(attack.update or attack.vote or attack.protocol) and bool(coalition(config))


class Gauge:
    """Follows the model over the rounds."""

    def __init__(self, config: JobConfig) -> None:
        self.yardstick = Yardstick(config)
        self.values: list[float] = []
        self._backdoor: float | None = None

    def measure(self, model: Arrays) -> Mapping[str, float]:
        """Note the model's headline figure and whether the trigger works; return all its metrics."""
        metrics = self.yardstick.metrics_of(model)
        self.values.append(metrics[self.yardstick.workload.metrics[0].name])
        workload = self.yardstick.workload
        if isinstance(workload, HasBackdoor):
            self._backdoor = workload.backdoor_success(model, self.yardstick.sites)
        return metrics

    def outcome(self, honest: Side, malicious: Side, **more: Any) -> Outcome:
        """Return the run's measures."""
        headline = self.yardstick.workload.metrics[0]
        return Outcome(
            headline.name, headline.higher_is_better, tuple(self.values), honest, malicious, self._backdoor, **more
        )


@dataclass
class Books:
    """Follows everybody's money; amounts in gwei come in, FML go out.

    `escrow` returns what is held back of members' pay, by member, as the chain has it: that is theirs too.
    """

    config: JobConfig
    escrow: Callable[[], Mapping[int, int]] = dict
    rounds: dict[str, int] = field(default_factory=lambda: {"accepted": 0, "rejected": 0, "void": 0})
    owned: list[Sequence[int]] = field(default_factory=list)
    lost: list[frozenset[int]] = field(default_factory=list)
    incomes: dict[str, dict[int, list[int]]] = field(default_factory=lambda: {"proposing": {}, "voting": {}})
    _seats: dict[str, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stake = fml_to_wei(self.config.alliance.stake, "alliance.stake") // WEI_PER_GWEI
        self.owned.append([stake] * self.config.nodes)
        self.lost.append(frozenset())

    def __call__(self, event: Event) -> None:
        """Note what an event says of seats and money."""
        match event:
            case RoundOpened():
                self._seats = {"proposing": event.proposers}
            case VotersDrawn():
                self._seats["voting"] = event.voters
            case RoundSettled():
                self._settled(event)

    def _settled(self, event: RoundSettled) -> None:
        self.rounds[event.outcome] += 1
        held = self.escrow()
        self.owned.append([balance + held.get(member, 0) for member, balance in enumerate(event.balances)])
        losers = {member for member, delta in event.deltas.items() if delta < 0}
        self.lost.append(self.lost[-1] | losers)
        for seat, members in self._seats.items():
            for member in members:
                self.incomes[seat].setdefault(member, []).append(event.deltas.get(member, 0))
        self._seats = {}

    def sides(self) -> tuple[Side, Side]:
        """Return what the honest and the malicious had of the run."""
        malicious = set(coalition(self.config)) if is_attacked(self.config) else set()
        honest = set(range(self.config.nodes)) - malicious
        return self._side(honest), self._side(malicious)

    def _side(self, members: set[int]) -> Side:
        def income(seat: str) -> float:
            found = [gwei for member, each in self.incomes[seat].items() if member in members for gwei in each]
            return fmean(found) / GWEI_PER_FML if found else float("nan")

        if not members:
            return Side(0)
        return Side(
            len(members),
            tuple(round(fmean(owned[member] for member in members) / GWEI_PER_FML, 6) for owned in self.owned),
            tuple(len(lost & members) for lost in self.lost),
            income("proposing"),
            income("voting"),
        )
