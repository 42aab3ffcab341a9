"""Which audits a folder, a chain file or a node is for: of a run, of a market, or of both on one chain."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.audit import Verdict, audit
from fl_alliance.audit.contracts import ALLIANCES, compiled
from fl_alliance.audit.facts import Listener
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, MarketAudited, NodeSource, audit_market
from fl_alliance.chain.deploy import ARENA, Deployment
from fl_alliance.chain.errors import ChainCorrupt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc
from fl_alliance.folders import FolderError
from fl_alliance.market.settings import MANIFEST
from fl_alliance.records import RunFolder


@dataclass(frozen=True, slots=True)
class Everything:
    """Audits in which everything holds; what is not there is None."""

    run: Verdict | None
    market: MarketAudited | None


def audit_everything(
    path: Path,
    *,
    executes: bool = True,
    interprets: bool = False,
    sites: str = "",
    manifest: Path | None = None,
    listener: Listener = lambda task, ended: None,
) -> Everything:
    """Verify all that is in a folder, or in a chain file alone.

    A folder with `market.json` is a market's; it is a run's too where it has a configuration or a deployment. In a
    chain file alone is what was created on it.

    Parameters
    ----------
    path : Path
        The folder, or the chain file.
    executes, interprets, sites
        As for `audit`, of a run.
    manifest : Path, optional
        The market's, where it is not in the folder.
    listener : Listener
        Told of every round of a run that was verified.

    Raises
    ------
    DoesNotHold
        The first thing that does not hold.
    FolderError
        There is no chain file.
    ManifestUnusable
        The manifest cannot be read.
    """
    has_run, has_market = _in_file(path) if path.is_file() else _in_folder(path)
    run = None
    if has_run or not (has_market or manifest):
        run = audit(path, executes=executes, interprets=interprets, sites=sites, listener=listener)
    if not (has_market or manifest):
        return Everything(run, None)
    chain = path if path.is_file() else RunFolder(path).chain
    if not chain.is_file():
        raise FolderError(f"{chain}: no chain file; needed the market's, or its node with --chain URL")
    found = manifest or path / MANIFEST
    deployment = Deployment.load(found) if manifest or path.is_dir() else None
    source = FileSource.open(chain, executes=executes and run is None)
    source.executed = executes
    return Everything(run, audit_market(source, deployment))


def audit_node(rpc: Rpc, manifest: Path) -> Everything:
    """Verify a market on a node, whose word is taken for what happened; raises as `audit_everything`."""
    deployment = Deployment.load(manifest)
    source = NodeSource.connect(rpc)
    if source.chain_id != deployment.chain_id:
        raise DoesNotHold(str(manifest), f"says chain {deployment.chain_id}, the node has {source.chain_id}")
    return Everything(None, audit_market(source, deployment))


def _in_folder(path: Path) -> tuple[bool, bool]:
    folder = RunFolder(path)
    return folder.config.is_file() or folder.deployment.is_file(), (path / MANIFEST).is_file()


def _in_file(path: Path) -> tuple[bool, bool]:
    """Return whether a chain file holds an Alliance and a market; a damaged one is looked at as far as it goes."""
    created: list[bytes] = []
    with suppress(ChainCorrupt), ChainFile(path) as file:
        for block in file.blocks():
            if block.transaction is not None and not block.transaction.to:
                created.append(block.transaction.data)

    def is_there(name: str) -> bool:
        return any(compiled(name).differs_at(data) is None for data in created)

    return any(map(is_there, ALLIANCES)), is_there(ARENA)
