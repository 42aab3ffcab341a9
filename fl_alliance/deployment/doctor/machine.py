"""This machine: its clock beside the chain's, room on its disk, and the hospital's data."""

import shutil
from collections.abc import Iterator

from fl_alliance.chain.errors import ChainError
from fl_alliance.config import ConfigError
from fl_alliance.deployment.doctor.finding import Finding, ok, unknown, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.insider import load_own
from fl_alliance.workloads import WorkloadError, get
from fl_alliance.workloads.exports import read_exports

LEAST_FREE_BYTES = 2 * 10**9
AHEAD_S, STALE_S = 15, 900
"""A block's time may be this far after our clock; a chain without a block for so long stands still, or we are ahead."""
_GB = 10**9


def check_clock(site: Site) -> Finding:
    """Compare this machine's clock with the chain's newest block."""
    if site.rpc is None:
        return unknown("clock", "no chain to compare it with")
    try:
        head = site.rpc("eth_getBlockByNumber", "latest", False)
    except ChainError as error:
        return unknown("clock", str(error))
    age = site.clock() - int(head["timestamp"], 16)
    if age < -AHEAD_S:
        return wrong("clock", f"the newest block is of {-age:.0f} s from now", "set this machine's clock (NTP)")
    if age > STALE_S:
        todo = "set this machine's clock (NTP), or ask whether the chain stands still"
        return wrong("clock", f"the newest block is {age:.0f} s old", todo)
    return ok("clock", f"the newest block is {max(0, age):.0f} s old")


def check_disk(site: Site) -> Finding:
    """See whether there is room where the hospital's folder is, or will be."""
    place = site.wish.home.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        return wrong("disk", f"{free / _GB:.1f} GB free at {place}", f"make room: {LEAST_FREE_BYTES / _GB:g} GB")
    return ok("disk", f"{free / _GB:.1f} GB free at {place}")


def check_data(site: Site) -> Iterator[Finding]:
    """Read the hospital's data as the task's workload will."""
    folder, settings = site.wish.data, site.settings
    name = settings.workload.name if settings is not None else "glucose"
    if folder is None:
        yield ok("data", f"site {site.wish.site} of the workload's own data; --data DIR has the hospital's looked at")
        return
    if not folder.is_dir():
        yield wrong("data", f"{folder}: no such folder", "give --data the folder with one export per patient")
        return
    try:
        workload = get(name, **(settings.workload.options if settings is not None else {}))
        site.own = own = load_own(workload, folder)
        patients = f"{len(read_exports(folder))} patients, " if name == "glucose" else ""
    except (WorkloadError, ConfigError, OSError) as error:
        yield wrong("data", " ".join(str(error).split()), "put the file right, or take it out of the folder")
        return
    sizes = f"{len(own.train)} examples to train, {len(own.heldout)} to vote with, {len(own.test)} to test"
    yield ok("data", f"{patients}{sizes} (workload {name})")
