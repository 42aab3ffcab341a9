"""The SuperLink: whether it answers, its certificate, and what time it has."""

import http.client
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fl_alliance.config import ConfigError
from fl_alliance.deployment.certificates import hosts_of, read_certificate
from fl_alliance.deployment.doctor.finding import Finding, ok, unknown, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.processes import is_loopback
from fl_alliance.folders import FolderError

SOON_DAYS = 14
"""A certificate that expires sooner is a finding: a task may last as long."""
AHEAD_S, BEHIND_S = 5.0, 300.0
"""How far a SuperNode's clock may be from the SuperLink's, else Flower refuses its signature."""
_WAIT_S = 10.0


def check_superlink(site: Site) -> Iterator[Finding]:
    """Look at the authority's certificate, shake hands, compare clocks."""
    try:
        is_here = is_loopback(site.wish.superlink)
    except ConfigError as error:
        yield wrong("superlink", str(error), "ask the coordinator for its address")
        return
    if site.wish.certificates is not None:
        authority = _authority(site)
        yield authority
        if authority.todo:
            return
    elif not is_here:
        yield wrong("authority", "no certificate given", "ask the coordinator for ca.pem; --root-certificates ca.pem")
        return
    yield from _answer(site)


def _authority(site: Site) -> Finding:
    path = site.wish.certificates
    assert path is not None  # noqa: S101  asked for where there is one
    try:
        certificate = read_certificate(path)
    except FolderError as error:
        return wrong("authority", str(error), "ask the coordinator for ca.pem")
    return _dated("authority", certificate.not_valid_after_utc, site, f"{path}, ")


def _dated(name: str, until: datetime, site: Site, about: str) -> Finding:
    days = (until - datetime.fromtimestamp(site.clock(), UTC)).days
    text = f"{about}valid until {until:%Y-%m-%d}"
    if days < SOON_DAYS:
        return wrong(name, f"{text}, {days} days", "the coordinator makes a new one: fl-alliance certificates")
    return ok(name, text)


def _answer(site: Site) -> Iterator[Finding]:
    host, _, port = site.wish.superlink.rpartition(":")
    root = site.wish.certificates
    line: http.client.HTTPConnection
    if root is None:
        line = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=_WAIT_S)
    else:
        context = ssl.create_default_context(cafile=str(root))
        line = http.client.HTTPSConnection(host.strip("[]"), int(port), timeout=_WAIT_S, context=context)
    try:
        line.connect()
        shown = _shown(line)
        line.request("GET", "/health")
        date = line.getresponse().getheader("Date")
    except ssl.SSLCertVerificationError as error:
        todo = "the certificate must name this host and be of this authority, else do not join; ask the coordinator"
        yield wrong("superlink", f"{site.wish.superlink}: {error.verify_message}", todo)
        return
    except (OSError, http.client.HTTPException) as error:
        todo = "let this machine connect to it through the firewall; ask the coordinator whether it runs"
        yield wrong("superlink", f"{site.wish.superlink}: {error or type(error).__name__}", todo)
        yield unknown("its clock", "the SuperLink does not answer")
        return
    finally:
        line.close()
    if shown is None:
        yield ok("superlink", f"{site.wish.superlink} answers, without TLS, on this machine")
    else:
        hosts, until = shown
        yield _dated("superlink", until, site, f"{site.wish.superlink} answers, certificate for {', '.join(hosts)}, ")
    yield _clock(site, date)


def _shown(line: http.client.HTTPConnection) -> tuple[list[str], datetime] | None:
    from cryptography import x509

    if not isinstance(line, http.client.HTTPSConnection) or not isinstance(line.sock, ssl.SSLSocket):
        return None
    content = line.sock.getpeercert(binary_form=True)
    if content is None:
        return None
    certificate = x509.load_der_x509_certificate(content)
    return hosts_of(certificate), certificate.not_valid_after_utc


def _clock(site: Site, date: str | None) -> Finding:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return unknown("its clock", "the SuperLink does not say what time it has")
    ahead = site.clock() - theirs  # to the second, as its Date header is
    if not -BEHIND_S < ahead < AHEAD_S + 1:
        found = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the SuperLink's"
        return wrong("its clock", found, "set this machine's clock (NTP); Flower refuses what is signed so far off")
    return ok("its clock", f"within {max(1, round(abs(ahead)))} s of this machine's")
