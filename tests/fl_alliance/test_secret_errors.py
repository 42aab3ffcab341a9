"""What cannot be opened is named by its place and never by its content: in no error, nor in what an error came from."""

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.cli.main import main
from fl_alliance.deployment.certificates import make_node_key
from fl_alliance.deployment.keys import KeySource, new_keystore

SECRET = "5ec2e7" * 10 + "77aa"
PASSWORD = "planted password of twelve"


def short_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    monkeypatch.setenv("HOSPITAL_KEY", SECRET[:-1])
    return KeySource("HOSPITAL_KEY").open


def key_of_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    monkeypatch.setenv("HOSPITAL_KEY", f"0x{SECRET}zz")
    return KeySource("HOSPITAL_KEY").open


def wrong_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    new_keystore(folder / "keystore.json", "another password of more")
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o600)
    return KeySource(keystore=folder / "keystore.json", password_file=folder / "password").open


def password_that_others_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    new_keystore(folder / "keystore.json", PASSWORD)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    return KeySource(keystore=folder / "keystore.json", password_file=folder / "password").open


def keystore_that_is_a_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    (folder / "keystore.json").write_text(f'{{"crypto": "{SECRET}", "version": 3}}')
    return lambda: NodeKey.from_keystore(folder / "keystore.json", PASSWORD)


def keystore_of_no_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    (folder / "keystore.json").write_text(SECRET)
    return lambda: NodeKey.from_keystore(folder / "keystore.json", PASSWORD)


def broken_node_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    (folder / "node-key").write_text(f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----\n")
    return lambda: AuthKey.load(folder / "node-key")


def node_key_that_travels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    make_node_key(folder / "node-key")
    return AuthKey.load(folder / "node-key").__reduce__


@pytest.mark.parametrize(
    "trouble",
    [
        short_key,
        key_of_nobody,
        wrong_password,
        password_that_others_read,
        keystore_that_is_a_key,
        keystore_of_no_json,
        broken_node_key,
        node_key_that_travels,
    ],
)
def test_no_error_quotes_a_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Path, pytest.MonkeyPatch], Callable[[], object]],
) -> None:
    opened = trouble(tmp_path, monkeypatch)
    with pytest.raises(Exception) as refused:  # noqa: PT011  whichever it is
        opened()
    # With what it came from and came up in, as a log of the whole traceback has it.
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + repr(vars(refused.value))
    error: BaseException | None = refused.value
    while error is not None:
        told += repr(error.args)
        error = error.__cause__ or error.__context__
    for secret in (SECRET, SECRET[:-1], PASSWORD):
        assert secret not in told


@pytest.mark.parametrize("command", ["join", "doctor"])
def test_no_command_shows_a_secret_that_it_cannot_use(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", SECRET[:-1])
    (tmp_path / "manifest.json").write_text('{"chain_id": 1, "block": 0, "contracts": {}}')
    words = [command, "1", "--manifest", str(tmp_path / "manifest.json"), "--chain", "http://127.0.0.1:1"]
    words += ["--superlink", "127.0.0.1:1", "--site", "0", "--stake", "100", "--key-env", "HOSPITAL_KEY"]
    assert main(words) != 0
    told = capsys.readouterr()
    assert "HOSPITAL_KEY" in told.out + told.err
    assert SECRET[:-1] not in told.out + told.err
