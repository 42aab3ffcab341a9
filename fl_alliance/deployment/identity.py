"""Whose SuperNode a message comes from: the key that the SuperLink knows it by is bound on chain to an account.

Both sign. The account signs the binding, which the contract checks; the SuperNode's key signs whose it is, which the
contract cannot check and keeps by digest. A hospital hands over both when it joins; the ServerApp checks them before it
takes the node in, and keeps them beside the run for whoever checks them again (`bindings.py`).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from flwr.serverapp import Grid

from fl_alliance.chain import strict_json
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey, check_statement, key_digest
from fl_alliance.chain.errors import ChainError, KeyUnusable, SigningError
from fl_alliance.chain.sites import NO_KEY, Pen, Sites, SitesView, proof_digest
from fl_alliance.chain.vouchers import Voucher
from fl_alliance.deployment.anchoring import allowance_wei
from fl_alliance.deployment.statements import VALID_S
from fl_alliance.records import write_whole
from fl_alliance.validation import ConfigError

FILE = "binding.json"
_LONGEST, _LOOK_S, _TRANSFER_GAS = 8_192, 3.0, 21_000


class IdentityRefused(ConfigError):
    """A SuperNode whose key is not bound to the account that it speaks for."""


@dataclass(frozen=True, slots=True)
class SignedBinding:
    """A SuperNode's public key with what it signed, and its account's signature; nothing of it is secret.

    Attributes
    ----------
    public : str
        The key's DER bytes in hex.
    statement : str
        Its signature of the statement whose it is, in hex.
    previous : str
        Digest in hex of the key that it replaces; zeros where there is none.
    deadline : int
        Last second at which the account's signature counts; 0 where the key is bound on chain already.
    signature : str
        The account's, in hex; empty where the key is bound already.
    """

    public: str
    statement: str
    previous: str = NO_KEY.hex()
    deadline: int = 0
    signature: str = ""

    @property
    def key(self) -> bytes:
        """Digest of the key."""
        return key_digest(bytes.fromhex(self.public))

    @property
    def proof(self) -> bytes:
        """Digest of the statement's signature."""
        return proof_digest(bytes.fromhex(self.statement))

    def encode(self) -> bytes:
        """Return the binding as it travels and as it is kept."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return the binding in what a node sent; raises `IdentityRefused` where it is none."""
        if not content or len(content) > _LONGEST:
            raise IdentityRefused(f"a binding of {len(content)} bytes: needed 1 to {_LONGEST}")
        try:
            found = cls(**strict_json.parse(content))
            lengths = [
                len(bytes.fromhex(text)) for text in (found.public, found.statement, found.previous, found.signature)
            ]
            if lengths[2] != len(NO_KEY) or lengths[3] not in (0, 64) or not isinstance(found.deadline, int):
                raise ValueError("a field of a wrong length")
            found.key  # noqa: B018  raises where it is no key
        except (ValueError, TypeError, KeyUnusable) as error:
            raise IdentityRefused(f"a binding that cannot be read ({type(error).__name__})") from error
        return found


def sign_binding(key: NodeKey, auth: AuthKey, view: SitesView, now: int) -> SignedBinding:
    """Return what binds a SuperNode's key to an account; the account's signature only where the chain lacks it.

    Raises
    ------
    IdentityRefused
        The key is or was bound to another account, or was revoked.
    """
    statement = auth.sign(view.domain, key.address)
    bound, owner = view.binding(key.address), view.owner_of(auth.digest)
    if bound.key == auth.digest:
        return SignedBinding(auth.public.hex(), statement.hex())
    if owner is not None:
        raise IdentityRefused(
            f"SuperNode key {auth.digest.hex()}: is or was that of {owner}; needed a new one (certificates node)"
        )
    by = Pen(key, key.address, view, now + VALID_S).bind(auth.digest, proof_digest(statement), bound.key)
    return SignedBinding(auth.public.hex(), statement.hex(), bound.key.hex(), by.deadline, by.signature.hex())


def keep_binding(home: Path, binding: SignedBinding) -> None:
    """Write a binding into the hospital's folder, for its node to hand over."""
    write_whole(home / FILE, binding.encode())


def kept_binding(home: Path) -> bytes:
    """Return the binding in a hospital's folder as it travels; empty where there is none."""
    path = home / FILE
    return path.read_bytes() if path.is_file() else b""


class Registrar:
    """Takes in nodes whose keys are bound, and knows later whether they still are.

    Parameters
    ----------
    sites : Sites
        The consortium's contract, to which the relayer sends what hospitals signed.
    grid : Grid
        Flower's, which tells by which key the SuperLink knows a node.
    anchors : int
        For how many anchors of its log a site's account shall have gas; who has less is given it, once.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, sites: Sites, grid: Grid, anchors: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._sites, self._grid, self._anchors, self._clock = sites, grid, anchors, clock
        self._provided: set[str] = set()
        self._seen: dict[int, tuple[float, str | None]] = {}

    @property
    def view(self) -> SitesView:
        """The consortium's contract."""
        return self._sites

    def admit(self, node_id: int, address: str, content: bytes) -> SignedBinding:
        """Make sure that a node's key is the account's, and bind it on chain where it is not yet.

        Raises
        ------
        IdentityRefused
            Another key than the SuperLink's, no statement of it, or the chain refuses the binding.
        """
        binding = SignedBinding.decode(content)
        known = self._keys().get(node_id)
        if known != binding.key:
            shown = known.hex() if known else "none"
            raise IdentityRefused(f"the SuperLink knows its SuperNode by key {shown}, it shows {binding.key.hex()}")
        try:
            check_statement(
                bytes.fromhex(binding.public), bytes.fromhex(binding.statement), self._sites.domain, address
            )
            if self._sites.site_of(binding.key) != address:
                by = Voucher(address, binding.deadline, bytes.fromhex(binding.signature).ljust(64, b"\0"))
                self._sites.bind(binding.key, binding.proof, bytes.fromhex(binding.previous), by)
            self._provide(address)
        except (SigningError, ChainError) as error:
            raise IdentityRefused(str(error)) from error
        self._seen.pop(node_id, None)
        return binding

    def _provide(self, address: str) -> None:
        """Give an account the gas for its anchors: a hospital needs no currency of the chain."""
        if not self._anchors or address in self._provided:
            return
        self._provided.add(address)
        sender = self._sites.sender
        lacks = allowance_wei(sender, self._anchors) - sender.rpc.number("eth_getBalance", address, "latest")
        if lacks > 0:
            sender.send(address, b"", _TRANSFER_GAS, "gas for anchors", lacks)

    def is_registered(self, node_id: int, address: str) -> bool:
        """Return whether the key by which the SuperLink knows a node is the account's, on chain, seconds ago."""
        now = self._clock()
        seen_at, site = self._seen.get(node_id, (-_LOOK_S, None))
        if now - seen_at >= _LOOK_S:
            key = self._keys().get(node_id)
            site = self._sites.site_of(key) if key is not None else None
            self._seen[node_id] = (now, site)
        return site == address

    def _keys(self) -> Mapping[int, bytes]:
        """Return the digest of each node's key; a SuperNode without authentication has none that counts."""
        found = {}
        for node in self._grid.get_nodes():
            try:
                found[node.node_id] = key_digest(node.public_key)
            except KeyUnusable:
                continue
        return found
