"""What malformed input is given to, and what must come of it."""

import contextlib
import hashlib
import io
import logging
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fuzz_mutation as mutation
import numpy as np
from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict, UserConfig
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.archive import ProposalArchive, ProposalDamaged
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.messages import Commitment, Domain, Proposal, commitment
from fl_alliance.chain.vrf import Tag
from fl_alliance.cli.main import main
from fl_alliance.client_app import app
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, config_digest, load_config, read_config, to_yaml, yaml_digest
from fl_alliance.deployment.presence import challenge_message, member_of
from fl_alliance.deployment.signer import SignerService
from fl_alliance.deployment.terms import Terms
from fl_alliance.folders import FolderError
from fl_alliance.judging import make_rule
from fl_alliance.site.decisions import Decision
from fl_alliance.site.errors import LogDamaged, PolicyInvalid
from fl_alliance.site.guard import FAILURE, REFUSAL
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import parse as parse_policy
from fl_alliance.site.station import write_members
from fl_alliance.site.template import template
from fl_alliance.site.words import told
from fl_alliance.strategies import replies, wire
from fl_alliance.strategies.digests import update_digest
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads.base import Score
from fl_alliance.workloads.cgm import read_traces
from fl_alliance.workloads.errors import WorkloadError
from fl_alliance.workloads.exports import read_export
from fl_alliance.yardstick import Yardstick

TAKEN, REFUSED = "taken", "refused"
KEY, OTHER = NodeKey(b"\x7e" * 32), NodeKey(b"\x7f" * 32)
HERE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
NODE_WORDS = "workload=linear nodes=4 alliance.proposers=2 alliance.voters=2"
RUN_WORDS = (*NODE_WORDS.split(), "rounds=2", "baselines=false")


class Defect(Exception):
    """Malformed input did what it must not."""


@dataclass(frozen=True)
class Target:
    """Makes malformed inputs of one kind, and tries them; `tried` raises whatever a user would see as a traceback."""

    mutant: Callable[[random.Random], Any]
    tried: Callable[[Any], str]


@dataclass(frozen=True)
class Kind:
    """One kind of input: how often it is tried among all, and what makes its target in a folder."""

    weight: int
    make: Callable[[Path], contextlib.AbstractContextManager[Target]]

    def __call__(self, root: Path) -> contextlib.AbstractContextManager[Target]:
        """Return the target."""
        return self.make(root)


def expect(*errors: type[Exception]) -> Callable[[Callable[[], object]], str]:
    """Return what says whether a call is taken, or refused by one of these errors in words."""

    def tried(call: Callable[[], object]) -> str:
        try:
            call()
        except errors as error:
            if not str(error).strip():
                raise Defect(f"{type(error).__name__} says nothing") from error
            return REFUSED
        return TAKEN

    return tried


# Messages to a node


@contextmanager
def messages(root: Path) -> Iterator[Target]:
    """A hospital's node, with a home, a policy and a key in a process of its own."""
    _as_server()
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        hospitals = [Hospital(root / rule, f"rule={rule} {NODE_WORDS}", stack) for rule in ("majority", "candidates")]
        yield Target(
            lambda chance: (hospital := chance.choice(hospitals), *hospital.mutant(chance)),
            lambda mutant: mutant[0].tried(*mutant[1:]),
        )


