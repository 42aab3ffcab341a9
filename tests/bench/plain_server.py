"""A plain Flower ServerApp for a deployment: FedAvg on one of our workloads; it writes which rounds have ended."""

import json
import time
from pathlib import Path

from flwr.app import ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from plain_app import arrays_of, record_of

from fl_alliance.chain.messages import Domain
from fl_alliance.deployment.reconnecting import Reconnecting
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads import get

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Train on half of the nodes and evaluate on half of them, as a committee does; write which rounds have ended."""
    told = context.run_config
    nodes, seed, rounds = int(told["nodes"]), int(told["seed"]), int(told["rounds"])
    workload = get(str(told["workload"]), **json.loads(str(told["options"])))
    sites = [workload.load(node, nodes, seed) for node in range(nodes)]
    while len(found := list(grid.get_node_ids())) < nodes:
        time.sleep(0.2)
    if told["is-swift"]:
        present = {str(node_id): node_id for node_id in found}
        grid = Reconnecting(grid, Place(Domain(1, "0x" + "00" * 20), 1, 0), list(present), present)
    ends: list[int] = []

    def central(number: int, arrays: ArrayRecord) -> MetricRecord:
        metrics = workload.evaluate(arrays_of(arrays), sites)
        ends.append(number)
        Path(str(told["result"])).write_text(json.dumps(ends))
        return MetricRecord(dict(metrics))

    half = nodes // 2
    strategy = FedAvg(0.5, 0.5, min_train_nodes=half, min_evaluate_nodes=half, min_available_nodes=nodes)
    strategy.start(grid, record_of(workload.initial_arrays(seed)), num_rounds=rounds, evaluate_fn=central)
