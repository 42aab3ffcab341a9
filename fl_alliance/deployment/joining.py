"""A hospital's part from the first look at the chain to its payout: `fl-alliance join`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from fl_alliance.amounts import fml
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import TOKEN, Deployment
from fl_alliance.chain.errors import ChainUnreachable
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import SitesView
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, JobConfig, fml_to_wei
from fl_alliance.deployment.anchoring import Anchoring, anchoring
from fl_alliance.deployment.approval import require_approved
from fl_alliance.deployment.discretion import Failures
from fl_alliance.deployment.draws import note_draw
from fl_alliance.deployment.identity import keep_binding, sign_binding
from fl_alliance.deployment.keys import KeySource, require_private
from fl_alliance.deployment.pinned import privacy_told, slashing_told, task_settings
from fl_alliance.deployment.processes import Supervised, environment, free_port, is_loopback
from fl_alliance.deployment.signer import SignerService
from fl_alliance.deployment.terms import Terms
from fl_alliance.deployment.watch import Watch
from fl_alliance.folders import FolderError, held
from fl_alliance.records import RunFolder
from fl_alliance.site.errors import PolicyInvalid
from fl_alliance.site.policy import Policy
from fl_alliance.site.rules import refusal_to_join
from fl_alliance.site.station import facts_of, write_members
from fl_alliance.strategies.wire import OWN_DATA, Place

_POLL_S, _AWAY_S = 1.0, 15.0
_NODE_LOG = "supernode.log"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a hospital says when it joins.

    Attributes
    ----------
    task : int
    manifest : Path
        Where the contracts are, as the coordinator published it.
    chain : str
        URL of the hospital's endpoint of the chain.
    superlink : str
        HOST:PORT of the coordinator's SuperLink.
    site : int or None
        Which part of the workload's data is the hospital's, from 0; None where it has its own.
    stake : str
        The most that it stakes, in FML.
    key : KeySource
        Where its key is.
    home : Path
        Its folder: what it has agreed to and signed, and logs. The key is not in it.
    certificates : Path or None
        Root certificates of the SuperLink; None only on loopback.
    policy : Path or None
        The site's policy; None: the one that its folder was joined with before, or none.
    node_key : Path or None
        The private key by which the SuperLink knows the hospital's SuperNode.
    data : Path or None
        A folder with the hospital's own data.
    sites : str
        Address of the consortium's contract that the hospital trusts; empty: that of the manifest, where it has one.
    config : Path or None
        The coordinator's `config.yaml`; None: the one beside the manifest, where that is this task's.
    """

    task: int
    manifest: Path
    chain: str
    superlink: str
    site: int | None
    stake: str
    key: KeySource
    home: Path
    certificates: Path | None = None
    policy: Path | None = None
    node_key: Path | None = None
    data: Path | None = None
    sites: str = ""
    config: Path | None = None


def join(wish: Wish, say: Callable[[str], None] = print) -> None:
    """Take part in a task until it is paid out.

    Raises
    ------
    ConfigError, FolderError, ChainError, SiteError
        What was asked for cannot be done, or the task cannot be joined any more; nothing was signed.
    """
    stake_wei, transport = fml_to_wei(wish.stake, "--stake"), _transport(wish)
    _require_data(wish)
    key, deployment = wish.key.open(), Deployment.load(wish.manifest)
    with ExitStack() as stack:
        w3 = stack.enter_context(connected(wish.chain, chain_id=deployment.chain_id))
        key.check_chain(deployment.chain_id)
        rpc = Rpc(w3)
        deployment.check(rpc)
        watch = Watch(rpc, deployment, wish.task, key.address, say)
        watch.catch_up()
        _require_open(watch, wish, stake_wei)
        consortium = _consortium(wish, deployment, rpc)
        if consortium is not None:
            require_approved(consortium, watch.model.params.code_digest, watch.model.params.config_digest)
        wish.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        stack.enter_context(held(RunFolder(wish.home), is_new=False))
        settings = task_settings(wish.config, wish.manifest, watch.model.params.config_digest)
        _agree(wish, deployment, watch, stake_wei, settings)
        policy = _policy_of(wish.home)
        for line in (*_told(wish, deployment, rpc, watch), *privacy_told(settings, policy)):
            say(line)
        anchors = anchoring(policy, wish.home, Sender(w3, key), consortium, say)
        if anchors is not None:
            stack.enter_context(anchors)
        if watch.is_paid_out and (member := watch.member) is not None:
            say(watch.payout(member))
            return
        if consortium is not None:
            _bind(wish, key, consortium, rpc)
        stack.enter_context(SignerService(key, wish.home))
        node = _supernode(wish, transport, say)
        stack.callback(node.stop)
        _follow(watch, node, wish.home, anchors, say)


