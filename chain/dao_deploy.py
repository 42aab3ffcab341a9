"""Putting the DAO on a chain, and handing it every role of every contract that is there.

Afterwards no account without code holds a role: what can be changed is changed by a proposal, and by nothing else.
"""

from dataclasses import astuple, dataclass

from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.deploy import (
    ARENA,
    BRAKE,
    DAO,
    EMISSION,
    GAUGES,
    MODELS,
    REVENUE,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
    Contract,
    Deployment,
    deploy_contract,
    hash_of_code,
)
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.gauges import GaugeTerms
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

DAY_S = 86_400
ADMIN_ROLE = bytes(32)
"""OpenZeppelin's DEFAULT_ADMIN_ROLE, who grants and revokes all others."""
_GAS = 200_000
_DAO_ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
_ROLES = {TOKEN: (), EMISSION: ("DAO_ROLE",), ARENA: ("DAO_ROLE",)}
"""What of each contract the time lock gets, beside its administration."""


@dataclass(frozen=True, slots=True)
class DaoTerms:
    """How the DAO decides; a proposal can change all of it.

    Attributes
    ----------
    review_s, vote_s, delay_s : int
        Seconds of a proposal's review, of the general meeting, and of the time lock.
    late_s : int
        Seconds that a meeting lasts at least after its quorum was reached.
    unlock_s : int
        Seconds from asking locked FML back to taking them.
    quorum_percent : int
        Of the locked FML, for or abstaining, that a vote takes.
    stake_wei, reward_wei : int
        What a proposal stakes, and what one that was executed brings its author.
    presence_bps, flag_bps : int
        Of all votes, of 10,000, that open the general meeting; that condemn a proposal, if more flag it than sign in.
    floor_wei : int
        Votes that must appear, and vote, at least, however few are locked.
    """

    review_s: int = 3 * DAY_S
    vote_s: int = 5 * DAY_S
    delay_s: int = 2 * DAY_S
    late_s: int = DAY_S
    unlock_s: int = 7 * DAY_S
    quorum_percent: int = 20
    stake_wei: int = 10_000 * WEI_PER_FML
    reward_wei: int = 2_000 * WEI_PER_FML
    presence_bps: int = 1_000
    flag_bps: int = 2_000
    floor_wei: int = 100_000 * WEI_PER_FML


def add_dao(sender: Sender, deployment: Deployment, guardian: str, terms: DaoTerms | None = None) -> Deployment:
    """Deploy the DAO over the token of a deployment, and return the deployment with it.

    It owns nothing yet: `hand_over` does that.

    Parameters
    ----------
    guardian : str
        Who may pause, and do nothing else.

    Raises
    ------
    ValueError
        There is a DAO already, or stakes and pay are points.
    Refused, TransactionError
        A deployment failed.
    """
    if DAO in deployment.contracts or deployment.has_points:
        raise ValueError(f"add_dao: given {sorted(deployment.contracts)}, needed FML and no DAO")
    terms = terms or DaoTerms()
    contracts = dict(deployment.contracts)
    deploy_contract(sender, TIMELOCK, (terms.delay_s, sender.address), contracts)
    timelock = contracts[TIMELOCK].address
    deploy_contract(sender, VOTES, (deployment.fml, timelock, terms.unlock_s), contracts)
    review = (terms.stake_wei, terms.reward_wei, terms.presence_bps, terms.flag_bps, terms.floor_wei)
    stages = (terms.review_s, terms.vote_s, terms.late_s, terms.quorum_percent, review)
    deploy_contract(sender, DAO, (contracts[VOTES].address, timelock, deployment.fml, stages), contracts)
    dao = contracts[DAO].address
    treasury = checksum(ContractReader(sender.rpc, DAO, dao).read("treasury"))
    contracts[TREASURY] = Contract(treasury, hash_of_code(sender.rpc, treasury))
    deploy_contract(sender, BRAKE, (timelock, guardian), contracts)
    bound = BoundContract(sender, TIMELOCK, timelock)
    for role in _DAO_ROLES:
        bound.send(_GAS, "grantRole", bound.read(role), dao)
    bound.send(_GAS, "renounceRole", ADMIN_ROLE, sender.address)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def add_gauges(sender: Sender, deployment: Deployment, terms: GaugeTerms | None = None) -> Deployment:
    """Deploy the gauges over a market with a DAO and a marketplace, and return the deployment with them.

    The emission hears them once it was handed over.

    Raises
    ------
    ContractMissing
        There is no DAO, no market or no marketplace.
    ValueError
        There are gauges already.
    Refused, TransactionError
        The deployment failed.
    """
    if GAUGES in deployment.contracts:
        raise ValueError(f"add_gauges: given a deployment with some at {deployment.address(GAUGES)}, needed none")
    contracts = dict(deployment.contracts)
    parts = [deployment.address(name) for name in (VOTES, EMISSION, MODELS, REVENUE, TIMELOCK)]
    deploy_contract(sender, GAUGES, (*parts, astuple(terms or GaugeTerms())), contracts)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def hand_over(sender: Sender, deployment: Deployment) -> None:
    """Wire brake and gauges, give the time lock every role of the DAO that the sender holds, and renounce them.

    Done twice it does nothing.

    Raises
    ------
    ContractMissing
        There is no DAO.
    Refused
        The sender does not hold them, and neither does the time lock.
    """
    timelock = deployment.address(TIMELOCK)
    _wire(sender, deployment)
    for name, roles in _ROLES.items():
        if name not in deployment.contracts:
            continue
        bound = BoundContract(sender, name, deployment.address(name))
        for role in (*map(bound.read, roles), ADMIN_ROLE):  # who administrates gives up that last
            if not bound.read("hasRole", role, timelock):
                bound.send(_GAS, "grantRole", role, timelock)
            if bound.read("hasRole", role, sender.address):
                bound.send(_GAS, "renounceRole", role, sender.address)


def _wire(sender: Sender, deployment: Deployment) -> None:
    """Let the brake stop what takes FML in, the emission and who asks it, and the gauges say what its tasks weigh."""
    brake, token = deployment.address(BRAKE), BoundContract(sender, TOKEN, deployment.fml)
    if checksum(token.read("brake")) == ZERO_ADDRESS:
        token.send(_GAS, "setBrake", brake)
    if EMISSION not in deployment.contracts:
        return
    emission = BoundContract(sender, EMISSION, deployment.emission)
    if checksum(emission.read("brake")) == ZERO_ADDRESS:
        emission.send(_GAS, "setBrake", brake)
    if GAUGES in deployment.contracts:
        gauges, role = deployment.address(GAUGES), emission.read("GAUGE_ROLE")
        if not emission.read("hasRole", role, gauges):
            emission.send(_GAS, "grantRole", role, gauges)
