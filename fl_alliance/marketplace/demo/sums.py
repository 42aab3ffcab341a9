"""Where the demonstration's money went, from the chain: what was paid, its parts, and that they are the same."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from fl_alliance.arena.events import fml
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.chain.rules.revenue import Parts


@dataclass(frozen=True, slots=True)
class Row:
    """What a model's calls brought in."""

    model: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Sums:
    """The parts by model, beside what left the callers' hands and what is missing from the supply."""

    rows: list[Row]
    spent_wei: int
    burned_wei: int

    @property
    def total(self) -> Parts:
        """The parts of all models."""
        found = [astuple(row.parts) for row in self.rows]
        return Parts(*map(sum, zip(*found, strict=True)))

    @property
    def holds(self) -> bool:
        """Whether splits and burn are what was paid, to the wei."""
        return sum(astuple(self.total)) == self.spent_wei and self.total.burned_wei == self.burned_wei

    @property
    def lines(self) -> list[str]:
        """The table."""
        total = self.total
        parts_wei = total.host_wei + total.contributors_wei + self.burned_wei
        return [
            f"{'model':>6} {'paid':>14} {'host':>14} {'contributors':>14} {'burned':>14}",
            *(_line(str(row.model), row.parts) for row in self.rows),
            _line("all", total),
            f"callers spent {self.spent_wei} wei; host {total.host_wei} + contributors {total.contributors_wei} + "
            f"burned {self.burned_wei} = {parts_wei}: {'equal, to the wei' if self.holds else 'DIFFERENT'}",
        ]


def sums_of(revenue: RevenueView, first: int, models: Iterable[int], spent_wei: int, burned_wei: int) -> Sums:
    """Return what became of payments from block `first` on, beside what was spent and is missing."""
    rows = {model: [0, 0, 0] for model in models}
    for payment in revenue.payments(first):
        for index, amount in enumerate(astuple(payment.parts)):
            rows[payment.model][index] += amount
    return Sums([Row(model, Parts(*found)) for model, found in rows.items()], spent_wei, burned_wei)


def _line(name: str, parts: Parts) -> str:
    amounts = (sum(astuple(parts)), *astuple(parts))
    return f"{name:>6} " + " ".join(f"{fml(amount).removesuffix(' FML'):>14}" for amount in amounts)
