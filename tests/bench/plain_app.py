"""A plain Flower ClientApp on one of our workloads, as a Flower user would write it: no chain, no votes."""

import json
from dataclasses import replace
from functools import lru_cache

from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Site, Workload

client_app = ClientApp()


@lru_cache
def site(name: str, options: str, node: int, nodes: int, seed: int) -> tuple[Workload, Site]:
    workload = get(name, **json.loads(options))
    return workload, workload.load(node, nodes, seed)


def here(context: Context) -> tuple[Workload, Site, int]:
    name, seed = str(context.run_config["workload"]), int(context.run_config["seed"])
    node = context.node_config
    options = str(context.run_config.get("options", "{}"))
    return *site(name, options, int(node["partition-id"]), int(node["num-partitions"]), seed), seed


def arrays_of(record: ArrayRecord) -> Arrays:
    return {name: array.numpy() for name, array in record.items()}


def record_of(arrays: Arrays) -> ArrayRecord:
    return ArrayRecord({name: Array(array) for name, array in arrays.items()})


@client_app.train()
def train(message: Message, context: Context) -> Message:
    workload, data, seed = here(context)
    number = int(message.content["config"]["server-round"])
    config = replace(workload.defaults, seed=seed, round=number)
    result = workload.train(arrays_of(message.content["arrays"]), data, config)
    metrics = MetricRecord({"num-examples": result.num_examples, **result.metrics})
    return Message(RecordDict({"arrays": record_of(result.arrays), "metrics": metrics}), reply_to=message)


@client_app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    workload, data, _ = here(context)
    score = workload.score(arrays_of(message.content["arrays"]), data)
    metrics = MetricRecord({"num-examples": score.num_examples, "loss": score.loss, "score": score.score})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)
