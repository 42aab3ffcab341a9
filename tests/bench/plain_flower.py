"""Plain Flower FedAvg on one of our workloads: what a run is compared with.

`python tests/bench/plain_flower.py {ray|local} WORKLOAD NODES ROUNDS SEED` prints one JSON line with the final metrics.
"""

import json
import os
import sys
import time
from pathlib import Path

from flwr.app import ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance.runtime import RUNTIMES
from fl_alliance.workloads import get

# Ray's workers import the app by its module's name.
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])

from plain_app import arrays_of, client_app, record_of


def main(runtime: str, name: str, nodes: int, rounds: int, seed: int) -> None:
    """Run and print the metrics of the final model and of every round."""
    started = time.perf_counter()
    server_app, history = ServerApp(), {}

    @server_app.main()
    def serve(grid: Grid, context: Context) -> None:
        workload = get(name)
        sites = [workload.load(node, nodes, seed) for node in range(nodes)]

        def central(number: int, arrays: ArrayRecord) -> MetricRecord:
            history[number] = workload.evaluate(arrays_of(arrays), sites)
            return MetricRecord(dict(history[number]))

        FedAvg(min_available_nodes=nodes).start(
            grid, record_of(workload.initial_arrays(seed)), num_rounds=rounds, evaluate_fn=central
        )

    RUNTIMES[runtime](server_app, client_app, nodes, {"workload": name, "seed": seed})
    print(json.dumps({"seconds": time.perf_counter() - started, "final": history[rounds]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
