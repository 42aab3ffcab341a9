"""Seconds of a round in a deployment over TLS: ours beside plain Flower FedAvg on the same machine and model.

    python tests/bench/deployment.py                     1 MB and 50 MB
    python tests/bench/deployment.py --megabytes 1 --rounds 5

Four SuperNodes that authenticate; two train and two judge, or evaluate, in each round. `stock` is Flower as it comes.
`plain` is FedAvg on our SuperLink, SuperNodes and exchange, without a chain: what a round adds to it is the overhead of
the chain and the protocol. Ours runs with `rule=majority`, which judges what FedAvg evaluates, and with the default.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from loopback import Loopback, free_port

from fl_alliance.deployment.admitting import Admission
from fl_alliance.deployment.link import Link
from fl_alliance.deployment.processes import Supervised, environment

NODES, SEED = 4, 1
KINDS = (
    ("cli.main join", "join"),
    ("cli.main coordinate", "coordinate"),
    ("cli.main chain", "chain"),
    ("flwr-serverapp", "serverapp"),
    (" superlink --isolation", "superlink"),
    (" supernode ", "supernode"),
    ("flower-supernode", "supernode"),
    ("executor", "executor"),
    ("plain_node", "executor"),
    ("clientapp", "clientapp"),
)
"""What is in a process' command line -> what it is; the first that fits."""
PARAMETERS_OF_A_UNIT, BYTES = 75, 4
"""Of the digits' network with one hidden layer, for each of its units."""
BENCH = Path(__file__).resolve().parent
APP = """\
[project]
name = "plain"
version = "0.1.0"
description = "Names modules that are installed"
license = { text = "Apache-2.0" }
dependencies = []
[tool.flwr.app]
publisher = "bench"
[tool.flwr.app.components]
serverapp = "plain_server:app"
clientapp = "plain_app:client_app"
[tool.flwr.app.config]
"""


def hidden_units(megabytes: float) -> int:
    """Return how wide the hidden layer is for a model of this size."""
    return round(megabytes * 2**20 / (PARAMETERS_OF_A_UNIT * BYTES))


@dataclass
class Rounds:
    """Seconds of wall time of each round but the first, and CPU seconds in the average of them by kind of process."""

    wall: list[float]
    parts: dict[str, float]

    @property
    def cpu(self) -> float:
        """CPU seconds of all processes."""
        return sum(self.parts.values())

    @classmethod
    def watched(cls, rounds: int, ended: Callable[[], int]) -> Self:
        """Look on until all rounds have ended."""
        ends: list[tuple[float, Counter[str]]] = []
        while len(ends) < rounds:
            if (more := ended() - len(ends)) > 0:
                ends += [(time.monotonic(), cpu_of_children())] * more
            time.sleep(0.02)
        walls = [later - earlier for (earlier, _), (later, _) in pairwise(ends)]
        (_, first), (_, last) = ends[0], ends[-1]
        return cls(walls, {kind: (last[kind] - first[kind]) / len(walls) for kind in last})


def kind_of(pid: int) -> str:
    """Return what a process is, by its command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        words = ""
    return next((kind for words_of, kind in KINDS if words_of in words), "other")


def cpu_of_children() -> Counter[str]:
    """Return the CPU seconds of all that this process has started, and so on, and has not waited for, by kind."""
    times: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        times[int(path.parent.name)] = int(told[1]), sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")
    ours, found = [os.getpid()], Counter[str]()
    for parent in ours:  # grows
        for pid, (above, cpu) in times.items():
            if above == parent:
                ours.append(pid)
                found[kind_of(pid)] += cpu  # type: ignore[assignment]  seconds are no whole numbers
    return found


def plain(folder: Path, megabytes: float, rounds: int, is_stock: bool) -> Rounds:
    """Return what rounds of plain FedAvg take."""
    town = Loopback(folder, NODES)
    town.make_keys()
    link = Link("127.0.0.1", town.link_port, folder / "tls", folder / "known")
    result = folder / "ends.json"
    options = json.dumps({"hidden": hidden_units(megabytes)})
    settings: dict[str, Any] = {
        "workload": "digits",
        "options": options,
        "nodes": NODES,
        "seed": SEED,
        "rounds": rounds,
        "result": str(result),
        "is-swift": not is_stock,
    }
    (folder / "app").mkdir()
    words = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "app" / "pyproject.toml").write_text(APP + "\n".join(words) + "\n")
    (folder / "config.toml").write_text(link.connection("here"))
    surroundings = environment(folder) | {"PYTHONPATH": os.pathsep.join([str(BENCH), os.environ.get("PYTHONPATH", "")])}
    arguments = ["--isolation", "subprocess", "--disable-runtime-dependency-installation", *link.arguments]
    with ExitStack() as stack:
        superlink = Supervised("superlink", arguments, surroundings, folder / "superlink.log", print)
        stack.callback(superlink.stop)
        superlink.look()
        while not link.is_healthy():
            time.sleep(0.2)
        stack.enter_context(Admission(link, lambda _: None))
        for site in range(NODES):
            stack.callback(stopped, node(folder, site, link, surroundings, is_stock))
        flower = str(Path(sys.executable).parent / "flwr")
        subprocess.run([flower, "run", str(folder / "app"), "here"], env=surroundings, check=True, capture_output=True)
        return Rounds.watched(rounds, lambda: ended_of(result))


def ended_of(result: Path) -> int:
    """Return how many rounds have ended, by what the ServerApp has written."""
    try:
        return len(json.loads(result.read_text())) - 1  # with the look before the first
    except (OSError, ValueError):
        return 0


def node(
    folder: Path, site: int, link: Link, surroundings: dict[str, str], is_stock: bool
) -> "subprocess.Popen[bytes]":
    """Start a SuperNode, Flower's own or ours, for the plain app."""
    words = ["--root-certificates", str(link.root), "--auth-supernode-private-key", str(folder / f"node-{site}")]
    words += ["--superlink", link.local, "--node-config", f"partition-id={site} num-partitions={NODES}"]
    words += ["--host", "127.0.0.1", "--port", str(free_port())]
    flower = [str(Path(sys.executable).parent / "flower-supernode")]
    ours = [sys.executable, str(BENCH / "plain_node.py"), str(os.getpid()), "supernode"]
    with (folder / f"node-{site}.log").open("ab") as log:
        home = surroundings | {"FLWR_HOME": str(folder / f"home-{site}")}
        return subprocess.Popen([*(flower if is_stock else ours), *words], env=home, stdout=log, stderr=log)


