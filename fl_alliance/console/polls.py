"""Gauges as pages show them: where votes of two weeks went, and what they move."""

from collections.abc import Iterable
from dataclasses import dataclass

from fl_alliance.chain.deploy import EMISSION, GAUGES, MODELS, TOKEN
from fl_alliance.chain.gauges import GaugeKind, GaugesView
from fl_alliance.chain.rules.gauges import GaugeTerms, epoch_budget, model_pay, task_percent
from fl_alliance.console.fair import Fair
from fl_alliance.console.views import TERMS
from fl_alliance.governance.gauges import GaugeFacts, gauges_of


@dataclass(frozen=True, slots=True)
class Books:
    """What models have of an epoch.

    Attributes
    ----------
    budget_wei : int
        Of the epoch, as far as the contract holds it.
    paid_wei : dict
        What models were paid of it, by their numbers.
    """

    budget_wei: int
    paid_wei: dict[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A gauge, and what its shares come to: percent that a task's stake weighs, or wei that a model is paid."""

    facts: GaugeFacts
    former: int
    running: int
    is_paid: bool

    @property
    def page(self) -> str:
        """Address of its own page; empty where it has none."""
        at = {"model": "/marketplace", "arena": "/arena"}.get(self.facts.name.partition(":")[0])
        return f"{at}/{self.facts.number}" if at else ""


@dataclass(frozen=True, slots=True)
class Poll:
    """The gauges of a market in the running epoch, counted from 0, and in the one before.

    Attributes
    ----------
    ends_at : int
        Second at which the running epoch ends.
    cast_wei : int
        Votes of the running epoch.
    former_wei : int
        Of the one before.
    """

    epoch: int
    ends_at: int
    terms: GaugeTerms
    cast_wei: int
    former_wei: int
    budget_wei: int
    rows: list[Row]


def subjects(fair: Fair) -> tuple[str, ...]:
    """Return on what a poll depends, beside the epoch."""
    return GAUGES, EMISSION, MODELS, TERMS, f"{TOKEN}:{fair.deployment.address(GAUGES)}"


def poll(fair: Fair) -> Poll:
    """Return the gauges of a market that has some."""
    view = fair.gauges
    assert view is not None  # noqa: S101  pages ask where there are some
    return fair.kept("gauges", lambda: _poll(fair, view), view.epoch, subjects(fair))


def _poll(fair: Fair, view: GaugesView) -> Poll:
    epoch, terms, held_wei = view.epoch, view.terms, fair.balance_wei(view.address)
    former, running = _books(fair, terms, held_wei, epoch - 1), _books(fair, terms, held_wei, epoch)
    facts = list(gauges_of(view, fair.emission, fair.seen, fair.deployment))
    return Poll(
        epoch=epoch,
        ends_at=view.ends_at(epoch),
        terms=terms,
        cast_wei=_cast_wei(view, epoch),
        former_wei=_cast_wei(view, epoch - 1) if epoch else 0,
        budget_wei=running.budget_wei,
        rows=[_row(each, terms, former, running) for each in facts],
    )


def _cast_wei(view: GaugesView, epoch: int) -> int:
    kinds: Iterable[GaugeKind] = (kind for kind in GaugeKind if kind is not GaugeKind.NONE)
    return sum(view.cast_wei(epoch, kind) for kind in kinds)


def _books(fair: Fair, terms: GaugeTerms, held_wei: int, epoch: int) -> Books:
    """Return an epoch's budget as it stands now."""
    paid: dict[int, int] = {}
    for event in fair.events(GAUGES, "ModelPaid"):
        if event.values["epoch"] == epoch:
            model = event.values["model"]
            paid[model] = paid.get(model, 0) + int(event.values["amountWei"])
    return Books(epoch_budget(held_wei, sum(paid.values()), terms), paid)


def _row(facts: GaugeFacts, terms: GaugeTerms, former: Books, running: Books) -> Row:
    if facts.percent is not None:
        return Row(facts, task_percent(facts.former_bps, terms), task_percent(facts.running_bps, terms), False)
    paid_wei = former.paid_wei.get(facts.number)
    due_wei = model_pay(former.budget_wei, facts.former_bps)
    after_wei = model_pay(running.budget_wei, facts.running_bps)
    return Row(facts, due_wei if paid_wei is None else paid_wei, after_wei, paid_wei is not None)
