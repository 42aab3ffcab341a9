"""Nested brackets and names that occur twice: refused in words by every reader of files and messages from others.

py-evm raises the interpreter's limit on recursion, and Python's own parser then takes the whole process with it.
"""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from fl_alliance.archive import ProposalArchive, ProposalDamaged
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.folder import Agreement, _read_json
from fl_alliance.bookkeeping import task_begun
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import Contract, Deployment
from fl_alliance.chain.errors import KeyUnusable, ManifestUnusable
from fl_alliance.chain.node.jsonrpc import answer_body
from fl_alliance.chain.node.settings import Settings
from fl_alliance.chain.receipts import SpentBudget
from fl_alliance.chain.vouchers import Voucher
from fl_alliance.config import ConfigError, read_config, yaml_digest
from fl_alliance.deployment.approval import Approvals
from fl_alliance.deployment.draws import require_draw
from fl_alliance.deployment.identity import IdentityRefused, SignedBinding
from fl_alliance.deployment.keys import new_keystore
from fl_alliance.deployment.statements import Signed, Statement
from fl_alliance.deployment.terms import NotAgreed, Terms
from fl_alliance.dp.entries import Opened, line_of
from fl_alliance.dp.errors import LedgerDamaged, ReceiptInvalid
from fl_alliance.dp.ledger import Ledger
from fl_alliance.dp.receipt import Receipt
from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder
from fl_alliance.results import read_results
from fl_alliance.site.decisions import Decision
from fl_alliance.site.errors import LogDamaged, PolicyInvalid
from fl_alliance.site.log import NO_HEAD, DecisionLog, encode
from fl_alliance.site.policy import parse as parse_policy
from fl_alliance.strategies import state
from fl_alliance.strategies.masking import transcript as masks
from fl_alliance.transcript.content import Transcript, TranscriptDamaged

DEEP = [
    b"- " * 100_000,
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"":[' * 60_000 + b"]}" * 60_000,
]
ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
DECISION = Decision(1, "0xsite", "train", "1:0xa:2", 1, "allowed", "", 10, "d" * 64, "", 0.0, "p" * 64)
Read = Callable[[bytes], object]


@dataclass(frozen=True)
class Reader:
    """A reader of bytes: what it refuses them with, and a good object whose first name can be said twice."""

    read: Callable[[Path], Read]
    refusal: type[Exception]
    good: bytes = b""


def of_file(name: str, read: Callable[[Path], object]) -> Callable[[Path], Read]:
    def in_folder(folder: Path) -> Read:
        def tried(content: bytes) -> object:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)
            return read(path)

        return tried

    return in_folder


def plain(read: Read) -> Callable[[Path], Read]:
    return lambda folder: read


def of_archive(folder: Path) -> Read:
    def tried(content: bytes) -> object:
        path = ProposalArchive(folder).path(bytes(32))
        save_file({"w": np.zeros(1, np.float32)}, path, metadata={"update": content.decode()})
        return ProposalArchive(folder).get(bytes(32))

    return tried


def state_of(content: bytes) -> object:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, tree=np.frombuffer(content, np.uint8))
    return state.unpack(buffer.getvalue())


def answered(content: bytes) -> None:
    reply = json.loads(answer_body(content, lambda method, params: {"result": 1}))
    if "error" in reply:
        raise ValueError(reply["error"]["message"])


def contracts() -> dict[str, Contract]:
    names = ("FML", "Alliance")
    return {name: Contract(ADDRESS, "0x" + "00" * 32) for name in names}


def keystore(folder: Path) -> bytes:
    new_keystore(folder / "keystore.json", "correct horse battery")
    return (folder / "keystore.json").read_bytes()