def stopped(process: "subprocess.Popen[bytes]") -> None:
    """End a SuperNode."""
    process.terminate()
    process.wait()


def ours(folder: Path, megabytes: float, rounds: int, rule: str) -> tuple[Rounds, dict[str, float]]:
    """Return what rounds of ours take, and what wall time was spent on in the median."""
    settings = (f"rounds={rounds}", f"rule={rule}", f"seed={SEED}", "workload=digits")
    sized = f"workload.options.hidden={hidden_units(megabytes)}"
    with Loopback(folder, NODES, (*settings, sized)) as town:
        town.serve_chain()
        town.coordinate()
        town.join_all()
        found = Rounds.watched(rounds, lambda: len(list(town.run.rounds())))
        parts = [record.seconds for record in town.run.rounds()]
        town.await_end("coordinate", *town.hospitals)
    names = [name for name in parts[0] if not name.endswith("_cpu")]
    return found, {name: statistics.median(part.get(name, 0.0) for part in parts[1:]) for name in names}


def measure(megabytes: float, rounds: int, which: list[str]) -> Iterator[str]:
    """Yield the table's lines for one size."""
    yield f"{megabytes:g} MB, seconds a round without the first: median wall time, mean CPU time of all processes"
    base: Rounds | None = None
    for name in which:
        with tempfile.TemporaryDirectory(prefix="deployment-") as scratch:
            parts: dict[str, float] = {}
            if name in ("stock", "plain"):
                found = plain(Path(scratch), megabytes, rounds, name == "stock")
            else:
                found, parts = ours(Path(scratch), megabytes, rounds, name)
        base = found if name == "plain" else base
        yield line(name, found, base)
        for told in (parts, found.parts):
            if told:
                yield f"    {'wall' if told is parts else 'cpu ':8}" + "  ".join(
                    f"{k} {v:.2f}" for k, v in told.items()
                )


def line(name: str, found: Rounds, base: Rounds | None) -> str:
    """Return what rounds take, and how that compares with plain ones."""
    wall = statistics.median(found.wall)
    each = " ".join(f"{one:.1f}" for one in found.wall)
    text = f"  {name:10} wall {wall:7.2f}  cpu {found.cpu:7.2f}"
    if base is not None and base is not found:
        more, cpu = wall - statistics.median(base.wall), found.cpu - base.cpu
        shares = f"{100 * more / (wall - more):+.0f} %, {100 * cpu / base.cpu:+.0f} %"
        text += f"  than plain: wall {more:+.2f}, cpu {cpu:+.2f} ({shares})"
    return f"{text}  ({each})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[1, 50], help="of the model (default: 1 50)")
    parser.add_argument("--rounds", type=int, default=6, help="the first is not counted (default: 6)")
    parser.add_argument("--only", nargs="+", default=["plain", "majority", "candidates", "stock"])
    given = parser.parse_args()
    for megabytes in given.megabytes:
        for words in measure(megabytes, given.rounds, given.only):
            print(words, flush=True)


if __name__ == "__main__":
    main()
