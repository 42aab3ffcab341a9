"""Gauge votes applied by whom they profit, beside its work: a task's keeper at the emission, a host at its tills.

Anybody may apply what a week's ballots come to, and nobody has to. So whoever runs a task has its own raised and others
of its kind lowered, each of which raises its task's share; a host has its models paid.
"""

from collections.abc import Callable, Iterable, Iterator

from fl_alliance.arena.events import fml
from fl_alliance.chain.deploy import GAUGES, Deployment
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.gauges import Gauges
from fl_alliance.chain.rules.gauges import task_percent
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.gauges import verified_tasks

LEAST_PAY_WEI = WEI_PER_FML
"""Less is left for later: the transaction costs 120,000 gas."""
_GAS, _PART = 400_000, 10
"""A step is taken where so much gas is a tenth of what the account holds at most: the rest is for its own work."""


class VoteKeeper:
    """Applies the last week's gauge votes for one account; does nothing where there are no gauges.

    No failure leaves it: what did not work is told, and tried again the next time.

    Parameters
    ----------
    sender : Sender
        The account, which pays for the gas.
    deployment : Deployment
        The market.
    tell : callable
        Hears in words what was applied, and why something was not.
    """

    def __init__(self, sender: Sender, deployment: Deployment, tell: Callable[[str], None]) -> None:
        self._sender, self._deployment, self._tell = sender, deployment, tell
        self._gauges = Gauges(sender, deployment) if GAUGES in deployment.contracts else None
        self._weighed = -1

    def weigh_for(self, source: str, task: int) -> None:
        """Apply each weight of the task's kind that raises its share; once a week, from when the task is verified."""
        gauges = self._gauges
        if gauges is not None:
            self._try(lambda: self._weigh(gauges, source, task))

    def pay(self, models: Iterable[int]) -> None:
        """Have models paid what is due to them, above `LEAST_PAY_WEI` each."""
        gauges = self._gauges
        if gauges is not None:
            self._try(lambda: self._pay(gauges, models))

    def _weigh(self, gauges: Gauges, source: str, task: int) -> None:
        epoch, emission = gauges.epoch - 1, EmissionView(self._sender.rpc, self._deployment.emission)
        if epoch <= self._weighed or not emission.is_verified(source, task) or not self._can_pay():
            return
        for other, percent, due in list(self._weights(gauges, emission, epoch, source, task)):
            is_own = other == (source, task)
            if due > percent if is_own else due < percent:
                found = gauges.weigh(*other)
                self._tell(f"by last week's gauge votes task {other[1]} of {other[0]} weighs {found} % of its stake")
        self._weighed = epoch

    def _weights(
        self, gauges: Gauges, emission: EmissionView, epoch: int, source: str, task: int
    ) -> Iterator[tuple[tuple[str, int], int, int]]:
        """Yield the tasks of a task's kind, with what they weigh and are to weigh, of 100."""
        kind, terms, today = gauges.kind(source, task), gauges.terms, emission.today
        for other in verified_tasks(emission, self._sender.rpc, self._deployment):
            if gauges.kind(*other) == kind:
                yield other, emission.percent(*other, today), task_percent(gauges.share_bps(epoch, *other), terms)

    def _pay(self, gauges: Gauges, models: Iterable[int]) -> None:
        epoch = gauges.epoch - 1
        for model in models if epoch >= 0 else ():
            if gauges.due_wei(epoch, model) >= LEAST_PAY_WEI and self._can_pay():
                self._tell(f"by last week's gauge votes model {model} was paid {fml(gauges.pay(model))} into its till")

    def _can_pay(self) -> bool:
        held = self._sender.rpc.number("eth_getBalance", self._sender.address, "latest")
        return held >= _PART * self._sender.most_wei(_GAS)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ChainError as error:
            self._tell(f"will try again to apply gauge votes: {error}")
