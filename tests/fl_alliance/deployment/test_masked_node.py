"""A hospital's node hides its update among those whom the chain drew, with secrets that do not outlive the round."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict, UserConfig
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.committee import Committee
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.types import Standing
from fl_alliance.client_app import app
from fl_alliance.config import config_digest, load_config
from fl_alliance.deployment import draws
from fl_alliance.deployment.draws import note_draw, require_draw
from fl_alliance.deployment.signer import SignerService
from fl_alliance.deployment.terms import NotAgreed, Terms
from fl_alliance.strategies import wire
from fl_alliance.strategies.masking import records
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.wire import Place

OVERRIDES = "rule=majority workload=linear nodes=6 alliance.proposers=4 alliance.voters=2 privacy.masks=true"
HOSPITAL = NodeKey(bytes.fromhex("7e" * 32))
DOMAIN = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
SEED = bytes(range(32))
MEMBERS = {0: HOSPITAL.address, 1: NodeKey.derive(5, 1).address, 4: NodeKey.derive(5, 4).address}
MEMBERS[5] = NodeKey.derive(5, 5).address


class Seen:
    """As much of a task's model as a draw is read from."""

    def __init__(self, number: int, seed: bytes = SEED, members: Mapping[int, str] = MEMBERS) -> None:
        self.committee = Committee(number, seed=seed)
        self.committee.give(tuple(members), Standing.SILENT_PROPOSER)
        self.roster = self
        self.nodes = {index: type("Node", (), {"address": address}) for index, address in members.items()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    digest = config_digest(load_config(OVERRIDES)).hex()
    Terms(31337, DOMAIN.contract, "0x" + "22" * 20, 1, 10**20, digest, 0, "", HOSPITAL.address).save(tmp_path)
    with SignerService(HOSPITAL, tmp_path):
        yield tmp_path


def shown(home: Path, number: int, seed: bytes = SEED, members: Mapping[int, str] = MEMBERS) -> ConfigRecord:
    """Ask the node, in a process that has just begun, for its key of a round."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    config = UserConfig({"partition-id": 0, "home": str(home)})
    context = Context(1, 9, config, RecordDict(), UserConfig({"overrides": OVERRIDES}))
    request = records.request_record(records.Request(seed, members))
    content = RecordDict({wire.ALLIANCE: wire.place_record(Place(DOMAIN, 1, number)), wire.MASKS: request})
    message = Message(content, dst_node_id=9, message_type=wire.MASK_KEY)
    message.metadata.__dict__["_message_id"] = "asked"
    return app(message, context).content.config_records[wire.ALLIANCE]


def test_a_node_shows_a_key_for_the_draw_that_its_hospital_sees_on_chain(home: Path) -> None:
    note_draw(home, Seen(3))  # type: ignore[arg-type]
    advert = records.read_advert(shown(home, 3))
    assert advert.is_of(HOSPITAL.address, Place(DOMAIN, 1, 3), Draw(SEED, MEMBERS, 4, 1))


@pytest.mark.parametrize(
    ("seed", "members"),
    [
        (bytes(32), MEMBERS),
        (SEED, MEMBERS | {4: NodeKey.derive(6, 4).address}),
        (SEED, {m: address for m, address in MEMBERS.items() if m != 5}),
        (SEED, MEMBERS | {3: NodeKey.derive(5, 3).address}),
    ],
)
def test_a_coordinator_cannot_invent_a_draw(home: Path, seed: bytes, members: dict[int, str]) -> None:
    note_draw(home, Seen(3))  # type: ignore[arg-type]
    with pytest.raises(NotAgreed, match="another draw of proposers than the chain has"):
        shown(home, 3, seed, members)


def test_a_draw_of_an_earlier_round_is_refused(home: Path) -> None:
    note_draw(home, Seen(4))  # type: ignore[arg-type]
    with pytest.raises(NotAgreed, match="another draw"):
        shown(home, 3)


def test_a_node_waits_for_its_hospital_to_see_the_draw_and_not_for_ever(tmp_path: Path) -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds
        if now[0] > 2:
            note_draw(tmp_path, Seen(3))  # type: ignore[arg-type]

    require_draw(tmp_path, 3, SEED, MEMBERS, clock=lambda: now[0], pause=pause)
    assert 2 < now[0] < 3
    with pytest.raises(NotAgreed, match="has shown no draw of it yet"):
        require_draw(tmp_path, 4, SEED, MEMBERS, clock=lambda: now[0], pause=pause)
    assert now[0] > draws.WAIT_S


def test_a_restarted_node_has_the_same_key_in_its_round_and_none_of_its_earlier_secrets(home: Path) -> None:
    keys = {}
    for number in (3, 4):
        note_draw(home, Seen(number))  # type: ignore[arg-type]
        keys[number] = [records.read_advert(shown(home, number)).key for _ in range(2)]
        assert keys[number][0] == keys[number][1]
    assert keys[3] != keys[4]
    note_draw(home, Seen(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another mask key was signed in round 3"):
        shown(home, 3)  # what it had then is gone, so this would be another
