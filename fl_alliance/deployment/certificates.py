"""Certificates for a federation of its own: an authority, the SuperLink's certificate, and SuperNodes' keys.

TLS keys are P-256, SuperNodes' keys P-384 in OpenSSH's format, as Flower reads them. Private keys have mode 0600.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fl_alliance.config import ConfigError
from fl_alliance.deployment.keys import require_private, write_private
from fl_alliance.folders import FolderError

CA, CA_KEY, LINK, LINK_KEY = "ca.pem", "ca-key.pem", "superlink.pem", "superlink-key.pem"
AUTHORITY_DAYS, LINK_DAYS = 3650, 397
LOCAL = ("localhost", "127.0.0.1", "::1")
"""In every SuperLink's certificate: the ServerApp reaches it on its own machine."""
_CLOCKS_DIFFER = timedelta(minutes=10)


def make_authority(folder: Path, name: str, days: int = AUTHORITY_DAYS) -> None:
    """Write `ca.pem` and `ca-key.pem`: an authority that signs SuperLinks' certificates and nothing else.

    Raises
    ------
    ConfigError
        The name is empty or longer than 64 characters, or the days are none.
    FolderError
        There is one in the folder already.
    """
    if not 0 < len(name) <= 64:
        raise ConfigError(f"--name {name!r}: needs 1 to 64 characters")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    write_private(folder / CA_KEY, _pem(key))
    _write_new(folder / CA, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def make_link(folder: Path, hosts: Sequence[str], days: int = LINK_DAYS) -> datetime:
    """Write `superlink.pem` and `superlink-key.pem`, signed by the folder's authority; return when it expires.

    Parameters
    ----------
    hosts : Sequence[str]
        Names and IP addresses by which hospitals reach the SuperLink; `LOCAL` is added.

    Raises
    ------
    ConfigError
        A host is no name and no address, or the days are none.
    FolderError
        There is no authority in the folder, or a certificate already.
    """
    require_private(folder / CA_KEY)
    authority = read_certificate(folder / CA)
    signer = serialization.load_pem_private_key((folder / CA_KEY).read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise FolderError(f"{folder / CA_KEY}: no elliptic-curve key; needed what fl-alliance certificates writes")
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_general(host) for host in dict.fromkeys((*hosts, *LOCAL))]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (hosts or LOCAL)[0][:64])])
    builder = _builder(subject, authority.subject, key.public_key(), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    identified = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    signed = builder.add_extension(identified, critical=False).sign(signer, hashes.SHA256())
    write_private(folder / LINK_KEY, _pem(key))
    _write_new(folder / LINK, signed.public_bytes(serialization.Encoding.PEM))
    return signed.not_valid_after_utc


def make_node_key(path: Path) -> Path:
    """Write a SuperNode's private key and beside it the public one, whose path is returned.

    Raises
    ------
    FolderError
        One of them exists.
    """
    key, public = ec.generate_private_key(ec.SECP384R1()), public_of(path)
    if public.exists():
        raise FolderError(f"{public}: exists; needed a new file, nothing is ever overwritten")
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    write_private(path, text)
    shown = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    _write_new(public, shown + b"\n")
    return public


def public_of(path: Path) -> Path:
    """Return where the public half of a SuperNode's key is."""
    return path.with_name(path.name + ".pub")


def read_certificate(path: Path) -> x509.Certificate:
    """Return the first certificate of a PEM file; raises `FolderError` where there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise FolderError(f"{path}: {error.strerror}; needed a certificate") from error
    except ValueError as error:
        raise FolderError(f"{path}: no certificate; needed one in PEM") from error


def hosts_of(certificate: x509.Certificate) -> list[str]:
    """Return the names and addresses that a certificate is for, in its order."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) <= 63 and _is_label(label) for label in labels):
        raise ConfigError(f"--host {host}: needs a DNS name or an IP address, without a port")
    return x509.DNSName(host)


def _is_label(label: str) -> bool:
    return label.isascii() and label.replace("-", "").isalnum() and label[0] != "-" != label[-1]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    if not 0 < days <= AUTHORITY_DAYS:
        raise ConfigError(f"--days {days}: needs 1 to {AUTHORITY_DAYS}")
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _CLOCKS_DIFFER).not_valid_after(now + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_new(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise FolderError(f"{path}: exists; needed a new file, nothing is ever overwritten") from None