def _follow(watch: Watch, node: Supervised, home: Path, anchors: Anchoring | None, say: Callable[[str], None]) -> None:
    """Keep the node running, show it each round's draw, and tell what happens until the payout."""
    is_away, members, rounds, failures = False, 0, watch.rounds, Failures(home)
    while not watch.is_paid_out:
        node.look()
        if failures.is_new():
            say(f"the node could not answer the coordinator; {home / _NODE_LOG} says why")
        try:
            watch.look()
            note_draw(home, watch.model)
            is_away = False
            if watch.rounds != rounds and anchors is not None:
                anchors.note()
            rounds = watch.rounds
            if len(watch.model.balances) != members:
                members = len(watch.model.balances)
                write_members(home, members)
        except ChainUnreachable as silence:
            if not is_away:
                say(f"the chain does not answer ({silence}); trying again every {_AWAY_S:g} s")
            is_away = True
        if not is_away and watch.is_too_late:
            raise FolderError(f"task {watch.task}: has begun without this hospital; ask the coordinator for a new task")
        time.sleep(_AWAY_S if is_away else _POLL_S)


def _require_open(watch: Watch, wish: Wish, stake_wei: int) -> None:
    """Refuse a task that this hospital, this code or this stake cannot take part in; raises as `join`."""
    model, params = watch.model, watch.model.params
    if watch.member is None and model.stored_phase is not Phase.REGISTRATION:
        raise ConfigError(f"task {wish.task}: is {model.stored_phase.name.lower()}, needed one open for registration")
    if params.code_digest != code_digest():
        raise ConfigError(
            f"task {wish.task}: pins code {params.code_digest.hex()[:16]}..., installed is {code_digest().hex()[:16]}"
            "...; needed the version of fl-alliance that the coordinator runs"
        )
    if stake_wei < params.min_stake_gwei * WEI_PER_GWEI:
        raise ConfigError(f"--stake {wish.stake}: the task needs at least {fml(params.min_stake_gwei)} FML")


def _consortium(wish: Wish, deployment: Deployment, rpc: Rpc) -> SitesView | None:
    """Return the consortium that approves what runs here, None where there is none; raises `ConfigError`."""
    named = deployment.sites if deployment.has_sites else ""
    if wish.sites and wish.sites.lower() != named.lower():
        raise ConfigError(f"--sites {wish.sites}: {wish.manifest} names {named or 'no consortium'}, needed that one")
    if not named:
        return None
    if wish.node_key is None:
        raise ConfigError(
            f"the consortium {named} knows hospitals by their SuperNodes' keys: needs --node-key FILE, and TLS"
        )
    return SitesView(rpc, named)


def _bind(wish: Wish, key: NodeKey, consortium: SitesView, rpc: Rpc) -> None:
    """Sign, both ways, whose the SuperNode's key is, for the node to hand over; raises `IdentityRefused`."""
    if wish.node_key is not None:
        keep_binding(wish.home, sign_binding(key, AuthKey.load(wish.node_key), consortium, rpc.second()))


def _require_data(wish: Wish) -> None:
    """Refuse a hospital without data, or with two answers to where they are; raises `ConfigError`."""
    if (wish.site is None) == (wish.data is None):
        raise ConfigError(
            "the hospital's data: needs one of --data DIR (its own) and --site N (a part of the workload's)"
        )
    if wish.site is not None and wish.site < 0:
        raise ConfigError(f"--site {wish.site}: needs 0 or more")
    if wish.data is not None and not wish.data.is_dir():
        raise ConfigError(f"--data {wish.data}: no such folder")


