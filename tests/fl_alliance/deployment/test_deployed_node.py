"""A hospital's node signs only for what the hospital agreed to, with its own key, and never forgets what it signed."""

from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Client
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict, UserConfig
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain, commitment
from fl_alliance.chain.vrf import Tag
from fl_alliance.client_app import app
from fl_alliance.code_digest import code_digest
from fl_alliance.config import config_digest, load_config
from fl_alliance.deployment.discretion import Failures, SiteFailed
from fl_alliance.deployment.presence import challenge_message, member_of
from fl_alliance.deployment.signer import LINK, HeldKey, SignerService
from fl_alliance.deployment.terms import NotAgreed, Terms
from fl_alliance.folders import FolderError
from fl_alliance.journal import AlreadySaid
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place
from fl_alliance.yardstick import Yardstick

OVERRIDES = "rule=majority workload=linear nodes=4 alliance.proposers=2 alliance.voters=2"
SECRET = "7e" * 32
HOSPITAL = NodeKey(bytes.fromhex(SECRET))
HERE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"

TERMS = Terms(
    chain_id=31337,
    contract=HERE.domain.contract,
    token=TOKEN,
    task=1,
    stake_wei=100 * 10**18,
    code_digest=code_digest().hex(),
    config_digest=config_digest(load_config(OVERRIDES)).hex(),
    site=2,
    data="",
    address=HOSPITAL.address,
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A hospital's folder, whose key is held as `join` holds it."""
    TERMS.save(tmp_path)
    with SignerService(HOSPITAL, tmp_path):
        yield tmp_path


def started(home: Path, overrides: str = OVERRIDES) -> Context:
    """Return the context of a process that has just begun."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    node_config = UserConfig({"partition-id": 2, "home": str(home)})
    return Context(1, 9, node_config, RecordDict(), UserConfig({"overrides": overrides}))


def ask(
    context: Context, kind: str, records: dict[str, object] | None = None, place: Place = HERE, **extra: object
) -> Message:
    offer = wire.place_record(place, **extra)  # type: ignore[arg-type]
    content = RecordDict({**(records or {}), wire.ALLIANCE: offer})  # type: ignore[dict-item]
    message = Message(content, dst_node_id=9, message_type=kind)
    message.metadata.__dict__["_message_id"] = "asked"
    return app(message, context)


def offered(context: Context, place: Place = HERE, token: str = TOKEN, stake_wei: int = 100 * 10**18) -> Message:
    terms = {"token": token, "stake-wei": str(stake_wei), "valid-before": 2_000_000_000, "salt": bytes(32)}
    return ask(context, wire.JOIN, place=place, **terms)


def trained(context: Context, move: float = 0.0) -> ConfigRecord:
    model = Yardstick(load_config(OVERRIDES)).initial_model
    arrays = wire.to_record({name: array + np.float32(move) for name, array in model.items()})
    reply = ask(context, "train", {"arrays": arrays, "config": ConfigRecord({"server-round": 1})})
    return reply.content.config_records[wire.ALLIANCE]


def test_a_hospital_joins_with_its_own_key(home: Path) -> None:
    registration = wire.read_registration(offered(started(home)))
    assert registration.address == HOSPITAL.address != NodeKey.derive(1, 2).address
    assert registration.partition == 2


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"place": replace(HERE, task=2)}, "task 31337:0x5FbDB2315678afecb367f032d93F642f64180aa3:2, agreed to"),
        ({"place": Place(Domain(1, HERE.domain.contract), 1, 1)}, "act in task 1:"),
        ({"stake_wei": 100 * 10**18 + 1}, "agreed to 100000000000000000000 at most"),
        ({"token": HERE.domain.contract}, "asked to stake token"),
    ],
)
def test_an_offer_beyond_the_terms_is_not_signed(home: Path, change: dict[str, object], found: str) -> None:
    with pytest.raises(NotAgreed, match=found):
        offered(started(home), **change)  # type: ignore[arg-type]


def test_other_settings_than_the_task_pins_are_refused(home: Path) -> None:
    with pytest.raises(NotAgreed, match="the task pins"):
        offered(started(home, OVERRIDES + " workload.options.noise=0.2"))


def test_a_hospital_does_not_attack_though_the_task_pins_it(home: Path) -> None:
    hostile = OVERRIDES + " attack/update=sign-flip attack.nodes=[2]"
    replace(TERMS, config_digest=config_digest(load_config(hostile)).hex()).save(home)
    with pytest.raises(NotAgreed, match="make nodes attack"):
        offered(started(home, hostile))


def test_a_site_that_the_task_does_not_have_is_refused(home: Path) -> None:
    replace(TERMS, site=4).save(home)
    with pytest.raises(NotAgreed, match="sites 0 to 3"):
        offered(started(home))


def test_a_killed_node_still_knows_what_it_proposed(home: Path) -> None:
    first = trained(started(home))
    assert dict(trained(started(home))) == dict(first)
    with pytest.raises(AlreadySaid):
        trained(started(home), move=1.0)


def test_a_killed_voter_reveals_what_it_committed_to(home: Path) -> None:
    model = Yardstick(load_config(OVERRIDES)).initial_model
    new = {name: array + np.float32(0.1) for name, array in model.items()}
    records: dict[str, object] = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: wire.to_record(model)}
    promised = ask(started(home), "evaluate", records).content.config_records[wire.ALLIANCE]["commitment"]
    assert isinstance(promised, bytes)
    shown = ask(started(home), wire.REVEAL, commitments=promised).content.config_records[wire.ALLIANCE]
    signature = shown["signature"]
    assert isinstance(signature, bytes)
    assert commitment(signature) == promised


def test_a_voter_that_is_asked_about_other_motions_and_rounds_reveals_each_promise(home: Path) -> None:
    """Whichever of its promises a coordinator locks on chain, the voter can answer for it, after kill -9 too."""
    model = Yardstick(load_config(OVERRIDES)).initial_model
    promises = []
    for number, move in ((1, 0.1), (1, 0.2), (1, 0.3), (2, 0.1), (9, 0.1)):
        new = {name: array + np.float32(move) for name, array in model.items()}
        records: dict[str, object] = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: wire.to_record(model)}
        place = replace(HERE, round=number)
        reply = ask(started(home), "evaluate", records, place)
        promises.append((place, wire.data(reply.content.config_records[wire.ALLIANCE], "commitment", 32)))
    assert len(set(promises)) == 5
    for place, promised in promises:
        shown = ask(started(home), wire.REVEAL, place=place, commitments=bytes(32) + promised)
        assert commitment(wire.data(shown.content.config_records[wire.ALLIANCE], "signature", 64)) == promised
    with pytest.raises(SiteFailed):
        ask(started(home), wire.REVEAL, place=HERE, commitments=promises[3][1])


def test_a_node_whose_memory_is_damaged_signs_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    trained(started(home))
    (home / "state.bin").write_bytes(b"\xff\xff\xff")
    with pytest.raises(SiteFailed):
        trained(started(home))
    assert "needed what this node wrote there" in caplog.text


def test_changed_code_signs_nothing(home: Path) -> None:
    replace(TERMS, code_digest="ab" * 32).save(home)
    with pytest.raises(NotAgreed, match="the installed code has digest"):
        offered(started(home))


def test_what_failed_is_in_the_sites_log_and_not_in_what_leaves(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("PLANTED: patient 17, 42 mg/dL")

    monkeypatch.setattr("fl_alliance.node.Node.train", broken)
    failures = Failures(home)
    assert not failures.is_new()
    with pytest.raises(SiteFailed) as told:
        trained(started(home))
    assert failures.is_new()
    assert not failures.is_new()
    shown = told.value
    assert str(shown) == "the site could not answer; its own log says why"
    assert (shown.__cause__, shown.__context__) == (None, None)
    assert "PLANTED: patient 17" in caplog.text


def test_a_refused_request_leaves_the_memory_as_it_was(home: Path) -> None:
    trained(started(home))
    before = (home / "state.bin").read_bytes()
    with pytest.raises(AlreadySaid):
        trained(started(home), move=1.0)
    assert (home / "state.bin").read_bytes() == before


def test_a_node_that_is_back_shows_which_member_it_is(home: Path) -> None:
    message, challenge = challenge_message(9, HERE)
    message.metadata.__dict__["_message_id"] = "asked"
    members = [NodeKey.derive(5, 0).address, HOSPITAL.address]
    reply = app(message, started(home))
    assert member_of(reply, HERE, challenge, members) == HOSPITAL.address
    assert member_of(reply, HERE, challenge, members[:1]) is None
    assert member_of(reply, HERE, bytes(32), members) is None
    assert member_of(reply, replace(HERE, task=2), challenge, members) is None


def test_a_proof_is_the_hospitals_own(home: Path) -> None:
    seed = bytes(31) + b"\x01"
    reply = ask(started(home), wire.PROVE, tag=int(Tag.PROPOSERS), seed=seed)
    proof = wire.data(reply.content.config_records[wire.ALLIANCE], "proof")
    simulated = Context(1, 9, UserConfig({"partition-id": 2}), RecordDict(), UserConfig({"overrides": OVERRIDES}))
    other = ask(simulated, wire.PROVE, tag=int(Tag.PROPOSERS), seed=seed)
    assert proof != wire.data(other.content.config_records[wire.ALLIANCE], "proof")


def test_the_key_is_with_the_process_that_holds_it_and_nowhere_else(home: Path) -> None:
    trained(started(home))
    assert not any(SECRET.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not any(HOSPITAL.secret in path.read_bytes() for path in home.rglob("*") if path.is_file())
    held, digest = HeldKey(home), bytes(31) + b"\x05"
    assert (held.address, held.vrf.public_x) == (HOSPITAL.address, HOSPITAL.vrf.public_x)
    assert held.sign_digest(digest) == HOSPITAL.sign_digest(digest)
    assert held.vrf.prove(digest) == HOSPITAL.vrf.prove(digest)


def test_the_socket_is_for_the_hospitals_own_user_and_goes_with_its_process(tmp_path: Path) -> None:
    with SignerService(HOSPITAL, tmp_path):
        folder = (tmp_path / LINK).readlink().parent
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    with pytest.raises(FolderError, match="needed a running fl-alliance join"):
        HeldKey(tmp_path).sign_digest(bytes(32))


def test_what_no_key_answers_is_refused_and_the_next_question_answered(home: Path) -> None:
    for question in (b"", b"sign short", b"prove ", b"who are you"):
        with Client(str((home / LINK).readlink()), "AF_UNIX") as line:
            line.send_bytes(question)
            with pytest.raises(EOFError):
                line.recv_bytes()
    assert HeldKey(home).address == HOSPITAL.address


def test_a_process_that_was_killed_leaves_nothing_that_is_in_the_way(tmp_path: Path) -> None:
    old = tmp_path / "of-the-killed"
    old.mkdir()
    (tmp_path / LINK).symlink_to(old / LINK)
    with SignerService(HOSPITAL, tmp_path):
        assert HeldKey(tmp_path).address == HOSPITAL.address
        assert not old.exists()


def test_another_accounts_key_signs_nothing(tmp_path: Path) -> None:
    TERMS.save(tmp_path)
    with SignerService(NodeKey.derive(5, 0), tmp_path), pytest.raises(NotAgreed, match="the key at hand is that of"):
        offered(started(tmp_path))
