"""A SuperLink lets in the SuperNodes whose public keys are in the coordinator's folder, and nobody else."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from flwr.proto.fleet_pb2 import ActivateNodeRequest, RegisterNodeFleetRequest
from flwr.supercore.interceptors import RuntimeVersionHttpInterceptor
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supernode.fleet_http_client import FleetHttpClient
from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

from fl_alliance.deployment.admitting import Admission
from fl_alliance.deployment.certificates import make_authority, make_link, make_node_key
from fl_alliance.deployment.link import Link
from fl_alliance.deployment.processes import Supervised, environment, free_port


@dataclass
class Guarded:
    """A SuperLink that authenticates SuperNodes, and what is said about them."""

    link: Link
    told: list[str]
    superlink: Supervised

    def wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, self.told
            time.sleep(0.1)

    def activate(self, key: Path, claimed: Path | None = None) -> int:
        """Connect as a SuperNode with this key does, claiming the other one's; return its node id."""
        with self._client(key) as client:
            request = ActivateNodeRequest(public_key=public(claimed or key), heartbeat_interval=30.0)
            return client.ActivateNode(request).node_id

    def register(self, key: Path) -> None:
        """Register as a SuperNode does by itself where nobody has to be known."""
        with self._client(key) as client:
            client.RegisterNode(RegisterNodeFleetRequest(public_key=public(key)))

    def _client(self, key: Path) -> FleetHttpClient:
        private, root = private_key(key), self.link.root
        assert root is not None
        interceptors = [
            RuntimeVersionHttpInterceptor(component_name="SuperNode"),
            NodeAuthHttpInterceptor(private, private.public_key()),
        ]
        return FleetHttpClient.from_server_address(self.link.local, False, root.read_bytes(), interceptors=interceptors)


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_ssh_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def public(path: Path) -> bytes:
    return public_key_to_bytes(private_key(path).public_key())


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    make_authority(tmp_path / "tls", "consortium")
    make_link(tmp_path / "tls", [])
    (tmp_path / "known").mkdir()
    link, told = Link("127.0.0.1", free_port(), tmp_path / "tls", tmp_path / "known"), []
    superlink = Supervised("superlink", link.arguments, environment(tmp_path), tmp_path / "superlink.log", told.append)
    superlink.look()
    made = Guarded(link, told, superlink)
    try:
        made.wait(link.is_healthy)
        with Admission(link, told.append):
            yield made
    finally:
        superlink.stop()


@pytest.mark.slow
def test_a_supernode_is_let_in_while_its_key_is_in_the_folder(guarded: Guarded, tmp_path: Path) -> None:
    known, late, stranger = tmp_path / "known-key", tmp_path / "late-key", tmp_path / "strange-key"
    shutil.move(make_node_key(known), tmp_path / "known" / "north.pub")
    for key in (late, stranger):
        make_node_key(key)
    guarded.wait(lambda: "SuperNodes with the key in north.pub may connect" in guarded.told)
    assert guarded.activate(known)

    for refused in (lambda: guarded.activate(stranger), lambda: guarded.activate(stranger, claimed=known)):
        with pytest.raises(httpx.HTTPStatusError):
            refused()
    with pytest.raises(httpx.HTTPStatusError):  # nobody admits itself
        guarded.register(stranger)

    shutil.copy(late.with_name("late-key.pub"), tmp_path / "known" / "late.pub")
    (tmp_path / "known" / "broken.pub").write_text("no key")
    guarded.wait(lambda: "SuperNodes with the key in late.pub may connect" in guarded.told)
    assert guarded.activate(late)
    guarded.wait(lambda: any(words.startswith("broken.pub: not accepted:") for words in guarded.told))

    (tmp_path / "known" / "late.pub").unlink()
    guarded.wait(lambda: "late.pub is gone: its SuperNode may not connect any more" in guarded.told)
    with pytest.raises(httpx.HTTPStatusError):
        guarded.activate(late)


@pytest.mark.slow
def test_a_key_that_is_replaced_takes_the_old_ones_place(guarded: Guarded, tmp_path: Path) -> None:
    old, new = tmp_path / "old-key", tmp_path / "new-key"
    shutil.copy(make_node_key(old), tmp_path / "known" / "north.pub")
    guarded.wait(lambda: "SuperNodes with the key in north.pub may connect" in guarded.told)
    shutil.copy(make_node_key(new), tmp_path / "known" / "north.pub")
    guarded.wait(lambda: "north.pub is gone: its SuperNode may not connect any more" in guarded.told)
    assert guarded.activate(new)
    with pytest.raises(httpx.HTTPStatusError):
        guarded.activate(old)


@pytest.mark.slow
def test_a_superlink_that_was_started_again_is_told_again(guarded: Guarded, tmp_path: Path) -> None:
    known = tmp_path / "known-key"
    shutil.copy(make_node_key(known), tmp_path / "known" / "north.pub")
    words = "SuperNodes with the key in north.pub may connect"
    guarded.wait(lambda: words in guarded.told)
    guarded.superlink.stop()
    guarded.superlink.look()
    guarded.wait(lambda: guarded.told.count(words) == 2)
    assert guarded.activate(known)
