"""A run's contracts: of its own, or beside those of a market whose emission pays its task."""

from pathlib import Path

from fl_alliance.chain.deploy import ALLIANCE_MARKET, Deployment, add_alliance, deploy
from fl_alliance.chain.errors import ContractMissing, ManifestUnusable
from fl_alliance.chain.evidence import add_evidence
from fl_alliance.chain.market import add_alliance_market
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import with_sites
from fl_alliance.config import ConfigError, JobConfig, fml_to_wei

_FILE = "file://"


def require_market_chain(config: JobConfig) -> None:
    """Refuse a market's chain file that is not there: opening it would begin another chain; raises `ConfigError`."""
    url = config.chain.url
    if config.market.emission and url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).is_file():
        raise ConfigError(
            f"market.emission=true: there is no chain {url}; needed market.url=http://..., or in market.folder="
            f"{config.market.folder} the chain.db of the market"
        )


def bond_wei(config: JobConfig) -> int:
    """Return what the coordinator puts up, in wei; 0: nothing."""
    return fml_to_wei(config.alliance.bond, "alliance.bond")


def put_on_chain(sender: Sender, config: JobConfig) -> Deployment:
    """Return the contracts of a new task, of its own or beside a market's; raises as `contracts_beside`."""
    if config.market.emission:
        deployed = contracts_beside(sender, config.market.manifest, config.rule.name)
    else:
        deployed = deploy(sender, rule=config.rule.name, has_points=config.chain.token == "points")  # noqa: S105
    if bond_wei(config) and not deployed.has_evidence:
        deployed = add_evidence(sender, deployed)
        if config.market.emission:
            deployed.save(config.market.manifest)
    if not config.chain.sites:
        return deployed
    try:
        return with_sites(sender.rpc, deployed, config.chain.sites)
    except (ValueError, ContractMissing) as error:
        raise ConfigError(f"chain.sites={config.chain.sites}: {error}") from error


def contracts_beside(sender: Sender, manifest: Path, rule: str) -> Deployment:
    """Return a market's contracts with the Alliance of a rule, which the market's emission pays.

    They are put on the chain by the first run that needs them and written into the market's manifest, so that all runs
    over one market are tasks of one Alliance.

    Raises
    ------
    ConfigError
        There is no market, or its Alliance is of the other rule.
    ChainError
        The manifest is not this chain's, or a deployment failed.
    """
    try:
        found = Deployment.load(manifest)
    except ManifestUnusable as error:
        raise ConfigError(f"market.emission=true: {error}; needed a market's manifest") from None
    if not found.has_market:
        raise ConfigError(f"market.emission=true: {manifest} is of contracts without a market")
    if found.has_alliance and found.rule != rule:
        raise ConfigError(f"rule={rule}: the Alliance of {manifest} is of rule={found.rule}; needed the same")
    found.check(sender.rpc)
    if not found.has_alliance:
        found = add_alliance(sender, found, rule)
        found.save(manifest)
    if ALLIANCE_MARKET not in found.contracts:
        found = add_alliance_market(sender, found)
        found.save(manifest)
    return found
