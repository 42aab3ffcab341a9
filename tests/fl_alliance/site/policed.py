"""A hospital's node with a home, a policy and a clock, asked one message at a time: what tests of policies act with."""

from pathlib import Path

import numpy as np
from flwr.app import ConfigRecord, Context, Message, RecordDict, UserConfig
from flwr.common.constant import ErrorCode
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.client_app import app
from fl_alliance.code_digest import code_digest
from fl_alliance.config import config_digest, load_config
from fl_alliance.deployment.terms import Terms
from fl_alliance.site.decisions import Decision
from fl_alliance.site.guard import REFUSAL
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.station import write_members
from fl_alliance.site.template import template
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place
from fl_alliance.yardstick import Yardstick

OVERRIDES = "rule=majority workload=linear nodes=4 alliance.proposers=2 alliance.voters=2"
LARGE = OVERRIDES + " workload.options.features=5000"
KEY = NodeKey(b"\x7e" * 32)
HERE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
MONDAY_NOON = 1_796_040_000.0
"""2026-11-30 12:00 UTC."""


class Hospital:
    """A hospital with a home, a policy and a clock."""

    def __init__(self, root: Path) -> None:
        self.home, self.policy = root / "home", root / "policy.yaml"
        self.home.mkdir()
        self.log = DecisionLog(root / "policy.decisions.jsonl")
        text = template(code_digest().hex(), (31337, HERE.domain.contract, 1))
        self.policy.write_text(text.replace("examples: 100", "examples: 1"))
        self.settle(OVERRIDES)
        write_members(self.home, 4)

    def settle(self, overrides: str, task: int = 1) -> None:
        """Agree to a task under these settings."""
        self.overrides = overrides
        Terms(
            chain_id=31337,
            contract=HERE.domain.contract,
            token=TOKEN,
            task=task,
            stake_wei=100 * 10**18,
            code_digest=code_digest().hex(),
            config_digest=config_digest(load_config(overrides)).hex(),
            site=2,
            data="",
            address=KEY.address,
            policy=str(self.policy),
        ).save(self.home)

    def says(self, old: str, new: str) -> None:
        text = self.policy.read_text()
        assert old in text
        self.policy.write_text(text.replace(old, new))

    def asked(
        self, kind: str, records: dict[str, object] | None = None, place: Place = HERE, **extra: object
    ) -> Message:
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        node_config = UserConfig({"partition-id": 2, "home": str(self.home)})
        context = Context(1, 9, node_config, RecordDict(), UserConfig({"overrides": self.overrides}))
        offer = wire.place_record(place, **extra)  # type: ignore[arg-type]
        content = RecordDict({**(records or {}), wire.ALLIANCE: offer})  # type: ignore[dict-item]
        message = Message(content, dst_node_id=9, message_type=kind)
        message.metadata.__dict__["_message_id"] = "asked"
        return app(message, context)

    def trained(self, move: float = 0.0, place: Place = HERE) -> Message:
        arrays = wire.to_record({name: array + np.float32(move) for name, array in self.model.items()})
        return self.asked("train", {"arrays": arrays, "config": ConfigRecord({"server-round": place.round})}, place)

    def voted(self, move: float = 0.1, place: Place = HERE) -> Message:
        new = {name: array + np.float32(move) for name, array in self.model.items()}
        records: dict[str, object] = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: wire.to_record(self.model)}
        return self.asked("evaluate", records, place)

    def voted_among(self, move: float = 0.1, place: Place = HERE) -> Message:
        """Ask for a vote on a menu of two proposals."""
        new = {name: array + np.float32(move) for name, array in self.model.items()}
        menu = ConfigRecord({"order": [0, 1], "members": [0, 1], "averages": [0, 0]})
        arrays = {wire.ARRAYS: new, wire.PREVIOUS: self.model, "proposal-0": new, "proposal-1": new}
        records = {"menu": menu, **{name: wire.to_record(each) for name, each in arrays.items()}}
        return self.asked("evaluate", records, place)  # type: ignore[arg-type]

    def joined(self, place: Place = HERE) -> Message:
        words = {"token": TOKEN, "stake-wei": str(10**20), "valid-before": 2_000_000_000, "salt": bytes(32)}
        return self.asked(wire.JOIN, place=place, **words)

    @property
    def model(self) -> dict[str, np.ndarray]:
        return Yardstick(load_config(self.overrides)).initial_model

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return self.log.read().decisions


def assert_refused(reply: Message, hospital: Hospital, reason: str) -> None:
    """Check that the reply says nothing, and that the log says why."""
    assert reply.has_error()
    assert (reply.error.code, reply.error.reason) == (ErrorCode.MOD_FAILED_PRECONDITION, REFUSAL)
    last = hospital.decisions[-1]
    assert (last.verdict, last.reason, last.bytes, last.digest) == ("refused", reason, 0, "")
