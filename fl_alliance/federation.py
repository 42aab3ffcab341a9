"""The on-chain side of a run: the contracts, a task on them with its members, and the last payout."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flwr.serverapp import Grid

from fl_alliance.bookkeeping import task_begun
from fl_alliance.chain import strict_json
from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN, NodeKey
from fl_alliance.chain.connect import be_patient, close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.outbox import Outbox
from fl_alliance.chain.refusals import ERC3009InvalidAuthorizationTime
from fl_alliance.chain.rules.seeds import NO_SEED
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import RegisterWithAuthorization, Start, Step, Withdraw, WithdrawCredit, WithdrawPool
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, CandidateTerms, Phase, Reward, TaskParams
from fl_alliance.chain.vrf import Proof, Tag, alpha
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, JobConfig, config_digest, fml_to_wei
from fl_alliance.contracts import bond_wei, put_on_chain, require_market_chain
from fl_alliance.folders import FolderError
from fl_alliance.parent import about_parent
from fl_alliance.records import RunFolder, write_whole
from fl_alliance.strategies.enrolment import NO_SALT, by_address, collect_registrations
from fl_alliance.strategies.errors import RunStalled
from fl_alliance.strategies.wire import OWN_DATA, Place, Registration

DEVELOPMENT_SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The first account of every development chain; everybody knows it, so it signs on no other chain."""

_IN_THE_CLEAR, _MASKED = (8000, 16), (6666, 4)
"""`rule.convict_bps` and `rule.forgive` where they are not set."""
_BATCH = 40
"""Registrations or payouts in one transaction: some eight million gas, half of what one may take."""


@dataclass(frozen=True, slots=True)
class Federation:
    """A task on a chain, and the key that relays for it."""

    ledger: Alliance
    deployment: Deployment
    task: int


def relayer_key(config: JobConfig) -> NodeKey:
    """Return the key of the account that carries messages to the chain; raises `KeyUnusable`, `ConfigError`."""
    if config.chain.relayer_key_env:
        return NodeKey.from_env(config.chain.relayer_key_env)
    # On the development chain the key that everybody knows is worth nothing; `connect` makes sure that it is that one.
    if config.chain.chain_id != DEVELOPMENT_CHAIN and config.chain.url.startswith(("http://", "https://", "ipc://")):
        raise ConfigError(
            f"chain.relayer_key_env is empty, but chain.url={config.chain.url} needs the name of an environment "
            "variable with the relayer's key"
        )
    return NodeKey(DEVELOPMENT_SECRET, is_public=True)


@contextmanager
def open_federation(config: JobConfig, folder: RunFolder, initial_model: bytes, resume: bool) -> Iterator[Federation]:
    """Connect to the chain; deploy the contracts and create the task, or with `resume` find both again.

    Raises
    ------
    ChainError
        The chain cannot be reached, is another one, or is not as it was left.
    """
    key = relayer_key(config)
    is_begun = resume and folder.deployment.is_file()
    has_contracts = is_begun or (resume and bool(config.chain.url) and folder.manifest.is_file())
    if resume:
        _check_folder(config, folder)
    if resume and not has_contracts:
        _forget_chain(folder)  # it was stopped before there was a task: nothing is lost
    require_market_chain(config)
    w3 = connect(config.chain.url or f"file://{folder.chain.resolve()}", chain_id=config.chain.chain_id)
    be_patient(w3, config.chain.patience_s)
    # On the chain in the folder a transaction is in a block when its sending returns: nothing can be under way.
    outbox = Outbox(folder.outbox if config.chain.url else None)
    deadline_s = max(120.0, config.chain.patience_s)
    try:
        sender = Sender(w3, key, deadline_s, outbox)
        if has_contracts:
            deployment = Deployment.load(folder.manifest)
            deployment.check(sender.rpc)
        if resume:
            sender.restore()
        if not has_contracts:
            deployment = put_on_chain(sender, config)
            deployment.save(folder.manifest)  # before there is a task: a resume looks there for one
        ledger = Alliance(w3, deployment, key, outbox, deadline_s)
        known = task_begun(folder) if is_begun else ledger.created_before()
        task = _created(ledger, config, initial_model) if known is None else known
        if known is not None:
            _check_settings(ledger, task, config, folder, initial_model)
        if not is_begun:
            write_deployment(folder, deployment, task, ledger.params(task), [])
        yield Federation(ledger, deployment, task)
    finally:
        close(w3)


def _created(ledger: Alliance, config: JobConfig, initial_model: bytes) -> int:
    """Create the task that a configuration describes, and return its number; raises `ConfigError`."""
    pool_wei, relayer = fml_to_wei(config.alliance.pool, "alliance.pool"), ledger.sender.address
    needed_wei = pool_wei + bond_wei(config)
    if ledger.deployment.has_points and (short := needed_wei - ledger.balance_wei(relayer)) > 0:
        ledger.give(relayer, short)
    _require_funds(ledger, needed_wei, config)
    return ledger.create_task(task_params(config, relayer, initial_model), pool_wei, terms_of(config))