class Hospital:
    """A node of a deployment."""

    def __init__(self, root: Path, overrides: str, stack: ExitStack) -> None:
        self.home, self.policy, self.overrides = root / "home", root / "policy.yaml", overrides
        self.home.mkdir(parents=True)
        text = template(code_digest().hex(), (31337, HERE.domain.contract, 1))
        self.policy.write_text(
            text.replace("examples: 100", "examples: 1").replace("GB", "TB").replace("200 MB", "1 TB")
        )
        terms = Terms(
            chain_id=31337,
            contract=HERE.domain.contract,
            token=TOKEN,
            task=1,
            stake_wei=10**20,
            code_digest=code_digest().hex(),
            config_digest=config_digest(load_config(overrides)).hex(),
            site=2,
            data="",
            address=KEY.address,
            policy=str(self.policy),
        )
        terms.save(self.home)
        write_members(self.home, 4)
        stack.enter_context(SignerService(KEY, self.home))
        self.log = DecisionLog(root / "policy.decisions.jsonl")
        self.requests = dict(self._requests())

    def __repr__(self) -> str:
        return self.overrides

    def _requests(self) -> Iterator[tuple[str, RecordDict]]:
        model = Yardstick(load_config(self.overrides)).initial_model
        new = {name: array + np.float32(0.1) for name, array in model.items()}
        place, arrays = wire.place_record(HERE), wire.to_record(model)
        members = wire.committee_record([0, 1])
        config = ConfigRecord({"server-round": 1, "proximal-mu": 0.0})
        yield "train", RecordDict({"arrays": arrays, "config": config, wire.ALLIANCE: place, wire.COMMITTEE: members})
        ballot: dict[str, Any] = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: arrays}
        if "candidates" in self.overrides:
            ballot |= {f"proposal-{member}": wire.to_record(new) for member in (0, 1)}
            ballot["menu"] = ConfigRecord({"order": [0, 1], "members": [0, 1], "averages": [0, 0]})
        yield "evaluate", RecordDict({**ballot, wire.ALLIANCE: place, wire.COMMITTEE: members})
        offer: dict[str, Any] = {"token": TOKEN, "stake-wei": str(10**20), "salt": bytes(32), "valid-before": 2 * 10**9}
        yield wire.JOIN, RecordDict({wire.ALLIANCE: wire.place_record(HERE, **offer)})
        prove = wire.place_record(HERE, tag=int(Tag.PROPOSERS), seed=bytes(32))
        yield wire.PROVE, RecordDict({wire.ALLIANCE: prove})
        yield wire.REVEAL, RecordDict({wire.ALLIANCE: wire.place_record(HERE, commitments=bytes(64))})
        yield wire.HERE, challenge_message(9, HERE)[0].content

    def mutant(self, chance: random.Random) -> tuple[str, RecordDict]:
        """Return a kind of message and a content as it comes off the wire."""
        kind = chance.choice(list(self.requests))
        content = mutation.records(chance, self.requests[kind])
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return kind, recorddict_from_proto(recorddict_to_proto(content))
        return kind, self.requests[kind]  # what no message can hold

    def tried(self, kind: str, content: RecordDict) -> str:
        """Answer, and look at what was signed, remembered and logged."""
        before, log = self._memory(), self.log.path.read_bytes() if self.log.path.exists() else b""
        node_config = UserConfig({"partition-id": 2, "home": str(self.home)})
        context = Context(1, 9, node_config, RecordDict(), UserConfig({"overrides": self.overrides}))
        message = Message(content, dst_node_id=9, message_type=kind)
        message.metadata.__dict__["_message_id"] = "asked"
        reply = app(message, context)
        book = self.log.path.read_bytes()
        if not book.startswith(log) or len(book) == len(log):
            raise Defect("the log of decisions lost a line, or did not get one")
        self.log.read()
        if not reply.has_error():
            return TAKEN
        if reply.error.reason not in (REFUSAL, FAILURE):
            raise Defect(f"the coordinator is told {reply.error.reason!r}")
        if self._memory() != before:
            raise Defect("a refused request changed what the node remembers")
        return REFUSED

    def _memory(self) -> bytes:
        path = self.home / "state.bin"
        return path.read_bytes() if path.exists() else b""


# Replies to the coordinator


