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
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from loopback import Loopback, free_port

from fl_alliance.deployment.admitting import Admission
from fl_alliance.deployment.link import Link
from fl_alliance.deployment.processes import Supervised, environment

NODES, SEED = 4, 1
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


def plain(folder: Path, megabytes: float, rounds: int, is_stock: bool) -> list[float]:
    """Return the seconds of each round of plain FedAvg."""
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
        while not result.is_file():
            time.sleep(0.2)
    return differences(json.loads(result.read_text()))[1:]


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


def ours(folder: Path, megabytes: float, rounds: int, rule: str) -> tuple[list[float], dict[str, float]]:
    """Return the seconds of each round of ours, and what they were spent on in the median."""
    settings = (f"rounds={rounds}", f"rule={rule}", f"seed={SEED}", "workload=digits")
    sized = f"workload.options.hidden={hidden_units(megabytes)}"
    with Loopback(folder, NODES, (*settings, sized)) as town:
        town.serve_chain()
        town.coordinate()
        town.join_all()
        ends: list[float] = []
        while len(ends) < rounds:
            time.sleep(0.02)
            ends += [time.time()] * (len(list(town.run.rounds())) - len(ends))
        parts = [record.seconds for record in town.run.rounds()]
        town.await_end("coordinate", *town.hospitals)
    names = [name for name in parts[0] if not name.endswith("_cpu")]
    return differences(ends), {name: statistics.median(part.get(name, 0.0) for part in parts[1:]) for name in names}


def differences(ends: list[float]) -> list[float]:
    """Return what lies between two ends each."""
    return [later - earlier for earlier, later in pairwise(ends)]


def shown(seconds: list[float]) -> str:
    """Return rounds' seconds and their median."""
    return f"{statistics.median(seconds):7.2f}   ({' '.join(f'{one:.1f}' for one in seconds)})"


def measure(megabytes: float, rounds: int, which: list[str]) -> Iterator[str]:
    """Yield the table's lines for one size."""
    yield f"{megabytes:g} MB, seconds a round, median of {rounds - 1}"
    found: dict[str, float] = {}
    for name in which:
        with tempfile.TemporaryDirectory(prefix="deployment-") as scratch:
            parts: dict[str, float] = {}
            if name in ("stock", "plain"):
                seconds = plain(Path(scratch), megabytes, rounds, name == "stock")
            else:
                seconds, parts = ours(Path(scratch), megabytes, rounds, name)
        found[name] = statistics.median(seconds)
        more = found[name] - found.get("plain", found[name])
        relative = f"  {more:+.2f} s, {100 * more / found['plain']:+.0f} % of plain" if more else ""
        yield f"  {name:10} {shown(seconds)}{relative}"
        if parts:
            yield "             " + "  ".join(f"{part} {value:.2f}" for part, value in parts.items())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[1, 50], help="of the model (default: 1 50)")
    parser.add_argument("--rounds", type=int, default=6, help="the first is not counted (default: 6)")
    parser.add_argument("--only", nargs="+", default=["plain", "majority", "candidates", "stock"])
    given = parser.parse_args()
    for megabytes in given.megabytes:
        for line in measure(megabytes, given.rounds, given.only):
            print(line, flush=True)


if __name__ == "__main__":
    main()
