"""Putting the marketplace on a chain, over a market that a DAO owns."""

from dataclasses import dataclass, field

from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.deploy import BRAKE, DOCUMENTS, MODELS, REVENUE, TIMELOCK, VOTES, Deployment, deploy_contract
from fl_alliance.chain.rules.revenue import Split
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

_GAS = 100_000
_TILL_GAS = 1_500_000
"""Revenue deploys what tills are clones of."""


@dataclass(frozen=True, slots=True)
class MarketplaceTerms:
    """What the marketplace asks and pays; a proposal of the DAO can change all of it.

    Attributes
    ----------
    host_stake_wei : int
        Least stake of a listing.
    release_s : int
        Seconds that it stays after the listing was closed, 90 days at most.
    document_stake_wei, document_quorum_wei : int
        Stake of a document; votes that accept one at least.
    split : Split
        How payments are split.
    """

    host_stake_wei: int = 1_000 * WEI_PER_FML
    release_s: int = 7 * 86_400
    document_stake_wei: int = 10 * WEI_PER_FML
    document_quorum_wei: int = 10_000 * WEI_PER_FML
    split: Split = field(default_factory=Split)


def add_marketplace(sender: Sender, deployment: Deployment, terms: MarketplaceTerms | None = None) -> Deployment:
    """Deploy the marketplace's contracts, which the DAO of this deployment owns, and return the deployment with them.

    Raises
    ------
    ContractMissing
        There is no DAO.
    ValueError
        There is a marketplace already.
    Refused, TransactionError
        A deployment failed.
    """
    if MODELS in deployment.contracts:
        raise ValueError(f"add_marketplace: given a deployment with one at {deployment.address(MODELS)}, needed none")
    terms = terms or MarketplaceTerms()
    dao, votes, brake = (deployment.address(name) for name in (TIMELOCK, VOTES, BRAKE))
    contracts = dict(deployment.contracts)
    deploy_contract(sender, MODELS, (deployment.fml, dao, brake, terms.host_stake_wei, terms.release_s), contracts)
    models = contracts[MODELS].address
    judged = (terms.document_stake_wei, terms.document_quorum_wei)
    deploy_contract(sender, DOCUMENTS, (deployment.fml, models, votes, dao, brake, *judged), contracts)
    documents = contracts[DOCUMENTS].address
    split = (terms.split.host_bps, terms.split.contributors_bps)
    deploy_contract(sender, REVENUE, (deployment.fml, models, dao, brake, documents, split), contracts, _TILL_GAS)
    revenue = contracts[REVENUE].address
    BoundContract(sender, MODELS, models).send(_GAS, "setCallers", revenue)
    BoundContract(sender, DOCUMENTS, documents).send(_GAS, "setRevenue", revenue)
    return Deployment(deployment.chain_id, deployment.block, contracts)