@contextmanager
def answers(root: Path) -> Iterator[Target]:
    """Every reader of what nodes answer."""
    _as_server()
    model = Yardstick(load_config(NODE_WORDS)).initial_model
    metrics: dict[str, float | int] = {"num-examples": 5, "train_loss": 0.1}
    digest = update_digest(model, metrics)
    words: dict[str, Any] = {"update": digest, "signature": Proposal(1, 1, digest).sign(KEY, HERE.domain)}
    update = RecordDict(
        {"arrays": wire.to_record(model), "metrics": MetricRecord(dict(metrics)), wire.ALLIANCE: ConfigRecord(words)}
    )
    motions = [_motion(rule, model) for rule in ("majority", "candidates")]

    def check_update(reply: Message) -> None:
        found = replies.check_update(reply, HERE, KEY.address, model)
        if found.digest != digest:
            raise Defect("another update was taken than its node signed")
        replies.aligned({0: reply, 1: _reply(update)})

    checks: list[tuple[RecordDict, Callable[[Message], object]]] = [(update, check_update), _registration()]
    challenge = challenge_message(9, HERE)[1]
    checks.append(
        (
            RecordDict({wire.ALLIANCE: ConfigRecord({"signature": KEY.sign_digest(bytes(32))})}),
            lambda reply: member_of(reply, HERE, challenge, [KEY.address]),
        )
    )
    for motion, ballot, fields, promise in motions:
        checks.append((ballot, lambda reply, rule=motion[0]: rule.read(reply.content)))
        vote = RecordDict(
            {wire.ALLIANCE: ConfigRecord(fields), wire.METRICS: MetricRecord({"num-examples": 3, "loss": 0.5})}
        )
        checks.append((vote, lambda reply, motion=motion[1], promise=promise: _revealed(reply, motion, promise)))
        commitment = {
            "motion": motion[1].digest,
            "commitment": promise,
            "signature": Commitment(1, 1, motion[1].digest, promise).sign(KEY, HERE.domain),
        }
        checks.append(
            (
                RecordDict({wire.ALLIANCE: ConfigRecord(commitment)}),
                lambda reply, motion=motion[1]: replies.check_commitment(reply, HERE, KEY.address, motion.digest),
            )
        )

    def mutant(chance: random.Random) -> tuple[int, RecordDict]:
        which = chance.randrange(len(checks))
        return which, mutation.records(chance, checks[which][0])

    yield Target(mutant, lambda made: expect(BadReply)(lambda: checks[made[0]][1](_reply(made[1]))))


def _as_server() -> None:
    """Let this process make messages: Flower's runtimes say who it is as they start."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def _reply(content: RecordDict) -> Message:
    return Message(content, reply_to=Message(RecordDict(), dst_node_id=7, message_type="train"))


def _revealed(reply: Message, motion: Any, promise: bytes) -> None:
    replies.check_reveal(reply, HERE, 0, KEY.address, motion, promise)
    if replies.has_good_metrics(reply):
        replies.unusual({0: reply})


def _registration() -> tuple[RecordDict, Callable[[Message], object]]:
    registration = wire.Registration(2, KEY.address, KEY.vrf.public_x, b"\x01" * 81, b"\x02" * 64)
    return RecordDict({wire.ALLIANCE: wire.registration_record(registration)}), wire.read_registration


def _motion(name: str, model: Mapping[str, Any]) -> tuple[tuple[Any, Any], RecordDict, Any, bytes]:
    rule = make_rule(load_config(f"rule={name} {NODE_WORDS}"))
    new = {key: array + np.float32(0.1) for key, array in model.items()}
    motion = rule.motion(model, {0: new, 1: new}, new, [0, 1], {0: 0, 1: 0})
    statement, fields = motion.state(HERE, [Score(0.5, 0.5, 9)] * len(motion.models), {0: 0.1, 1: 0.2})
    signature = statement.sign(KEY, HERE.domain)
    ballot = RecordDict(dict(motion.ballot()))
    return (rule, motion), ballot, {**fields, "motion": motion.digest, "signature": signature}, commitment(signature)


# Files


@contextmanager
def overrides(root: Path) -> Iterator[Target]:
    """What a job is started with."""
    good = (
        f"rule=candidates {NODE_WORDS} seed=3",
        "rule=majority workload=digits rounds=5 strategy=fedadam alliance.stake=100 alliance.slash_bps=500",
        "+workload.options.data='a b' train.batch_size=16 strategy=krum attack/update=alie attack.share=0.3",
        "init=arena:3 rule.score_epsilon=0.5 rule.reward=stake chain.url=memory:// runtime.timeout_s=60.5",
    )
    tried = expect(ConfigError)
    yield Target(
        lambda chance: mutation.text(chance, chance.choice(good)), lambda made: tried(lambda: load_config(made))
    )


@contextmanager
def settings(root: Path) -> Iterator[Target]:
    """The configuration in a run's folder."""
    good = to_yaml(load_config(NODE_WORDS))

    def tried(made: str) -> str:
        expect(ConfigError)(lambda: yaml_digest(made))
        return expect(ConfigError)(lambda: config_digest(read_config(made)))

    yield Target(lambda chance: mutation.text(chance, good), tried)


