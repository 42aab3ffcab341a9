"""The key that a SuperNode proves itself with to the SuperLink, as the chain and other sites know it.

Flower takes keys of the NIST curves only, and has them sign nothing but the time of a request. Here such a key signs
one statement more: which account's it is. The chain keeps the digests of the key and of that signature; to check an
ECDSA signature over P-384 there is no affordable way on any chain, and for P-256 there is one from Osaka on only.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fl_alliance.chain.errors import KeyUnusable, StatementInvalid
from fl_alliance.chain.messages import Domain

_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_NEEDED = "an EC key of P-256, P-384 or P-521"


@dataclass(frozen=True)
class AuthKey:
    """A SuperNode's private key; neither its repr nor any error of this module shows it.

    Parameters
    ----------
    secret : ec.EllipticCurvePrivateKey
        Of P-256, P-384 or P-521.
    """

    secret: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"AuthKey(digest={self.digest.hex()[:16]}...)"

    def __reduce__(self) -> str:
        raise TypeError("a SuperNode's key does not travel: send its digest")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the key in a file as `--auth-supernode-private-key` takes it: PEM or OpenSSH, without a password.

        Raises
        ------
        KeyUnusable
            No such file, or no such key in it.
        """
        try:
            content = path.read_bytes()
        except OSError as reason:
            raise KeyUnusable(str(path), type(reason).__name__, f"a readable file with {_NEEDED}") from None
        is_ssh = b"OPENSSH" in content.split(b"\n", 1)[0]
        load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
        try:
            key = load(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # The reason's own text could quote the file, so it is not chained.
            raise KeyUnusable(str(path), "a file that did not open", f"{_NEEDED}, without a password") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, _CURVES):
            raise KeyUnusable(str(path), f"a {type(key).__name__}", _NEEDED)
        return cls(key)

    @cached_property
    def public(self) -> bytes:
        """The public key's DER bytes (SubjectPublicKeyInfo)."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.secret.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def digest(self) -> bytes:
        """sha256 of the public key's DER bytes: what is bound on chain."""
        return hashlib.sha256(self.public).digest()

    def sign(self, domain: Domain, site: str) -> bytes:
        """Return the DER signature (ECDSA with SHA-256) of the statement that this is the key of `site`."""
        return self.secret.sign(statement(domain, site), ec.ECDSA(hashes.SHA256()))


def statement(domain: Domain, site: str) -> bytes:
    """Return what a SuperNode's key signs to be bound to an account, in a contract on a chain."""
    return f"FL Alliance: this SuperNode key is of {site}\nchain {domain.chain_id}\nsites {domain.contract}\n".encode()


def key_digest(public: bytes) -> bytes:
    """Return sha256 of the DER bytes of a public key, given as DER or as PEM, which Flower shows.

    Raises
    ------
    KeyUnusable
        This is no public key of those curves.
    """
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(_read(public).public_bytes(serialization.Encoding.DER, form)).digest()


def check_statement(public: bytes, signature: bytes, domain: Domain, site: str) -> None:
    """Make sure that the owner of a public key, DER or PEM, has signed that it is the key of `site`.

    Raises
    ------
    KeyUnusable
        This is no public key of those curves.
    StatementInvalid
        The signature is of something else, or of another key.
    """
    try:
        _read(public).verify(signature, statement(domain, site), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise StatementInvalid(site) from None


def _read(public: bytes) -> ec.EllipticCurvePublicKey:
    load = serialization.load_pem_public_key if public.startswith(b"-----") else serialization.load_der_public_key
    try:
        key = load(public)
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise KeyUnusable("a SuperNode's public key", f"{len(public)} bytes that are none", _NEEDED) from reason
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise KeyUnusable("a SuperNode's public key", f"a {type(key).__name__}", _NEEDED)
    return key
