"""Where a coordinator's SuperLink listens, with which certificate, and for whose SuperNodes."""

import http.client
import ssl
import urllib.request
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from fl_alliance.config import ConfigError
from fl_alliance.deployment.certificates import CA, LINK, LINK_KEY, LOCAL, hosts_of, read_certificate
from fl_alliance.deployment.keys import require_private
from fl_alliance.deployment.processes import is_loopback

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  recognised, not bound
_HEALTH_S = 2.0


@dataclass(frozen=True, slots=True)
class Link:
    """A SuperLink's address and what protects it.

    Attributes
    ----------
    host : str
        A name or address of this machine; 0.0.0.0 or :: for all of its own.
    port : int
    certificates : Path or None
        The folder that `fl-alliance certificates` filled; None: no TLS, on loopback only.
    node_keys : Path or None
        A folder with the public key of every SuperNode that may connect; None: any may, on loopback only.
    """

    host: str = "127.0.0.1"
    port: int = 9092
    certificates: Path | None = None
    node_keys: Path | None = None

    def require_safe(self) -> None:
        """Refuse to be reached from elsewhere without TLS and known SuperNodes.

        Raises
        ------
        ConfigError
            Something is missing for that.
        FolderError
            A certificate is missing or no certificate, or others may read its key.
        """
        if not 0 < self.port < 65_536:
            raise ConfigError(f"--port {self.port}: needs 1 to 65535")
        if self.certificates is None and (self.node_keys is not None or not is_loopback(self.local)):
            raise ConfigError(f"--host {self.host}: needs --certificates DIR (TLS) to be reached from elsewhere")
        if self.host in _EVERYWHERE and self.certificates is None:
            raise ConfigError(f"--host {self.host}: needs --certificates DIR (TLS) to be reached from elsewhere")
        if self.node_keys is None and (self.host in _EVERYWHERE or not is_loopback(self.local)):
            raise ConfigError(f"--host {self.host}: needs --node-keys DIR, the public keys of hospitals' SuperNodes")
        if self.node_keys is not None and not self.node_keys.is_dir():
            raise ConfigError(f"--node-keys {self.node_keys}: no such folder")
        if self.certificates is not None:
            read_certificate(self.certificates / CA)
            read_certificate(self.certificates / LINK)
            require_private(self.certificates / LINK_KEY)

    @property
    def arguments(self) -> list[str]:
        """The SuperLink's command line; paths only."""
        where = ["--host", self.host, "--port", str(self.port)]
        if self.certificates is None:
            return [*where, "--insecure"]
        folder = self.certificates.absolute()
        tls = ["--ssl-ca-certfile", CA, "--ssl-certfile", LINK, "--ssl-keyfile", LINK_KEY]
        paths = [word if word.startswith("--") else str(folder / word) for word in tls]
        return [*where, *paths, *(["--enable-supernode-auth"] if self.node_keys is not None else [])]

    @property
    def local(self) -> str:
        """HOST:PORT as this machine itself reaches it."""
        return self._joined(_EVERYWHERE.get(self.host, self.host))

    @property
    def public(self) -> str:
        """HOST:PORT as hospitals reach it: the first name in the certificate that is not this machine's own."""
        if self.certificates is not None and (is_loopback(self.local)):
            named = [host for host in hosts_of(read_certificate(self.certificates / LINK)) if host not in LOCAL]
            if named and self.host in _EVERYWHERE:
                return self._joined(named[0])
        return self.local

    @property
    def root(self) -> Path | None:
        """The certificate of the authority, by which clients know the SuperLink."""
        return None if self.certificates is None else self.certificates.absolute() / CA

    def connection(self, name: str) -> str:
        """Return the section of Flower's `config.toml` by which its commands reach it."""
        trust = f'root-certificates = "{self.root}"' if self.root is not None else "insecure = true"
        return f'[superlink]\ndefault = "{name}"\n\n[superlink.{name}]\naddress = "{self.local}"\n{trust}\n'

    def is_healthy(self) -> bool:
        """Return whether it answers; raises `ConfigError` where its certificate is not for this address."""
        scheme = "http" if self.root is None else "https"
        context = None if self.root is None else ssl.create_default_context(cafile=str(self.root))
        try:
            address = f"{scheme}://{self.local}/health"
            urllib.request.urlopen(address, timeout=_HEALTH_S, context=context).close()  # noqa: S310  our own
        except (OSError, http.client.HTTPException) as error:
            if isinstance(reason := getattr(error, "reason", None), ssl.SSLCertVerificationError):
                raise ConfigError(f"{self.certificates}: at {self.local}: {reason.verify_message}") from error
            return False
        return True

    def _joined(self, host: str) -> str:
        try:
            is_six = ip_address(host).version == 6
        except ValueError:
            is_six = False
        return f"[{host}]:{self.port}" if is_six else f"{host}:{self.port}"
