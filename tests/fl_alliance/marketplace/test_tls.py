"""A gateway over TLS."""

import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fairground import Fairground

from fl_alliance.marketplace.loading import Backend
from fl_alliance.marketplace.serving import Gateway, Setup


def certificate(root: Path) -> tuple[Path, Path]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    paths = root / "cert.pem", root / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    return paths


def test_a_gateway_answers_over_tls_and_not_in_the_clear(ground: Fairground, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    setup = Setup(port=0, certificate=str(cert), certificate_key=str(key), backend=Backend(ground.backend.url))
    gateway = Gateway(ground.stall(), setup, [], ground.told.append)
    with gateway.listening() as (server, url):
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.is_started:
            time.sleep(0.01)
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        assert httpx.get(f"{url}/v1/models", verify=context, trust_env=False).status_code == 200
        try:
            httpx.get(f"{url.replace('https', 'http')}/v1/models", trust_env=False)
        except httpx.HTTPError:
            pass
        else:
            raise AssertionError("it answered in the clear")
        server.stop()
        thread.join()
    gateway.close()