@contextmanager
def policies(root: Path) -> Iterator[Target]:
    """A site's policy."""
    good = template("ab" * 32, (31337, HERE.domain.contract, 1))
    good = good.replace("open: always", "open:\n    - days: [mon, fri]\n      from: 18:00\n      to: 06:00")
    good = "\n".join(line for line in good.split("\n") if not line.startswith("#"))  # else most mutations hit comments
    path, tried = root / "policy.yaml", expect(PolicyInvalid)

    def attempt(made: bytes) -> str:
        def parsed() -> None:
            policy = parse_policy(made, path)
            policy.hours.are_open(1_796_040_000)
            list(told(policy))

        return tried(parsed)

    yield Target(lambda chance: _text_or_bytes(chance, good), attempt)


@contextmanager
def manifests(root: Path) -> Iterator[Target]:
    """Where contracts are, as a coordinator publishes it."""
    good, path = (run_folder(root) / "manifest.json").read_text(), root / "manifest.json"
    yield _file(path, lambda chance: mutation.json_text(chance, good), ChainError, lambda: Deployment.load(path))


@contextmanager
def terms(root: Path) -> Iterator[Target]:
    """What a hospital has agreed to."""
    made = Terms(31337, HERE.domain.contract, TOKEN, 1, 10**20, "cd" * 32, "ab" * 32, 2, "", KEY.address)
    made.save(root)
    good = (root / "terms.json").read_text()

    def used() -> None:
        with contextlib.suppress(PermissionError):
            Terms.load(root).require_place(HERE)

    yield _file(root / "terms.json", lambda chance: mutation.json_text(chance, good), FolderError, used)


@contextmanager
def rows(root: Path) -> Iterator[Target]:
    """Rows of glucose CSV files: the project's own form, and exports of sensors' portals."""
    own = "patient,time,glucose_mg_dl\n" + "".join(
        f"{patient},2014-02-0{day} 03:{minute:02d}:12,{100 + minute}\n"
        for patient in (1, 2)
        for day in (3, 4)
        for minute in range(0, 60, 5)
    )
    dexcom = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Glucose Value (mg/dL)\n" + "".join(
        f"{index},2024-05-{1 + index // 288:02d}T{index // 12 % 24:02d}:{index % 12 * 5:02d}:00,EGV,{90 + index % 50}\n"
        for index in range(600)
    )
    libre = (
        "Patient report,Generated\nDevice,Serial Number,Device Timestamp,Record Type,Historic Glucose mmol/L\n"
        + "".join(
            f"FreeStyle,1,31-05-2024 {index // 4 % 24:02d}:{index % 4 * 15:02d},0,{5 + index % 9 / 10}\n"
            for index in range(80)
        )
    )
    forms: list[tuple[str, str, Callable[[Path], object]]] = [
        ("own.csv", own, read_traces),
        ("dexcom.csv", dexcom, read_export),
        ("libre.csv", libre, read_export),
    ]

    def mutant(chance: random.Random) -> tuple[int, bytes]:
        which = chance.randrange(len(forms))
        return which, _text_or_bytes(chance, forms[which][1])

    def tried(made: tuple[int, bytes]) -> str:
        name, _, read = forms[made[0]]
        (root / name).write_bytes(made[1])
        return expect(WorkloadError)(lambda: read(root / name))

    yield Target(mutant, tried)


