"""A market that a DAO owns, with holders who have locked FML: what the DAO's tests act with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from web3 import Web3

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.dao import Appearance, Call, DaoMember, DaoView, Proposal, Support
from fl_alliance.chain.dao_deploy import DaoTerms, add_dao, add_gauges, hand_over
from fl_alliance.chain.deploy import EMISSION, TREASURY, Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.marketplace import add_marketplace
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.keys import development_key

DEPLOYER, PROPOSER, LARGE, SMALL, RIVAL, GUARDIAN, STRANGER = map(development_key, range(7))
"""The first deploys and keeps no role. LARGE, SMALL, RIVAL and PROPOSER have locked FML, the others none."""
LOCKED = {LARGE.address: 600_000, RIVAL.address: 250_000, SMALL.address: 100_000, PROPOSER.address: 50_000}
"""FML; a million in all."""
TREASURY_WEI = 3_000 * WEI_PER_FML
TERMS = DaoTerms()


@dataclass
class Assembly:
    """The DAO, and whoever takes part in it."""

    w3: Web3
    deployment: Deployment
    members: dict[str, DaoMember] = field(default_factory=dict)

    @cached_property
    def rpc(self) -> Rpc:
        return Rpc(self.w3)

    @cached_property
    def view(self) -> DaoView:
        return DaoView(self.rpc, self.deployment)

    @cached_property
    def fml(self) -> Fml:
        return Fml(Sender(self.w3, DEPLOYER), self.deployment.fml)

    def by(self, key: NodeKey) -> DaoMember:
        return self.members.setdefault(key.address, DaoMember(Sender(self.w3, key), self.deployment))

    def bound(self, name: str, key: NodeKey = STRANGER) -> BoundContract:
        return BoundContract(Sender(self.w3, key), name, self.deployment.address(name))

    def call(self, name: str, function: str, *args: object) -> Call:
        """A call of one of the deployment's contracts, as a proposal makes it."""
        bound = self.bound(name)
        return Call(bound.address, bound.encode(function, *args))

    def wait(self, seconds: int) -> None:
        advance_to(self.w3, self.rpc.second() + seconds)

    # --- a proposal's life

    def propose(self, *calls: Call, text: str = "Lower the emission to a half", by: NodeKey = PROPOSER) -> Proposal:
        number = self.by(by).propose(calls or [self.call(EMISSION, "lower", 5_000)], text)
        return self.view.proposal(number)

    def meet(self, *calls: Call, text: str = "Lower the emission to a half") -> Proposal:
        """A proposal in its general meeting."""
        proposal = self.propose(*calls, text=text)
        self.by(LARGE).appear(proposal.number, Appearance.PRESENT)
        self.wait(TERMS.review_s)
        assert self.view.stage(proposal.number) is Stage.ACTIVE
        return proposal

    def pass_(self, *calls: Call, text: str = "Lower the emission to a half") -> Proposal:
        """A proposal that was executed."""
        proposal = self.meet(*calls, text=text)
        self.vote(proposal)
        self.lock(proposal)
        self.by(STRANGER).execute(proposal)
        return proposal

    def decide(self, *proposals: Proposal) -> None:
        """Take proposals that are in review through their vote together."""
        for proposal in proposals:
            self.by(LARGE).appear(proposal.number, Appearance.PRESENT)
        self.wait(TERMS.review_s)
        self.vote(*proposals)

    def vote(self, *proposals: Proposal) -> None:
        """Have LARGE decide for proposals that are in their general meeting, to its end."""
        for proposal in proposals:
            self.by(LARGE).vote(proposal.number, Support.FOR)
        self.wait(TERMS.vote_s)

    def lock(self, *proposals: Proposal) -> None:
        """Take proposals that have passed into the time lock and out of it."""
        for proposal in proposals:
            self.by(STRANGER).queue(proposal)
        self.wait(TERMS.delay_s)


@contextmanager
def assembled(url: str = "memory://") -> Iterator[Assembly]:
    """A market with marketplace and gauges, a DAO that owns all of it, and what everybody has locked, a minute ago."""
    with connected(url) as w3:
        sender = Sender(w3, DEPLOYER)
        market = deploy_market(sender, sender.rpc.second() + 60)
        deployment = add_gauges(sender, add_marketplace(sender, add_dao(sender, market, GUARDIAN.address)))
        assembly = Assembly(w3, deployment)
        fml = Fml(sender, deployment.fml)
        for key in (PROPOSER, LARGE, SMALL, RIVAL, STRANGER):
            fml.transfer(key.address, 1_000_000 * WEI_PER_FML)
        for key in (PROPOSER, LARGE, SMALL, RIVAL):
            assembly.by(key).votes.lock(LOCKED[key.address] * WEI_PER_FML)
        fml.transfer(deployment.address(TREASURY), TREASURY_WEI)
        hand_over(sender, deployment)
        assembly.wait(120)
        yield assembly