def _require_funds(ledger: Alliance, needed_wei: int, config: JobConfig) -> None:
    """Refuse to create a task that its relayer cannot pay for; raises `ConfigError`."""
    held = ledger.balance_wei(ledger.sender.address)
    if held < needed_wei:
        raise ConfigError(
            f"alliance.pool={config.alliance.pool} and alliance.bond={config.alliance.bond}: the relayer "
            f"{ledger.sender.address} has {held / WEI_PER_FML:.4g} FML, needed {needed_wei / WEI_PER_FML:.4g}"
        )


def task_params(config: JobConfig, relayer: str, initial_model: bytes) -> TaskParams:
    """Return the on-chain task that a configuration describes."""
    alliance = config.alliance
    return TaskParams(
        code_digest=code_digest(),
        config_digest=config_digest(config),
        initial_model=initial_model,
        relayer=relayer,
        rounds=config.rounds,
        proposers=alliance.proposers,
        voters=alliance.voters,
        slash_bps=alliance.slash_bps,
        slash_gwei=fml_to_wei(alliance.slash, "alliance.slash") // WEI_PER_GWEI,
        absence_bps=alliance.absence_bps,
        bounty_bps=alliance.bounty_bps,
        tolerance_bps=alliance.tolerance_bps,
        min_stake_gwei=fml_to_wei(alliance.min_stake, "alliance.min_stake") // WEI_PER_GWEI,
        registration_s=alliance.registration_s,
        leader_s=alliance.leader_s,
        propose_s=alliance.propose_s,
        commit_s=alliance.commit_s,
        reveal_s=alliance.reveal_s,
        evidence_s=alliance.evidence_s,
        quorum=quorum_of(alliance.quorum, alliance.proposers),
        grace_s=alliance.grace_s,
    )


def quorum_of(share: float, asked: int) -> int:
    """Return of how many answers of those asked the others' grace begins: the share, rounded up."""
    return max(1, math.ceil(share * asked - 1e-9))


def terms_of(config: JobConfig) -> CandidateTerms | None:
    """Return the terms of judging candidates that a configuration describes; None by majority."""
    rule = config.rule
    if rule.name == "majority":
        return None
    convict_bps, forgive = _MASKED if config.privacy.masks else _IN_THE_CLEAR
    return CandidateTerms(
        reward=Reward[rule.reward.upper()],
        override_bps=rule.override_bps,
        convict_bps=convict_bps if rule.convict_bps is None else rule.convict_bps,
        suspect_at=rule.suspect_at,
        offset=rule.offset,
        forgive=forgive if rule.forgive is None else rule.forgive,
        slash_above=rule.slash_above,
        escrow_bps=rule.escrow_bps,
    )


def enrol(federation: Federation, grid: Grid, config: JobConfig, folder: RunFolder) -> dict[str, int]:
    """Let every node of the grid join the task and start it; return member address -> Flower node id.

    On one machine the relayer first gives each node its stake. Nodes that are members already stay what they are.

    Raises
    ------
    RunStalled
        Fewer nodes joined than one round draws.
    """
    ledger, task, window_s = federation.ledger, federation.task, config.alliance.registration_s
    # Registration began at a time that a resumed run reads too, so its nodes sign the same once more.
    began, valid_before = ledger.now(), ledger.model(task).phase_at + window_s
    found = _asked(federation, grid, config, valid_before)
    if ledger.model(task).stored_phase is Phase.REGISTRATION:
        try:
            _register_newcomers(federation, config, found, valid_before)
        except ERC3009InvalidAuthorizationTime:
            # The chain's clock runs fast, or the run was stopped for long: once more, for as long as this has taken.
            valid_before = ledger.now() + (ledger.now() - began) + window_s
            found = _asked(federation, grid, config, valid_before)
            _register_newcomers(federation, config, found, valid_before)
        ledger.send(Start(task))
    write_deployment(folder, federation.deployment, task, ledger.params(task), list(found.values()))
    return by_address(found)


def _asked(federation: Federation, grid: Grid, config: JobConfig, valid_before: int) -> dict[int, Registration]:
    """Return every node's registration, by node id; raises `RunStalled` where there are too few for a round."""
    ledger = federation.ledger
    place, stake_wei = Place(ledger.domain, federation.task, 0), fml_to_wei(config.alliance.stake, "alliance.stake")
    found, refused = collect_registrations(grid, place, ledger.token, stake_wei, valid_before, config.runtime.timeout_s)
    needed = config.alliance.proposers + config.alliance.voters
    if len(found) < needed:
        reasons = "; ".join(f"node {node_id}: {why}" for node_id, why in refused.items())
        raise RunStalled(f"{len(found)} nodes joined, needed {needed} for a committee. {reasons}")
    return found


