"""What a hospital lets its node do. The file is the hospital's; nothing that a coordinator sends changes it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fl_alliance.site.errors import PolicyInvalid
from fl_alliance.site.floor import PrivacyFloor, read_floor
from fl_alliance.site.hours import DAY_MINUTES, DAYS, Hours, Opening
from fl_alliance.site.outlet import Outlet, Told
from fl_alliance.site.reading import ANY, Item, read

VERSION = 1
RESERVE_BYTES = 16 * 1024
"""What training and voting leave of every cap, for the short answers that cost stake when they are not given."""
_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = r"[0-9]{1,15} ?(B|kB|MB|GB|TB)?"
_MOST = 10**15
_HEX = r"(0x)?[0-9a-fA-F]{64}"
_METRIC = r"[A-Za-z0-9_.\-/ ]{1,60}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Tasks of one contract; `numbers` None: all of them."""

    chain_id: int
    contract: str
    numbers: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Egress:
    """How many bytes may leave: in one message, on one day, for one task. A message's bytes are those of its content,
    as Flower serialises it."""

    message: int
    day: int
    task: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A site's policy; None is `any` in the file.

    Attributes
    ----------
    tasks : tuple of Allowed or None
    code, config : frozenset of str or None
        sha256 in hex of the installed code, and of the settings that a task pins.
    least_examples, least_patients, least_members : int
        Training examples of this site, patients whose they are, and members of the task.
    privacy : PrivacyFloor
        What a task has to promise, and what may be spent in all.
    hours : Hours
        When it trains and votes.
    egress : Egress
    outlet : Outlet
        What metrics and scores leave, and how.
    contributions : bool
        Whether its voters may say what others' updates contributed.
    log : Path
        The log of decisions.
    digest : str
        sha256 in hex of the file.
    """

    tasks: tuple[Allowed, ...] | None
    code: frozenset[str] | None
    config: frozenset[str] | None
    least_examples: int
    least_patients: int
    least_members: int
    privacy: PrivacyFloor
    hours: Hours
    egress: Egress
    outlet: Outlet
    contributions: bool
    log: Path
    digest: str

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """Read a policy file.

        Raises
        ------
        PolicyInvalid
            There is none, or something in it cannot be; names the line, what is given and what is needed.
        """
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "no path of a file"
            raise PolicyInvalid(f"{path}: {said}, needed a policy (fl-alliance policy init)") from None
        return parse(content, path)


def parse(content: bytes, path: Path) -> Policy:
    """Return the policy that a file's content says; raises `PolicyInvalid` as `Policy.load`."""
    version, log, tasks, code, config, least, privacy, hours, egress, metrics, votes = read(content, str(path)).section(
        "version", "log", "tasks", "code", "config", "least", "privacy", "hours", "egress", "metrics", "votes"
    )
    version.whole(VERSION, VERSION)
    examples, patients, members = least.section("examples", "patients", "members")
    digits, bounds, contributions = votes.section("digits", "range", "contributions")
    return Policy(
        tasks=_tasks(tasks),
        code=_digests(code),
        config=_digests(config),
        least_examples=examples.whole(0, 10**9),
        least_patients=patients.whole(0, 10**9),
        least_members=members.whole(0, 10**6),
        privacy=read_floor(privacy),
        hours=_hours(hours),
        egress=_egress(egress),
        outlet=Outlet(_metrics(metrics), _told(digits, bounds)),
        contributions=contributions.word(("yes", "no")) == "yes",
        log=path.absolute().parent / log.text("the path of a file", r"[^\x00-\x1f]{1,500}"),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _tasks(item: Item) -> tuple[Allowed, ...] | None:
    if item.has_word(ANY):
        return None
    return tuple(_task(each) for each in item.items(f"{ANY}, or a list of chain, contract and numbers"))


def _task(item: Item) -> Allowed:
    chain, contract, numbers = item.section("chain", "contract", "numbers")
    found = None
    if not numbers.has_word(ANY):
        found = frozenset(each.whole(0, 2**63 - 1) for each in numbers.items(f"{ANY}, or a list of task numbers"))
    address = contract.text("an address of 0x and 40 hex digits", r"0x[0-9a-fA-F]{40}")
    return Allowed(chain.whole(1, 2**63 - 1), address.lower(), found)


def _digests(item: Item) -> frozenset[str] | None:
    if item.has_word(ANY):
        return None
    listed = item.items(f"{ANY}, or a list of sha256 digests")
    return frozenset(each.text("64 hex digits", _HEX).lower().removeprefix("0x") for each in listed)


def _hours(item: Item) -> Hours:
    zone, openings = item.section("zone", "open")
    name = zone.text("a time zone such as Europe/Zurich", r"[A-Za-z0-9_+\-/]{1,60}")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone.fail("a time zone such as Europe/Zurich or UTC")
    if openings.has_word("always"):
        return Hours(name, ())
    needed = "always, or a list of days, from and to"
    return Hours(name, tuple(_opening(each) for each in openings.items(needed, least=1, most=100)))


def _opening(item: Item) -> Opening:
    days, begin, end = item.section("days", "from", "to")
    needed = f"a list of {', '.join(DAYS)}"
    chosen = frozenset(DAYS.index(each.word(DAYS)) for each in days.items(needed, least=1, most=len(DAYS)))
    first, last = _minute(begin), _minute(end)
    if first in (DAY_MINUTES, last):
        begin.fail("another time than to, from 00:00 to 23:59 (00:00 to 24:00 is all day)")
    return Opening(chosen, first, last)


def _minute(item: Item) -> int:
    value = item.text("a time such as 18:00", r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
    hour, minute = value.split(":")
    return 60 * int(hour) + int(minute)


def _egress(item: Item) -> Egress:
    message, day, task = (_size(each) for each in item.section("message", "day", "task"))
    return Egress(message, day, task)


def _size(item: Item) -> int:
    needed = f"a size such as 10 MB, above {RESERVE_BYTES} bytes"
    found = re.fullmatch(r"([0-9]+) ?([A-Za-z]*)", item.text(needed, _SIZE))
    value = int(found[1]) * _UNITS[found[2]] if found else 0
    if not RESERVE_BYTES < value <= _MOST:
        item.fail(needed)
    return value


def _metrics(item: Item) -> dict[str, Told]:
    needed = "names of metrics, each with digits and range"
    found = {}
    for name, each in item.mapping(needed).items():
        if not re.fullmatch(_METRIC, name):
            each.fail("a metric's name of letters, digits and . _ - /", "another name")
        found[name] = _told(*each.section("digits", "range"))
    return found


def _told(digits: Item, bounds: Item) -> Told:
    low, high = (each.number(-1e15, 1e15) for each in bounds.items("a list of two numbers", least=2, most=2))
    if low >= high:
        bounds.fail("a lower and a higher number", f"{low:g} and {high:g}")
    return Told(digits.whole(-12, 12), low, high)
