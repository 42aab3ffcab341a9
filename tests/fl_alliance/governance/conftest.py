"""A market that a DAO owns: deployed once, each test behind a snapshot; and put on a chain anew, by commands."""

from collections.abc import Iterator
from pathlib import Path

import assembly
import council
import pytest

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import add_alliance
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.market import add_alliance_market
from fl_alliance.chain.sender import Sender


@pytest.fixture(scope="package")
def deployed() -> Iterator["assembly.Assembly"]:
    """With an Alliance and its market."""
    with assembly.assembled() as found:
        sender = Sender(found.w3, assembly.DEPLOYER)
        whole = add_alliance_market(sender, add_alliance(sender, found.deployment, "majority"))
        yield assembly.Assembly(found.w3, whole)


@pytest.fixture
def dao(deployed: "assembly.Assembly") -> Iterator["assembly.Assembly"]:
    mark = deployed.rpc("evm_snapshot")
    yield assembly.Assembly(deployed.w3, deployed.deployment)
    deployed.rpc("evm_revert", mark)


@pytest.fixture(params=["file", pytest.param("anvil", marks=pytest.mark.anvil)])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator["council.Desk"]:
    """A market with a DAO over it, and half a million FML locked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FL_ALLIANCE_KEY", raising=False)
    shared = None
    (tmp_path / "market").mkdir()
    if request.param == "anvil":
        try:
            shared = connect("anvil://")
        except AnvilMissing as missing:
            pytest.skip(str(missing))
        desk = council.Desk(str(shared.provider.endpoint_uri), capsys, shared)  # type: ignore[attr-defined]
    else:
        desk = council.Desk(f"file://{tmp_path / 'market' / 'chain.db'}", capsys)
    desk.said(0, "arena", "deploy", "market.starts_in_s=60")
    assert "has no DAO" in desk.dao("status", code=2)
    assert "its time lock" in desk.dao("deploy", "--treasury", "1000000")
    desk.dao("lock", "500000", by=council.HOLDER)
    desk.wait(120)
    yield desk
    if shared is not None:
        close(shared)
