"""Tell the SuperLink whose SuperNodes may connect: the public keys in a folder, while they are there.

A hospital sends its public key; a file that is added lets it in, a file that is removed shuts it out.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from fl_alliance.deployment.link import Link

if TYPE_CHECKING:
    from flwr.supercore.control import ControlHttpClient

_POLL_S = 2.0
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


class Admission:
    """Keeps the SuperLink's list of SuperNodes the same as the folder, in the background, while a `with` block lasts.

    A SuperLink that ends meanwhile and is started again is told as soon as it answers.

    Parameters
    ----------
    link : Link
        One with a folder of keys.
    say : callable
        Told who is let in and who is shut out.
    """

    def __init__(self, link: Link, say: Callable[[str], None]) -> None:
        self._link, self._say = link, say
        self._stop = threading.Event()
        self._nodes: dict[bytes, tuple[str, int]] = {}
        self._refused: dict[str, str] = {}
        self._thread = threading.Thread(target=self._work, daemon=True, name="admission")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(2 * _POLL_S)

    def _work(self) -> None:
        from flwr.supercore.control import ControlHttpClient
        from flwr.supercore.interceptors import RuntimeVersionHttpInterceptor

        root = self._link.root
        client = ControlHttpClient.from_server_address(
            server_address=self._link.local,
            insecure=root is None,
            root_certificates=None if root is None else root.read_bytes(),
            interceptors=[RuntimeVersionHttpInterceptor(component_name="flwr CLI")],
        )
        try:
            while True:
                self._look(client)
                if self._stop.wait(_POLL_S):
                    return
        finally:
            client.close()

    def _look(self, client: "ControlHttpClient") -> None:
        """Make the SuperLink's list the folder's; one that was started anew knows nobody, and is told again."""
        from flwr.proto.control_pb2 import ListNodesRequest, RegisterNodeRequest, UnregisterNodeRequest

        try:
            there = {node.node_id for node in client.ListNodes(ListNodesRequest()).nodes_info}
        except Exception:  # httpx's and Flower's: the SuperLink is away, and is looked for again
            return
        self._nodes = {key: known for key, known in self._nodes.items() if known[1] in there}
        wanted = dict(self._keys())
        for key, name in wanted.items():
            if key in self._nodes:
                continue
            try:
                reply = client.RegisterNode(RegisterNodeRequest(public_key=key, name=Path(name).stem))
            except Exception as error:  # as above: what is wrong with one ends nobody else's admission
                self._tell_refused(name, error)
                continue
            self._nodes[key] = (name, reply.node_id)
            self._say(f"SuperNodes with the key in {name} may connect")
        for key in self._nodes.keys() - wanted.keys():
            name, node_id = self._nodes[key]
            try:
                client.UnregisterNode(UnregisterNodeRequest(node_id=node_id))
            except Exception as error:  # as above
                self._tell_refused(name, error)
                continue
            del self._nodes[key]
            self._say(f"{name} is gone: its SuperNode may not connect any more")

    def _keys(self) -> Iterator[tuple[bytes, str]]:
        """Yield the keys in the folder with their files' names."""
        folder = self._link.node_keys
        for path in sorted(folder.glob("*.pub")) if folder is not None else ():
            try:
                yield public_bytes(path), path.name
            except ValueError as error:
                self._tell_refused(path.name, error)

    def _tell_refused(self, name: str, error: Exception) -> None:
        text = str(error).partition("\n")[0]
        if self._refused.get(name) != text:
            self._refused[name] = text
            self._say(f"{name}: not accepted: {text}")


def public_bytes(path: Path) -> bytes:
    """Return a SuperNode's public key as Flower names it.

    Raises
    ------
    ValueError
        The file holds no OpenSSH public key on a NIST curve.
    """
    from flwr.supercore.primitives.asymmetric import public_key_to_bytes

    try:
        key = load_ssh_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm, OSError) as error:
        raise ValueError(f"{error}; needed an OpenSSH public key, as fl-alliance certificates node writes") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise ValueError(f"a key of another kind; needed one on {' or '.join(_CURVES)}")
    return public_key_to_bytes(key)
