"""The account's key and the SuperNode's: there, readable by this user alone, and of the right kind."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from fl_alliance.chain.errors import ChainError
from fl_alliance.config import ConfigError
from fl_alliance.deployment.certificates import public_of
from fl_alliance.deployment.doctor.finding import Finding, ok, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.keys import require_private
from fl_alliance.deployment.processes import is_loopback
from fl_alliance.folders import FolderError


def check_keys(site: Site) -> Iterator[Finding]:
    """Open the account's key; parse the SuperNode's."""
    try:
        site.key = site.wish.key.open()
    except (ChainError, ConfigError, FolderError) as error:
        todo = "fl-alliance keystore FILE makes one; give --keystore FILE and its password"
        yield wrong("account", str(error), todo)
    else:
        yield ok("account", site.key.address)
    yield _node_key(site)


def _node_key(site: Site) -> Finding:
    path = site.wish.node_key
    if path is None:
        if is_loopback(site.wish.superlink):
            return ok("node key", "none given; the SuperLink is on this machine")
        return wrong("node key", "none given", "fl-alliance certificates node FILE; send FILE.pub to the coordinator")
    try:
        require_private(path)
        key = load_ssh_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("a key of another kind")
    except FolderError as error:
        return wrong("node key", str(error), "fl-alliance certificates node FILE; send FILE.pub to the coordinator")
    except (ValueError, TypeError):
        return wrong(
            "node key",
            f"{path}: no elliptic-curve key in OpenSSH's format",
            "make it with fl-alliance certificates node",
        )
    return ok("node key", f"{path}, {key.curve.name}; the coordinator needs {public_of(path).name}")
