"""Hospitals are registered though they sign in the last second, or after the coordinator was away for long."""

import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest
from flwr.proto.node_pb2 import NodeInfo

from fl_alliance.chain.types import Phase
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.deployment.gathering import gather
from fl_alliance.federation import open_federation
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid

OVERRIDES = ["workload=linear", "nodes=4", "alliance.proposers=2", "alliance.voters=2", "chain.url=memory://"]
WINDOW_S = 3_600


@pytest.mark.parametrize("late_s", [WINDOW_S - 1, WINDOW_S, 10 * WINDOW_S])
def test_who_is_asked_when_registration_ends_or_later_is_a_member(late_s: int, tmp_path: Path) -> None:
    config, folder = load_config(OVERRIDES), RunFolder(tmp_path)

    class Link(LocalGrid):
        def get_nodes(self) -> Iterable[NodeInfo]:
            return [NodeInfo(node_id=number) for number in self.get_node_ids()]

    grid = Link(app, config.nodes, {"overrides": shlex.join(OVERRIDES)})
    with open_federation(config, folder, bytes(32), resume=False) as federation:
        ledger, task = federation.ledger, federation.task
        ledger.advance_to(ledger.model(task).phase_at + late_s)
        _, members = gather(federation, grid, config, folder, lambda _: None)
        assert len(members) == len(ledger.members(task)) == 4
        assert ledger.model(task).stored_phase is Phase.IDLE
