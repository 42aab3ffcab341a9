"""`fl-alliance doctor`: what a site checks before it joins, one line a check, and what to do where one fails."""

from collections.abc import Iterator

from fl_alliance.chain.connect import connected
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.rpc import Rpc
from fl_alliance.deployment.doctor.chain import check_chain, load_manifest
from fl_alliance.deployment.doctor.finding import Finding, State
from fl_alliance.deployment.doctor.keys import check_keys
from fl_alliance.deployment.doctor.machine import check_clock, check_data, check_disk
from fl_alliance.deployment.doctor.policy import check_policy
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.doctor.superlink import check_superlink

__all__ = ["Finding", "Site", "State", "examine"]


def examine(site: Site) -> Iterator[Finding]:
    """Yield what each check finds, as it finds it. Nothing is signed, sent or written."""
    yield from check_keys(site)
    yield load_manifest(site)
    yield from _on_chain(site)
    yield from check_superlink(site)
    yield check_disk(site)


def _on_chain(site: Site) -> Iterator[Finding]:
    """Yield what needs the chain, and what is to be said where it does not answer."""
    if site.deployment is None:
        yield from check_chain(site, ChainError("the manifest does not say which chain is meant"))
        yield from _on_site(site)
        return
    try:
        with connected(site.wish.chain, chain_id=site.deployment.chain_id) as w3:
            rpc = Rpc(w3)
            # All of it while the connection is open.
            yield from check_chain(site, rpc)
            yield check_clock(site)
            yield from _on_site(site)
    except ChainError as error:
        yield from check_chain(site, error)
        yield from _on_site(site)


def _on_site(site: Site) -> Iterator[Finding]:
    """Yield what the hospital brings itself, beside what is known of the task by then."""
    yield from check_data(site)
    yield from check_policy(site)