def _register_newcomers(
    federation: Federation, config: JobConfig, found: dict[int, Registration], valid_before: int
) -> None:
    members = {node.address for node in federation.ledger.model(federation.task).roster.nodes}
    newcomers = [registration for registration in found.values() if registration.address not in members]
    register(federation, newcomers, fml_to_wei(config.alliance.stake, "alliance.stake"), valid_before)


def pay_out(federation: Federation) -> None:
    """Send every member its balance, the creator what is left of the pool, and the relayer its bounties."""
    ledger, task = federation.ledger, federation.task
    model = ledger.model(task)
    if model.stored_phase is not Phase.FINISHED:
        return
    owed = (balance + model.record(member).escrow_gwei for member, balance in enumerate(model.balances))
    steps: list[Step] = [Withdraw(task, member) for member, amount in enumerate(owed) if amount]
    if model.pool_gwei:
        steps.append(WithdrawPool(task))
    if model.credits.get(ledger.sender.address):
        steps.append(WithdrawCredit(ledger.sender.address))
    _send_all(ledger, steps)


def register(federation: Federation, newcomers: list[Registration], stake_wei: int, valid_before: int) -> None:
    """Put signed registrations on chain; a node with too little gets its stake from the relayer first."""
    ledger, task = federation.ledger, federation.task
    for registration in newcomers:
        if ledger.balance_wei(registration.address) < stake_wei:
            ledger.give(registration.address, stake_wei)
    steps: list[Step] = []
    for node in newcomers:
        possession = alpha(ledger.address, ledger.chain_id, Tag.REGISTER, task, 0, node.address, NO_SEED)
        proof = Proof.decode(node.vrf_x, possession, node.proof)
        steps.append(
            RegisterWithAuthorization(
                task, node.address, node.vrf_x, proof, stake_wei, 0, valid_before, NO_SALT, node.signature
            )
        )
    _send_all(ledger, steps)


def _send_all(ledger: Alliance, steps: list[Step]) -> None:
    for start in range(0, len(steps), _BATCH):
        ledger.send(*steps[start : start + _BATCH])


def _check_folder(config: JobConfig, folder: RunFolder) -> None:
    """Refuse a folder of which parts were deleted, before anything is written; raises `FolderError`."""
    if folder.metrics.is_file() and not folder.deployment.is_file():
        raise FolderError(f"{folder.root}: has settled rounds but lacks {folder.deployment.name}; cannot go on without")
    if folder.deployment.is_file() and not config.chain.url and not folder.chain.exists():
        raise FolderError(f"{folder.root}: lacks {folder.chain.name}, the chain that holds its task")


def _check_settings(ledger: Alliance, task: int, config: JobConfig, folder: RunFolder, initial_model: bytes) -> None:
    """Refuse to go on with a task under other settings or code than it was created with; raises `FolderError`."""
    params = ledger.params(task)
    if params.code_digest != code_digest():
        raise FolderError(
            f"{folder.root}: the task was begun with code {params.code_digest.hex()[:16]}..., this installation is "
            f"{code_digest().hex()[:16]}...; needed the version that began it"
        )
    pinned, given = params.config_digest, config_digest(config)
    if pinned != given:
        raise FolderError(
            f"{folder.root}: {folder.overrides.name} has digest {given.hex()[:16]}..., but the task on chain was "
            f"created with settings of digest {pinned.hex()[:16]}...; needed this run's own settings and chain"
        )

    if params.initial_model != initial_model:
        raise FolderError(
            f"{folder.root}: the run would start from a model of digest {initial_model.hex()[:16]}..., the task on "
            f"chain from one of {params.initial_model.hex()[:16]}...; needed this run's own {folder.parent.name}/"
        )


def _forget_chain(folder: RunFolder) -> None:
    for suffix in ("", "-wal", "-shm"):
        folder.chain.with_name(folder.chain.name + suffix).unlink(missing_ok=True)


def write_deployment(
    folder: RunFolder, deployment: Deployment, task: int, params: TaskParams, members: list[Registration]
) -> None:
    """Write down where the task is and who belongs to it, for people and for tools."""
    content = {
        **strict_json.parse(folder.manifest.read_bytes()),
        "task": task,
        "code_digest": "0x" + params.code_digest.hex(),
        "config_digest": "0x" + params.config_digest.hex(),
        "initial_model": "0x" + params.initial_model.hex(),
        **about_parent(folder),
        "members": [
            {
                "index": index,
                "address": member.address,
                "site": None if member.partition == OWN_DATA else member.partition,
                "about": f"hospital {index if member.partition == OWN_DATA else member.partition}",
            }
            for index, member in enumerate(members)
        ],
    }
    write_whole(folder.deployment, json.dumps(content, indent=1).encode())
