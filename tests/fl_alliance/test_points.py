"""A run whose stakes and pay are points: the same rounds, ledger and audit, and no transfer between holders."""

from pathlib import Path

import pytest

from fl_alliance import job
from fl_alliance.audit import audit
from fl_alliance.bookkeeping import read_books
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import POINTS, TOKEN, Deployment
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.site_refusals import NotTransferable
from fl_alliance.config import ConfigError, load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder

SMALL = ["workload=linear", "nodes=4", "rounds=2", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
IN_POINTS = [*SMALL, "chain.token=points"]


def run(folder: Path, overrides: list[str]) -> job.RunSummary:
    config = load_config(overrides)
    return job.run(config, RunFolder(folder), listener=lambda _: None, overrides=overrides)


def test_points_are_staked_and_paid_as_fml_is(tmp_path: Path) -> None:
    in_points, in_fml = run(tmp_path / "points", IN_POINTS), run(tmp_path / "fml", SMALL)
    assert in_points.metrics.keys() == in_fml.metrics.keys()
    deployment = Deployment.load(RunFolder(tmp_path / "points").manifest)
    assert POINTS in deployment.contracts
    assert TOKEN not in deployment.contracts
    books = read_books(RunFolder(tmp_path / "points"))
    staked_pooled_and_bonded = (4 * 100 + 1_000 + 100) * 10**18
    assert books.supply_wei == staked_pooled_and_bonded == sum(entry.amount_wei for entry in books.held)
    assert books.alliance_wei == 0


def test_a_run_in_points_is_audited(tmp_path: Path) -> None:
    run(tmp_path, IN_POINTS)
    verdict = audit(tmp_path)
    assert set(verdict.audited.addresses) >= {POINTS, "CandidateAlliance"}


def test_a_member_that_was_paid_cannot_send_its_points_to_another(tmp_path: Path) -> None:
    run(tmp_path, IN_POINTS)
    folder = RunFolder(tmp_path)
    deployment, node = Deployment.load(folder.manifest), NodeKey.derive(1, 0)
    with connected(f"file://{folder.chain.resolve()}") as w3:
        relayer = Sender(w3, NodeKey(DEVELOPMENT_SECRET, is_public=True))
        relayer.send(node.address, b"", 21_000, "gas", value=10**17)
        points = BoundContract(Sender(w3, node), POINTS, deployment.fml)
        held = points.read("balanceOf", node.address)
        assert held > 0
        with pytest.raises(NotTransferable):
            points.send(200_000, "transfer", relayer.address, held)
        assert ContractReader(relayer.rpc, POINTS, deployment.fml).read("balanceOf", node.address) == held


def test_stakes_and_pay_are_fml_or_points() -> None:
    with pytest.raises(ConfigError, match=r"chain\.token=euro"):
        load_config([*SMALL, "chain.token=euro"])


def test_an_emission_pays_no_points() -> None:
    with pytest.raises(ConfigError, match=r"chain\.token=points: needs market\.emission=false"):
        load_config([*IN_POINTS, "market.emission=true"])