def _agree(wish: Wish, deployment: Deployment, watch: Watch, stake_wei: int, settings: JobConfig | None) -> None:
    """Write down what the node may sign; raises `FolderError` where the folder is another task's or hospital's."""
    terms = Terms(
        chain_id=deployment.chain_id,
        contract=deployment.alliance,
        token=deployment.fml,
        task=wish.task,
        stake_wei=stake_wei,
        code_digest=watch.model.params.code_digest.hex(),
        config_digest=watch.model.params.config_digest.hex(),
        site=OWN_DATA if wish.site is None else wish.site,
        data=str(wish.data.resolve()) if wish.data is not None else "",
        address=watch.address,
        policy=str(wish.policy.resolve()) if wish.policy else "",
    )
    if terms.is_kept_in(wish.home):
        kept = Terms.load(wish.home)
        terms = terms if wish.policy else replace(terms, policy=kept.policy)
        if kept.matter != terms.matter:
            raise FolderError(f"{wish.home}: is of {kept.matter}, needed {terms.matter}; give each its own --home")
    if terms.policy:
        _require_permitted(terms, settings)
    terms.save(wish.home)


def _policy_of(home: Path) -> Policy | None:
    """Return the policy that the hospital joins with, None where it has none."""
    path = Terms.load(home).policy
    return Policy.load(Path(path)) if path else None


def _require_permitted(terms: Terms, settings: JobConfig | None) -> None:
    """Refuse a task that the site's own policy refuses, before anything is staked; raises `SiteError`."""
    place = Place(Domain(terms.chain_id, terms.contract), terms.task, 0)
    facts = facts_of(settings) if settings is not None else None
    reason = refusal_to_join(Policy.load(Path(terms.policy)), place, code_digest().hex(), terms.config_digest, facts)
    if reason is not None:
        raise PolicyInvalid(f"{terms.policy}: refuses {terms.matter}: {reason}")


def _told(wish: Wish, deployment: Deployment, rpc: Rpc, watch: Watch) -> Iterator[str]:
    """Yield who this is, what it stakes, and on what terms."""
    model, params = watch.model, watch.model.params
    holds = int(ContractReader(rpc, TOKEN, deployment.fml).read("balanceOf", watch.address)) // WEI_PER_GWEI
    data = f"site {wish.site}" if wish.data is None else f"data in {wish.data}"
    yield f"hospital {watch.address}, {data}, holds {fml(holds)} FML"
    yield (
        f"task {wish.task} on chain {deployment.chain_id}, contract {deployment.alliance}: {params.rounds} rounds, "
        f"{params.proposers} train and {params.voters} judge in each; {fml(model.pool_gwei)} FML to earn in all"
    )
    if watch.member is None:
        least = fml(params.min_stake_gwei)
        yield f"stakes at most {wish.stake} FML (the task asks for {least} or more) on these terms:"
        yield from (f"  {line}" for line in slashing_told(params))
    if policy := Terms.load(wish.home).policy:
        yield f"everything that its node does has to meet the policy {policy}"
    yield f"SuperNode log: {wish.home / _NODE_LOG}"


def _transport(wish: Wish) -> list[str]:
    """Return how the SuperNode reaches the SuperLink: without TLS on this machine only; raises `ConfigError`."""
    if wish.certificates is not None:
        if not wish.certificates.is_file():
            raise ConfigError(f"--root-certificates {wish.certificates}: no such file")
        trust = ["--root-certificates", str(wish.certificates.resolve())]
        if wish.node_key is None:
            return trust
        require_private(wish.node_key)
        return [*trust, "--auth-supernode-private-key", str(wish.node_key.resolve())]
    if wish.node_key is not None:
        raise ConfigError(f"--node-key {wish.node_key}: needs --root-certificates FILE (TLS) too")
    if not is_loopback(wish.superlink):
        raise ConfigError(f"--superlink {wish.superlink}: is not on this machine, needs --root-certificates FILE (TLS)")
    return ["--insecure"]


def _supernode(wish: Wish, transport: list[str], say: Callable[[str], None]) -> Supervised:
    home = wish.home.resolve()
    number = f"partition-id={wish.site} " if wish.site is not None else ""
    settings = f"{number}home={json.dumps(str(home))}"
    port = str(free_port())
    arguments = [*transport, "--superlink", wish.superlink, "--node-config", settings, "--host", "127.0.0.1"]
    arguments += ["--port", port]
    return Supervised("supernode", arguments, environment(home / "flower", wish.key.variables), home / _NODE_LOG, say)
