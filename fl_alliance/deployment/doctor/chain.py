"""The chain: whether it answers, is the one that the manifest names, has our contracts, and the task is open."""

from collections.abc import Iterator

from fl_alliance.amounts import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import TOKEN, Deployment
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, fml_to_wei
from fl_alliance.deployment.doctor.finding import Finding, ok, unknown, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.pinned import task_settings
from fl_alliance.deployment.watch import Watch


def check_chain(site: Site, rpc: Rpc | ChainError) -> Iterator[Finding]:
    """Look at the chain, its contracts and the task; `rpc` is the endpoint, or why there is none."""
    if isinstance(rpc, ChainError):
        yield wrong(
            "chain", str(rpc), "ask the coordinator for the chain's id and peers; check --chain and the firewall"
        )
    elif site.deployment is not None:
        yield ok("chain", f"id {site.deployment.chain_id}, block {rpc.number('eth_blockNumber')}")
        yield _contracts(site, site.deployment, rpc)
    yield from _task(site)
    yield _code(site)
    yield _settings(site)
    yield _stake(site)


def load_manifest(site: Site) -> Finding:
    """Read the manifest."""
    try:
        site.deployment = Deployment.load(site.wish.manifest)
    except (ChainError, OSError) as error:
        return wrong("manifest", str(error), "ask the coordinator for manifest.json of its run folder")
    return ok("manifest", f"chain {site.deployment.chain_id}, contract {site.deployment.alliance}")


def _contracts(site: Site, deployment: Deployment, rpc: Rpc) -> Finding:
    try:
        deployment.check(rpc)
        if site.key is not None:
            site.key.check_chain(deployment.chain_id)
    except ChainError as error:
        return wrong("contracts", str(error), "do not join: ask the coordinator which contracts are meant")
    site.rpc = rpc
    return ok("contracts", "the compiled ones, byte for byte")


def _task(site: Site) -> Iterator[Finding]:
    if site.rpc is None or site.deployment is None:
        yield unknown("task", "no chain to read it from")
        return
    address = site.key.address if site.key is not None else ""
    watch = Watch(site.rpc, site.deployment, site.wish.task, address, lambda _: None)
    try:
        watch.catch_up()
        model = watch.model
    except ChainError as error:
        yield wrong("task", str(error), "ask the coordinator for the task's number")
        return
    site.task, site.is_member = model, watch.member is not None
    phase, count = model.stored_phase, len(model.roster.nodes)
    if phase is Phase.REGISTRATION:
        yield ok("task", f"{site.wish.task}, open for registration, {count} have joined")
    elif site.is_member:
        yield ok("task", f"{site.wish.task}, {phase.name.lower()}; this hospital is in it")
    else:
        yield wrong("task", f"{site.wish.task}, {phase.name.lower()}, without this hospital", "ask for a new task")


def _code(site: Site) -> Finding:
    mine = code_digest().hex()
    if site.task is None:
        return unknown("code", f"installed is {mine[:16]}...")
    pinned = site.task.params.code_digest.hex()
    if pinned != mine:
        return wrong("code", f"installed {mine[:16]}..., pinned {pinned[:16]}...", "install the coordinator's version")
    return ok("code", f"{mine[:16]}..., as the task pins")


def _settings(site: Site) -> Finding:
    if site.task is None:
        return unknown("settings", "no task to compare them with")
    pinned = site.task.params.config_digest
    try:
        site.settings = settings = task_settings(site.wish.config, site.wish.manifest, pinned)
    except ConfigError as error:
        return wrong("settings", str(error), "ask the coordinator for config.yaml of this task's run folder")
    if settings is None:
        return unknown("settings", "not given (--config, the coordinator's config.yaml)")
    if settings.attack.update or settings.attack.vote or settings.attack.protocol:
        return wrong("settings", "make nodes attack", "do not join")
    return ok("settings", f"{pinned.hex()[:16]}..., as the task pins; workload {settings.workload.name}")


def _stake(site: Site) -> Finding:
    try:
        stake_gwei = fml_to_wei(site.wish.stake, "--stake") // WEI_PER_GWEI
    except ConfigError as error:
        return wrong("stake", str(error), "give --stake an amount")
    if site.task is None or site.rpc is None or site.deployment is None or site.key is None:
        return unknown("stake", f"{fml(stake_gwei)} FML; no task or account to compare it with")
    least = site.task.params.min_stake_gwei
    if stake_gwei < least:
        return wrong("stake", f"{fml(stake_gwei)} FML", f"the task needs {fml(least)} or more")
    reader = ContractReader(site.rpc, TOKEN, site.deployment.fml)
    holds = int(reader.read("balanceOf", site.key.address)) // WEI_PER_GWEI
    lent = "" if holds >= stake_gwei or site.is_member else "; the coordinator has to give it the rest"
    return ok("stake", f"{fml(stake_gwei)} FML at most, {fml(least)} at least; the account holds {fml(holds)}{lent}")