@contextmanager
def logs(root: Path) -> Iterator[Target]:
    """A site's log of decisions."""
    log = DecisionLog(root / "log.jsonl")
    for number in range(4):
        with log.held() as writer:
            writer.append(Decision(number, "0xsite", "train", "1:0xa:2", number, "allowed", "", 9, "d", "", 0.5, "p"))
    good = log.path.read_bytes()
    honest = log.read().decisions

    def tried(made: bytes) -> str:
        log.path.write_bytes(made)

        def read() -> None:
            found = log.read().decisions
            if found != honest[: len(found)]:
                raise Defect("a log that was changed is believed")

        outcome = expect(LogDamaged)(read)
        if log.path.read_bytes() != made:
            raise Defect("reading changed the log")
        return outcome

    yield Target(lambda chance: mutation.data(chance, good), tried)


@contextmanager
def proposals(root: Path) -> Iterator[Target]:
    """Kept proposals."""
    archive, arrays = ProposalArchive(root), {"w": np.ones((3, 4), np.float32), "b": np.zeros(4, np.float32)}
    metrics = {"num-examples": 5, "train_loss": 0.25}
    digest = update_digest(arrays, metrics)
    archive.put(digest, arrays, metrics)
    path = archive.path(digest)
    good = path.read_bytes()
    yield _file(path, lambda chance: mutation.data(chance, good), ProposalDamaged, lambda: archive.get(digest))


@contextmanager
def folders(root: Path) -> Iterator[Target]:
    """Files of a run's folder, read by the commands that people use."""
    good, copy = run_folder(root), root / "copy"
    names = sorted(path.relative_to(good) for path in good.rglob("*") if path.is_file())
    commands = {"ledger": [], "report": [], "audit": ["--no-execute"]}

    def mutant(chance: random.Random) -> tuple[str, Path, bytes]:
        name = chance.choice(names)
        content = (good / name).read_bytes()
        form = {".json": mutation.json_text, ".yaml": _text_or_bytes, ".txt": _text_or_bytes}.get(name.suffix)
        made = form(chance, content.decode()) if form else mutation.data(chance, content)
        return chance.choice(list(commands)), name, made

    def tried(made: tuple[str, Path, bytes]) -> str:
        command, name, content = made
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(good, copy)
        (copy / name).write_bytes(content)
        chain = hashlib.sha256((copy / "chain.db").read_bytes()).digest()
        code, words = said([command, str(copy), *commands[command]])
        if "Traceback" in words or code not in (0, 1, 2) or (code and not words.strip()):
            raise Defect(f"{command} with a changed {name}: exit code {code}, says {words[-500:]}")
        if hashlib.sha256((copy / "chain.db").read_bytes()).digest() != chain:
            raise Defect(f"{command} with a changed {name}: changed the chain")
        return REFUSED if code else TAKEN

    yield Target(mutant, tried)


def said(words: list[str]) -> tuple[int, str]:
    """Return a command's exit code and what it says on stderr; raises what a user would see as a traceback."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 2
    return code, err.getvalue()


def run_folder(root: Path) -> Path:
    """Return the folder of a small run, which is made once."""
    path = root / "run"
    if not path.exists():
        code, words = said(["run", *RUN_WORDS, "--quiet", "--run-dir", str(path)])
        assert code == 0, words
    return path


def _text_or_bytes(chance: random.Random, good: str) -> bytes:
    if chance.random() < 0.2:
        return mutation.data(chance, good.encode())
    return mutation.text(chance, good).encode("utf-8", "surrogatepass")


def _file(
    path: Path, mutant: Callable[[random.Random], bytes], error: type[Exception], read: Callable[[], object]
) -> Target:
    def tried(made: bytes) -> str:
        path.write_bytes(made)
        return expect(error)(read)

    return Target(mutant, tried)
