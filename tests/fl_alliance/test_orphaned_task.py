"""A coordinator that is killed before it has written down its task finds it again, and pays for one alone."""

from pathlib import Path

import pytest

from fl_alliance import federation
from fl_alliance.chain.ledger import Alliance
from fl_alliance.config import JobConfig, fml_to_wei, load_config
from fl_alliance.federation import open_federation
from fl_alliance.records import RunFolder

FIRST_MODEL = bytes(range(32))


class Killed(BaseException):
    """In the place of SIGKILL, at the one point that a test is about."""


def killed(*_: object) -> None:
    raise Killed


def begin(config: JobConfig, folder: RunFolder) -> None:
    with open_federation(config, folder, FIRST_MODEL, resume=False):
        pass


def settings(tmp_path: Path, *more: str) -> JobConfig:
    words = ["workload=linear", "nodes=4", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
    return load_config([*words, f"chain.url=file://{tmp_path / 'shared.db'}", *more])


@pytest.mark.parametrize("token", ["fml", "points"])
def test_a_task_that_was_created_and_not_written_down_is_not_created_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    folder, config = RunFolder(tmp_path / "run"), settings(tmp_path, f"chain.token={token}")
    folder.root.mkdir()
    with monkeypatch.context() as death:
        death.setattr(federation, "write_deployment", killed)
        with pytest.raises(Killed):
            begin(config, folder)
    assert not folder.deployment.is_file()
    pool_wei = fml_to_wei(config.alliance.pool, "alliance.pool")
    for _ in range(2):  # and a resume of the resume
        with open_federation(config, folder, FIRST_MODEL, resume=True) as found:
            assert found.task == 1
            assert set(found.ledger.models().tasks) == {1}
            assert found.ledger.balance_wei(found.ledger.address) == pool_wei
            left = found.ledger.supply_wei() - pool_wei
            assert found.ledger.balance_wei(found.ledger.sender.address) == left
    assert folder.deployment.is_file()


def test_contracts_without_a_task_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, config = RunFolder(tmp_path / "run"), settings(tmp_path)
    folder.root.mkdir()
    with monkeypatch.context() as death:
        death.setattr(Alliance, "create_task", killed)
        with pytest.raises(Killed):
            begin(config, folder)
    before = folder.manifest.read_bytes()
    with open_federation(config, folder, FIRST_MODEL, resume=True) as found:
        assert set(found.ledger.models().tasks) == {found.task} == {1}
    assert folder.manifest.read_bytes() == before
