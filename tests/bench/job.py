"""The main job beside plain Flower FedAvg, in one run: wall time, quality, and what the chain costs.

`python tests/bench/job.py [hydra overrides]` measures whole commands from their start to their end, on the same
workload, nodes, rounds and seed: `fl-alliance run`, plain Flower on its own Ray simulation, and plain Flower on our
in-process runtime. The chain's share is the wall time of proofs, transactions and settlement over the whole command's,
in the rounds alone, with enrolment and payout, and with "import and deploy", which is almost all the import of web3 and
py-evm (deploying takes 20 ms).
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fl_alliance.config import JobConfig, load_config
from fl_alliance.records import RunFolder

BENCH = Path(__file__).parent


def plain(runtime: str, config: JobConfig) -> tuple[float, dict[str, float]]:
    """Return wall seconds and final metrics of plain Flower FedAvg."""
    words = [runtime, config.workload.name, str(config.nodes), str(config.rounds), str(config.seed)]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(BENCH / "plain_flower.py"), *words], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - started, json.loads(done.stdout.splitlines()[-1])["final"]


def ours(overrides: list[str], folder: Path) -> float:
    """Return wall seconds of `fl-alliance run`."""
    command = [str(Path(sys.executable).with_name("fl-alliance")), "run", *overrides, "--run-dir", str(folder), "-q"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main(overrides: list[str]) -> None:
    """Print the table."""
    config = load_config(overrides)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        wall = ours(overrides, folder)
        rounds = list(RunFolder(folder).rounds())
        results = json.loads(RunFolder(folder).references.read_text())
    ray, ray_metrics = plain("ray", config)
    local, local_metrics = plain("local", config)
    parts = {name: sum(record.seconds.get(name, 0.0) for record in rounds) for name in sorted(rounds[0].seconds)}
    chain, chain_cpu = parts["chain"], parts["chain_cpu"] / len(rounds)
    around = {name: value for name, value in results["seconds"].items() if not name.endswith("_cpu")}
    whole = chain + sum(around.values())
    work = whole - around["import and deploy"]
    print(f"{config.workload.name}, {config.nodes} nodes, {config.rounds} rounds, seed {config.seed}")
    print(f"fl-alliance run             {wall:6.1f} s   {results['final']}")
    print(f"plain Flower on Ray         {ray:6.1f} s   {ray_metrics}   ours is {wall / ray:.2f} times it")
    print(f"plain Flower in one process {local:6.1f} s   {local_metrics}   ours is {wall / local:.2f} times it")
    print("compared with               " + "  ".join(f"{k} {v}" for k, v in results["references"].items()))
    print("seconds in the rounds       " + "  ".join(f"{name} {value:.2f}" for name, value in parts.items()))
    print(f"the chain in the rounds     {chain:.2f} s, {100 * chain / wall:.1f} % of wall time; ", end="")
    print(f"{1000 * chain_cpu:.0f} ms CPU a round")
    print("the chain around them       " + "  ".join(f"{name} {value:.2f}" for name, value in around.items()), end="")
    print(f"; {100 * work / wall:.1f} % of wall time, {100 * whole / wall:.1f} % with the imports")


if __name__ == "__main__":
    main(sys.argv[1:])
