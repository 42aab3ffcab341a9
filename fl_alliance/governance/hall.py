"""The DAO of a market as one account stands in it: what every command of `fl-alliance dao` works with."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import DaoMember, Proposal
from fl_alliance.chain.deploy import BRAKE, DAO
from fl_alliance.chain.stages import Stage
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import Decoder
from fl_alliance.governance.errors import DaoUnknown, NotConfirmed, ProposalUnknown
from fl_alliance.governance.standing import ProposalFacts, facts_of, require_stage
from fl_alliance.market.place import Place, open_place
from fl_alliance.market.settings import MarketSettings


@dataclass(frozen=True, slots=True)
class Hall:
    """A DAO, and who acts.

    Attributes
    ----------
    place : Place
        The market and the account.
    dao : DaoMember
        The DAO as that account takes part in it.
    actions, decoder : Actions, Decoder
        From what a person names to calls, and back to words.
    """

    place: Place
    dao: DaoMember
    actions: Actions
    decoder: Decoder

    def proposal(self, number: int) -> Proposal:
        """Return the how-manyth proposal, from 1 on; raises `ProposalUnknown`."""
        known = self.dao.proposals()
        if not 1 <= number <= len(known):
            raise ProposalUnknown(number, len(known))
        return known[number - 1]

    def require(self, number: int, *needed: Stage) -> Proposal:
        """Return a proposal that is at one of these stages; raises `ProposalUnknown`, `WrongStage`."""
        proposal = self.proposal(number)
        require_stage(self.dao, number, proposal, self.place.now(), *needed)
        return proposal

    def paused_until(self) -> int:
        """Return the second at which the guardian's last pause ends, or ended; 0 before the first."""
        brake = self.place.market.address(BRAKE)
        return int(ContractReader(self.place.rpc, BRAKE, brake).read("pausedUntil"))

    def facts(self, number: int) -> ProposalFacts:
        """Return how a proposal stands; raises `ProposalUnknown`."""
        return facts_of(self.dao, self.decoder, number, self.proposal(number), self.place.me, self.place.now())


@contextmanager
def open_hall(settings: MarketSettings, default_account: int = 0) -> Iterator[Hall]:
    """Open the DAO of the market that settings name; raises `DaoUnknown`, and what `open_place` does."""
    with open_place(settings, default_account) as place:
        if DAO not in place.market.contracts:
            raise DaoUnknown(place.market.arena)
        dao = DaoMember(place.sender, place.market)
        yield Hall(place, dao, Actions(place.rpc, place.market), Decoder(place.rpc, place.market))


def confirm(lines: list[str], is_said: bool, say: Callable[[str], None] = print) -> None:
    """Show what is about to be signed, and go on only if somebody says yes; raises `NotConfirmed`."""
    for line in lines:
        say(line)
    if is_said:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed(is_asked=False)
    if input("sign this? [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotConfirmed(is_asked=True)
