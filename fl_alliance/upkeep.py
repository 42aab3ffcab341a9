"""A task that the emission pays: what keeps its days going while it runs, and applies gauge votes for it.

What is due is read from the chain each time, so that nothing is done twice: not by a run that was killed and goes on,
nor beside somebody who keeps the same task with `fl-alliance arena keep alliance:TASK`.
"""

from typing import TYPE_CHECKING

from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.deploy import ALLIANCE_MARKET, GAUGES
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.federation import Federation
from fl_alliance.strategies.events import Event, Listener, RoundSettled, Stage

if TYPE_CHECKING:
    from fl_alliance.governance.vote_keeping import VoteKeeper


class Upkeep:
    """Has the emission pay a run's task while it runs, and passes every event on; does nothing where it does not pay.

    Parameters
    ----------
    federation : Federation
        The task, with the relayer's account, which pays for the transactions.
    listener : Callable[[Event], None]
        Told every event, after what is due for it was done, and what the emission has paid.
    """

    def __init__(self, federation: Federation, listener: Listener) -> None:
        self._task, self._listener, self._ledger = federation.task, listener, federation.ledger
        address = federation.deployment.contracts.get(ALLIANCE_MARKET)
        self._market = AllianceMarket(self._ledger.sender, address.address) if address else None
        self._votes = _vote_keeper(federation, listener) if self._market is not None else None

    def __call__(self, event: Event) -> None:
        """Keep the task's days going after every round: before the next one a day may begin."""
        if isinstance(event, RoundSettled):
            self.keep()
            if self._votes is not None and self._market is not None:
                self._votes.weigh_for(self._market.address, self._task)
        self._listener(event)

    def begin(self) -> None:
        """Have the task verified where the relayer holds the DAO's role, say so where it is not, and catch up."""
        if self._market is None:
            return
        emission, source = self._market.emission, self._market.address
        if not emission.is_verified(source, self._task):
            if emission.may_verify(self._ledger.sender.address):
                emission.verify(source, self._task)
            else:
                self._listener(Stage(f"the DAO has not verified task {self._task} of {source}: nothing is paid"))
        self.keep()

    def keep(self) -> None:
        """Write down an acceptance and the stake, close days, draw, and pay delegators, as far as any of it is due."""
        if self._market is None:
            return
        try:
            self._keep(self._market)
        except Refused:  # somebody else was first; what is left is another matter, and a second refusal an error
            self._keep(self._market)

    def _keep(self, market: AllianceMarket) -> None:
        for split in market.keep(self._task, self._ledger.now()):
            amount = f"{split.amount_wei / WEI_PER_FML:,.2f} FML"
            self._listener(Stage(f"the emission paid {amount} for day {split.day}"))


def _vote_keeper(federation: Federation, listener: Listener) -> "VoteKeeper | None":
    """Return who applies gauge votes, None where the market has no gauges: most runs import nothing for them."""
    if GAUGES not in federation.deployment.contracts:
        return None
    from fl_alliance.governance.vote_keeping import VoteKeeper

    return VoteKeeper(federation.ledger.sender, federation.deployment, lambda what: listener(Stage(what)))
