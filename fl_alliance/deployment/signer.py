"""The hospital's key stays in the process of `join`; the node's short-lived processes ask it to sign, over a socket.

Flower starts a process for every message. None of them has the key in its memory, its arguments or its environment, a
keystore is opened once, and a password that somebody typed is not needed again. The socket is in a folder that only
the hospital's own user can enter. What the node may sign, `Terms` decides before it asks.
"""

import shutil
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from types import TracebackType
from typing import Self

from fl_alliance.chain.accounts import SigningKey
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.vrf import Proof
from fl_alliance.folders import FolderError

LINK = "signer"
_WHO, _SIGN, _PROVE, _STOP = b"who", b"sign", b"prove", b"stop"
_LONGEST = 4096
_PATIENCE_S = 10.0


class SignerService:
    """Signs for the node's processes while a `with` block lasts.

    Parameters
    ----------
    key : SigningKey
    home : Path
        The hospital's folder; a link in it leads to the socket, whose own path has to be short.
    """

    def __init__(self, key: SigningKey, home: Path) -> None:
        self._key, self._link = key, home / LINK
        self._thread = threading.Thread(target=self._serve, daemon=True, name="signer")

    def __enter__(self) -> Self:
        self._clear()
        self._folder = Path(tempfile.mkdtemp(prefix="fl-alliance-"))  # its mode is 0700
        self._listener = Listener(str(self._folder / LINK), "AF_UNIX")
        self._link.symlink_to(self._folder / LINK)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with Client(str(self._folder / LINK), "AF_UNIX") as line:
            line.send_bytes(_STOP)
        self._thread.join(_PATIENCE_S)
        self._listener.close()
        self._clear()

    def _clear(self) -> None:
        """Remove the link and the folder that it leads to, this one's or that of a process that was killed."""
        if self._link.is_symlink():
            shutil.rmtree(self._link.readlink().parent, ignore_errors=True)
            self._link.unlink()

    def _serve(self) -> None:
        while True:
            try:
                with self._listener.accept() as line:
                    # One question a line; whoever says nothing does not keep the others waiting for long.
                    question = line.recv_bytes(_LONGEST) if line.poll(_PATIENCE_S) else b""
                    if question == _STOP:
                        return
                    line.send_bytes(self._answer(question))
            except (OSError, EOFError, ChainError):
                continue  # who asked is gone, or asked for what no key can answer: the line is closed without a reply

    def _answer(self, question: bytes) -> bytes:
        word, _, content = question.partition(b" ")
        if question == _WHO:
            return self._key.vrf.public_x.to_bytes(32, "big") + self._key.address.encode()
        if word == _SIGN and len(content) == 32:
            return self._key.sign_digest(content)
        if word == _PROVE and content:
            return self._key.vrf.prove(content).encode(self._key.vrf.public_x, content)
        raise EOFError


@dataclass(frozen=True)
class HeldKey:
    """The key that a hospital's `join` holds, as the node's processes see it: they name what is to be signed.

    Parameters
    ----------
    home : Path
        The hospital's folder.

    Raises
    ------
    FolderError
        Of every member: no `join` is running in that folder.
    """

    home: Path

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        return self._public[32:].decode()

    @property
    def vrf(self) -> "HeldKey":
        """The VRF key: this object can do both."""
        return self

    @property
    def public_x(self) -> int:
        """The VRF key's x."""
        return int.from_bytes(self._public[:32], "big")

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 64-byte EIP-2098 signature of a 32-byte digest."""
        return self._ask(_SIGN + b" " + digest)

    def prove(self, alpha: bytes) -> Proof:
        """Evaluate the VRF at `alpha`."""
        return Proof.decode(self.public_x, alpha, self._ask(_PROVE + b" " + alpha))

    @cached_property
    def _public(self) -> bytes:
        return self._ask(_WHO)

    def _ask(self, question: bytes) -> bytes:
        link = self.home / LINK
        try:
            line: Connection
            with Client(str(link.readlink()), "AF_UNIX") as line:
                line.send_bytes(question)
                return line.recv_bytes(_LONGEST)
        except (OSError, EOFError) as error:
            reason = type(error).__name__
            raise FolderError(f"{link}: nobody signs there ({reason}); needed a running fl-alliance join") from None