TERMS = Terms(1, ADDRESS, ADDRESS, 1, 1, "ab", "cd", 0, "", ADDRESS)
SPENT = SpentBudget(1, 1, bytes(32), bytes(32), "record", 1, 1, 1)
READERS = {
    "metrics of a run": Reader(
        of_file("metrics.jsonl", lambda path: list(RunFolder(path.parent).rounds())), FolderError
    ),
    "deployment of a run": Reader(
        of_file("deployment.json", lambda path: task_begun(RunFolder(path.parent))), FolderError, b'{"task":1}'
    ),
    "references of a run": Reader(
        of_file("references.json", lambda path: read_results(RunFolder(path.parent))), FolderError, b'{"metrics":[]}'
    ),
    "files of a run under audit": Reader(
        of_file("deployment.json", lambda path: _read_json(path, Agreement())), DoesNotHold, b'{"task":1}'
    ),
    "privacy ledger": Reader(
        of_file("ab.jsonl", lambda path: Ledger(path).read()),
        LedgerDamaged,
        line_of(Opened("ab", "record"), "")[0].encode(),
    ),
    "receipt": Reader(
        plain(lambda content: Receipt.read(content.decode())),
        ReceiptInvalid,
        Receipt(SPENT, bytes(64)).to_json().encode(),
    ),
    "approvals": Reader(of_file("approved.json", Approvals.load), FolderError),
    "signed statement": Reader(of_file("yes.json", Signed.load), FolderError),
    "terms": Reader(of_file("terms.json", lambda path: Terms.load(path.parent)), FolderError),
    "draw": Reader(of_file("draw.json", lambda path: require_draw(path.parent, 1, b"", {}, wait_s=0)), NotAgreed),
    "binding": Reader(plain(SignedBinding.decode), IdentityRefused),
    "decisions": Reader(
        of_file("log.jsonl", lambda path: DecisionLog(path).read()), LogDamaged, encode(DECISION, 1, NO_HEAD)[0]
    ),
    "transcript": Reader(plain(Transcript.decode), TranscriptDamaged),
    "transcript of masks": Reader(
        plain(lambda content: masks.from_json(content.decode())),
        ValueError,
        masks.to_json(masks.Transcript()).encode(),
    ),
    "state of a strategy": Reader(plain(state_of), ValueError, b'{"list":[],"is_tuple":true}'),
    "manifest": Reader(of_file("manifest.json", Deployment.load), ManifestUnusable),
    "keystore": Reader(of_file("k.json", lambda path: NodeKey.from_keystore(path, "a")), KeyUnusable),
    "settings of a chain file": Reader(plain(Settings.decode), ValueError, Settings().encode()),
    "request to a chain": Reader(plain(answered), ValueError, b'{"jsonrpc":"2.0","id":1,"method":"a"}'),
    "proposal": Reader(of_archive, ProposalDamaged),
    "policy": Reader(plain(lambda content: parse_policy(content, Path("policy.yaml"))), PolicyInvalid),
    "settings of a task": Reader(plain(lambda content: read_config(content.decode())), ConfigError),
    "digest of settings": Reader(plain(lambda content: yaml_digest(content.decode())), ConfigError),
}
BY_LINE = ("decisions", "metrics of a run")
"""What a crash left of the last line is not damage."""


@pytest.fixture
def unlimited() -> Iterator[None]:
    """Let the interpreter recurse deeper than its stack is: a parser that recurses then ends the process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("name", READERS)
def test_brackets_without_end_are_refused_in_words(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    read = reader.read(tmp_path)
    for content in DEEP:
        content += b"\n" + reader.good + b"\n" if name in BY_LINE else b""
        with pytest.raises(reader.refusal) as refused:
            read(content)
        assert 0 < len(str(refused.value)) < 1_000


def twice(good: bytes) -> bytes:
    """Return an object that says its first name twice, the second time as it was."""
    name = next(iter(json.loads(good)))
    return good.replace(b"{", b"{" + json.dumps(name).encode() + b":0,", 1)


def whole(name: str, folder: Path) -> bytes:
    match name:
        case "terms":
            TERMS.save(folder)
            return (folder / "terms.json").read_bytes()
        case "manifest":
            Deployment(1, 0, contracts()).save(folder / "good.json")
            return (folder / "good.json").read_bytes()
        case "signed statement":
            Signed(Statement("revoke", (bytes(32),)), Voucher(ADDRESS, 1, bytes(64)), ADDRESS).save(
                folder / "good.json"
            )
            return (folder / "good.json").read_bytes()
        case _:
            return READERS[name].good


@pytest.mark.parametrize(
    "name", [*(name for name, each in READERS.items() if each.good), "terms", "manifest", "signed statement"]
)
def test_a_name_that_occurs_twice_is_refused(name: str, tmp_path: Path) -> None:
    reader, good = READERS[name], whole(name, tmp_path)
    read = reader.read(tmp_path)
    end = b"\n" + good + b"\n" if name in BY_LINE else b""
    read(good + b"\n" * (name in BY_LINE))
    with pytest.raises(reader.refusal):
        read(twice(good) + end)
