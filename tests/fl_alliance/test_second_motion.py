"""A coordinator that asks voters about a second motion, and about rounds to come, costs no voter its stake."""

from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from fl_alliance import job
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire

WORDS = ["workload=linear", "nodes=5", "rounds=3", "alliance.proposers=2", "alliance.voters=3", "baselines=false"]


class Asked(ClientApp):
    """Honest nodes whose coordinator, after each vote, asks for votes on another motion and in the next round."""

    def __init__(self) -> None:
        super().__init__()
        self.promised = 0

    def __call__(self, message: Message, context: Context) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == "evaluate":
            first = reply.content.config_records[wire.ALLIANCE]
            for move, later in ((0.5, 0), (1.0, 0), (0.5, 1)):
                other = app(another(message, move, later), context).content.config_records[wire.ALLIANCE]
                assert other["motion"] != first["motion"]
                assert other["commitment"] != first["commitment"]
                self.promised += 1
        return reply


def another(message: Message, move: float, later: int) -> Message:
    """Return the same question about moved models, so many rounds later."""
    content = RecordDict()
    for name, record in message.content.items():
        if name in message.content.array_records and name != wire.PREVIOUS:
            arrays = wire.to_arrays(message.content.array_records[name])
            record = wire.to_record({key: array + np.float32(move) for key, array in arrays.items()})
        if name == wire.ALLIANCE:
            words = dict(message.content.config_records[name])
            record = ConfigRecord({**words, "round": int(str(words["round"])) + later})
        content[name] = record
    made = Message(content, dst_node_id=message.metadata.dst_node_id, message_type="evaluate")
    made.metadata.__dict__["_message_id"] = "another"
    return made


def rounds(root: Path, nodes: ClientApp, rule: str) -> list[RoundRecord]:
    overrides = [*WORDS, f"rule={rule}"]
    config, folder = load_config(overrides), RunFolder(root)
    root.mkdir()
    job.prepare(folder, config, overrides)
    grid = LocalGrid(nodes, config.nodes, {"overrides": " ".join(overrides)})
    job.federate(grid, config, folder, listener=lambda _: None, resume=False)
    return list(folder.rounds())


@pytest.mark.parametrize("rule", ["majority", "candidates"])
def test_a_second_motion_costs_no_voter_anything(tmp_path: Path, rule: str) -> None:
    hostile = Asked()
    found, honest = rounds(tmp_path / "hostile", hostile, rule), rounds(tmp_path / "honest", app, rule)
    assert hostile.promised >= 3 * len(found) > 0
    for record in found:
        assert record.committed == record.voters
        assert sorted(map(int, record.scores)) == record.voters, "every vote that was promised is revealed"
    assert [record.balances for record in found] == [record.balances for record in honest]
