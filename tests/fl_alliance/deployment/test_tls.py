"""Certificates that Flower and Python accept, keys that others cannot read, and an API that strangers do not reach."""

import asyncio
import os
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import KeyUnusable
from fl_alliance.cli.main import main
from fl_alliance.config import ConfigError
from fl_alliance.deployment.admitting import public_bytes
from fl_alliance.deployment.certificates import (
    CA,
    CA_KEY,
    LINK,
    LINK_KEY,
    hosts_of,
    make_authority,
    make_link,
    make_node_key,
    read_certificate,
)
from fl_alliance.deployment.fence import Fence, is_admitted
from fl_alliance.deployment.keys import KeySource, new_keystore
from fl_alliance.deployment.link import Link
from fl_alliance.deployment.processes import environment
from fl_alliance.folders import FolderError

EVERYWHERE = "0.0.0.0"  # noqa: S104  never bound
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder, "consortium")
    make_link(folder, ["link.example.org", "192.0.2.10"])
    return folder


@pytest.fixture
def server(tls: Path) -> Iterator[int]:
    """A TLS server with the SuperLink's certificate, which greets whoever gets through the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / LINK, tls / LINK_KEY)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            try:
                context.wrap_socket(one, server_side=True).close()
            except OSError:
                one.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def shake(port: int, name: str, authority: Path) -> str | None:
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    with socket.create_connection(("127.0.0.1", port), 5) as raw, context.wrap_socket(raw, server_hostname=name) as one:
        return one.version()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "link.example.org", "192.0.2.10"])
def test_a_hospital_trusts_the_superlink_by_each_of_its_names(server: int, tls: Path, name: str) -> None:
    assert shake(server, name, tls / CA) == "TLSv1.3"


def test_a_superlink_by_another_name_or_of_another_authority_is_not_trusted(
    server: int, tls: Path, tmp_path: Path
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        shake(server, "evil.example.org", tls / CA)
    make_authority(tmp_path, "consortium")  # of the same name, with another key
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, "link.example.org", tmp_path / CA)


def test_certificates_say_what_they_are_for_and_until_when(tls: Path) -> None:
    authority, link = read_certificate(tls / CA), read_certificate(tls / LINK)
    assert hosts_of(link) == ["link.example.org", "192.0.2.10", "localhost", "127.0.0.1", "::1"]
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    assert not link.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    left = link.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=396) < left < timedelta(days=397)
    assert link.not_valid_before_utc < datetime.now(UTC) - timedelta(minutes=9)  # a clock may be a bit late


def test_private_keys_are_their_owners_alone_and_nothing_is_overwritten(tls: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        public = make_node_key(tmp_path / "node-key")
        new_keystore(tmp_path / "keystore.json", PASSWORD)
    finally:
        os.umask(old)
    for path in (tls / CA_KEY, tls / LINK_KEY, tmp_path / "node-key", tmp_path / "keystore.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for again in (
        lambda: make_authority(tls, "x"),
        lambda: make_link(tls, []),
        lambda: make_node_key(tmp_path / "node-key"),
        lambda: new_keystore(tmp_path / "keystore.json", PASSWORD),
    ):
        with pytest.raises(FolderError, match="nothing is ever overwritten"):
            again()
    key = load_ssh_private_key((tmp_path / "node-key").read_bytes(), None)
    assert public_bytes(public)
    assert key.public_key().curve.name == "secp384r1"  # type: ignore[union-attr]


def test_a_key_that_is_no_supernodes_is_not_admitted(tmp_path: Path) -> None:
    (tmp_path / "bad.pub").write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtvZ0ZfVg2m4yA0ZW7O6p7ZEgqm1K0Z5GmVwsvDf9xE x"
    )
    with pytest.raises(ValueError, match="needed"):
        public_bytes(tmp_path / "bad.pub")
    (tmp_path / "bad.pub").write_bytes(b"\xff\x00")
    with pytest.raises(ValueError, match="needed an OpenSSH public key"):
        public_bytes(tmp_path / "bad.pub")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["authority", "DIR", "--name", ""], "needs 1 to 64 characters"),
        (["authority", "DIR", "--days", "0"], "--days 0: needs 1 to 3650"),
        (["superlink", "DIR", "--host", "link:9092"], "without a port"),
        (["superlink", "DIR", "--host=-x.org"], "needs a DNS name or an IP address"),
        (["superlink", "NONE"], "ca-key.pem: no such file"),
    ],
)
def test_certificates_that_cannot_be_made_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], found: str
) -> None:
    make_authority(tmp_path / "have", "x")
    folder = tmp_path / ("new" if words[0] == "authority" else "have")
    given = [str(folder) if word == "DIR" else str(tmp_path / "none") if word == "NONE" else word for word in words]
    assert main(["certificates", *given]) == 2
    assert found in capsys.readouterr().err


def test_a_keystore_opens_with_its_password_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, secret = tmp_path / "keystore.json", tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    address = new_keystore(file, PASSWORD)
    assert KeySource(keystore=file, password_file=secret).open().address == address
    monkeypatch.setenv("RELAYER", str(file))
    monkeypatch.setenv("RELAYER_PASSWORD_FILE", str(secret))
    assert NodeKey.from_env("RELAYER").address == address
    with pytest.raises(ConfigError, match="needs --password-file FILE"):
        KeySource(keystore=file).open()
    secret.chmod(0o644)
    with pytest.raises(FolderError, match="mode 0644 lets others read it, needed 0600"):
        KeySource(keystore=file, password_file=secret).open()
    secret.chmod(0o600)
    secret.write_text("another one\n")
    with pytest.raises(KeyUnusable) as refused:
        KeySource(keystore=file, password_file=secret).open()
    assert "another one" not in str(refused.value)


def test_a_person_at_a_terminal_is_asked_for_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = new_keystore(tmp_path / "keystore.json", PASSWORD)
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return PASSWORD

    monkeypatch.setattr("fl_alliance.deployment.keys.getpass", typed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert KeySource(keystore=tmp_path / "keystore.json").open().address == address
    assert asked == [f"password of {tmp_path / 'keystore.json'}: "]


def test_a_child_process_gets_no_variable_that_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOSPITAL", "HOSPITAL_PASSWORD", "HOSPITAL_PASSWORD_FILE", "OTHER"):
        monkeypatch.setenv(name, "5e" * 32)
    left = environment(tmp_path, KeySource("HOSPITAL").variables)
    assert "OTHER" in left
    assert not [name for name in left if name.startswith("HOSPITAL")]


def test_a_short_password_makes_no_keystore(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a password of 5 characters: needs 12 or more"):
        new_keystore(tmp_path / "keystore.json", "short")
    assert not (tmp_path / "keystore.json").exists()


@pytest.mark.parametrize(
    ("host", "has_tls", "has_keys", "found"),
    [
        (EVERYWHERE, False, False, "needs --certificates DIR"),
        ("::", True, False, "needs --node-keys DIR"),
        ("192.0.2.1", False, True, "needs --certificates DIR"),
        ("192.0.2.1", True, False, "needs --node-keys DIR"),
        ("127.0.0.1", False, True, "needs --certificates DIR"),
    ],
)
def test_a_superlink_that_others_reach_needs_tls_and_known_supernodes(
    tls: Path, host: str, has_tls: bool, has_keys: bool, found: str
) -> None:
    link = Link(host, 9092, tls if has_tls else None, tls if has_keys else None)
    with pytest.raises(ConfigError, match=found):
        link.require_safe()


def test_a_superlink_knows_its_own_addresses(tls: Path) -> None:
    everywhere = Link(EVERYWHERE, 9092, tls, tls)
    everywhere.require_safe()
    assert (everywhere.local, everywhere.public) == ("127.0.0.1:9092", "link.example.org:9092")
    assert Link("::", 9092, tls, tls).local == "[::1]:9092"
    assert Link("127.0.0.1", 9092, tls, tls).public == "127.0.0.1:9092"
    assert "--enable-supernode-auth" in everywhere.arguments
    assert Link().arguments[-1] == "--insecure"


def asked(path: str, client: str, server: str = "192.0.2.10", kind: str = "http") -> dict[str, Any]:
    return {"type": kind, "path": path, "client": (client, 40_000), "server": (server, 9092)}


@pytest.mark.parametrize("path", ["/v1/control/start-run", "/v1/control/register-node", "/v1/runtime/acquire-task"])
def test_only_the_superlinks_own_machine_starts_apps_and_admits_supernodes(path: str) -> None:
    assert not is_admitted(asked(path, "192.0.2.77"))
    assert is_admitted(asked(path, "127.0.0.1", "127.0.0.1"))
    assert is_admitted(asked(path, "192.0.2.10"))  # from its own address to its own address
    assert not is_admitted({"type": "http", "path": path, "client": None, "server": ("192.0.2.10", 9092)})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/fleet/pull-messages", True),
        ("/health", True),
        ("/v1/fleet/../control/start-run", False),
        ("/docs", False),
        ("/v1/fleet", False),
        ("/", False),
    ],
)
def test_supernodes_reach_the_fleet_api_from_elsewhere(path: str, expected: bool) -> None:
    assert is_admitted(asked(path, "192.0.2.77")) is expected


def test_a_refused_request_reaches_nothing_behind_the_fence() -> None:
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> Any:
        raise AssertionError("nothing of it is read")

    async def send(message: Any) -> None:
        sent.append(message)

    fence = Fence(behind)
    asyncio.run(fence(asked("/v1/control/stop-run", "192.0.2.77"), receive, send))
    assert [message.get("status") for message in sent] == [403, None]
    assert not reached
    asyncio.run(fence(asked("/v1/fleet/get-run", "192.0.2.77"), receive, send))
    assert reached == ["/v1/fleet/get-run"]


def test_a_certificate_that_is_not_for_this_machine_is_found_at_the_start(server: int, tmp_path: Path) -> None:
    make_authority(tmp_path, "another")
    make_link(tmp_path, [])
    with pytest.raises(ConfigError, match=f"at 127.0.0.1:{server}: "):
        Link("127.0.0.1", server, tmp_path, tmp_path).is_healthy()
