"""A hospital whose node answers otherwise than ours does: `python hostile_hospital.py join ...`, as fl-alliance join.

HOSTILE says how. `twice`: every answer is sent two times. `garbage`: the content of every answer to train, vote or
reveal is numbers and bytes without sense.
"""

import os
import sys
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MessageType, MetricRecord, RecordDict

from fl_alliance.cli import main as cli
from fl_alliance.deployment import executor, processes, tether
from fl_alliance.strategies import wire

SPOILT = (MessageType.TRAIN, MessageType.EVALUATE, wire.REVEAL)
_push, _app = executor.push_message, executor.app


def spoilt(message: Message, context: Context) -> Message:
    """Answer with records of the right names and nothing right in them."""
    reply = _app(message, context)
    if message.metadata.message_type not in SPOILT:
        return reply
    noise = np.random.default_rng(7)
    records = {
        wire.ARRAYS: ArrayRecord([np.full((3, 2), np.nan), noise.normal(size=9)]),
        wire.METRICS: MetricRecord({"num-examples": -140, "loss": float("nan")}),
        wire.ALLIANCE: ConfigRecord({"signature": noise.bytes(64), "commitment": noise.bytes(5), "scores": "many"}),
    }
    return Message(RecordDict(records), reply_to=message)


def push_twice(*arguments: Any) -> Any:
    """Send an answer two times."""
    _push(*arguments)
    return _push(*arguments)


def main() -> None:
    """Run the command, the SuperNode or what answers its messages, whichever the arguments are of."""
    here = os.path.abspath(__file__)
    if sys.argv[1:2] == ["join"]:
        start = processes.Supervised.__init__

        def hostile(self: Any, name: str, *arguments: Any) -> None:
            start(self, name, *arguments)
            self._command = [sys.executable, here, str(os.getpid()), *self._command[4:]]

        processes.Supervised.__init__ = hostile  # type: ignore[method-assign, assignment]
        sys.exit(cli.main(sys.argv[1:]))
    if "supernode" in sys.argv:
        tether.EXECUTOR = "hostile_hospital"
        tether.main()
    else:
        if os.environ["HOSTILE"] == "twice":
            executor.push_message = push_twice
        else:
            executor.app = spoilt  # type: ignore[assignment]
        executor.import_what_messages_need()
        executor.serve(sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    main()
