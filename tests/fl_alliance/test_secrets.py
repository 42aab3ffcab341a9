"""No node's secret leaves it: not in a message, not in the run folder, not on the chain, not in an error."""

import zipfile
from pathlib import Path

import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from fl_alliance import job
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.cli.main import main
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid

OVERRIDES = ["workload=linear", "nodes=4", "rounds=2", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]


def seen_in(content: RecordDict) -> bytes:
    """Return everything that a message carries, as bytes and as text."""
    parts = []
    for record in content.config_records.values():
        parts += [value if isinstance(value, bytes) else str(value).encode() for value in record.values()]
    for arrays in content.array_records.values():
        parts += [array.data for array in arrays.values()]
    return b"\0".join(parts)


class Tapped(ClientApp):
    """The honest app with a wire tap on both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.tape: list[bytes] = []

    def __call__(self, message: Message, context: Context) -> Message:
        self.tape.append(seen_in(message.content))
        reply = app(message, context)
        self.tape.append(seen_in(reply.content))
        return reply


def test_no_secret_is_in_any_message_or_file_of_a_run(tmp_path: Path) -> None:
    config, folder, tapped = load_config(OVERRIDES), RunFolder(tmp_path), Tapped()
    job.prepare(folder, config, OVERRIDES)
    grid = LocalGrid(tapped, config.nodes, {"overrides": " ".join(OVERRIDES)})
    job.federate(grid, config, folder, listener=lambda _: None, resume=False)

    keys = [NodeKey.derive(config.seed, node) for node in range(config.nodes)]
    assert any(bytes.fromhex(key.address[2:]) in (tmp_path / "chain.db").read_bytes() for key in keys)
    for kept in (tmp_path / "transcripts", tmp_path / "proposals"):
        assert list(kept.iterdir()), "what an audit reads is looked through too"
    assert main(["evidence", str(tmp_path)]) == 0
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        evidence = [archive.read(name) for name in archive.namelist()]
    assert len(evidence) > 10
    haystack = [*tapped.tape, *evidence, *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())]
    assert len(tapped.tape) > 30
    for key in keys:
        for secret in (key.secret, key.secret.hex().encode(), str(int.from_bytes(key.secret, "big")).encode()):
            assert not [found for found in haystack if secret in found]
        assert key.secret.hex() not in repr(key)


@pytest.mark.parametrize("text", ["query.join", "query.prove", "query.reveal", "train", "evaluate"])
def test_a_malformed_request_is_answered_with_an_error_that_names_no_secret(text: str) -> None:
    grid = LocalGrid(app, 4, {"overrides": " ".join(OVERRIDES)})
    request = Message(RecordDict({"alliance": ConfigRecord({"seed": b"x"})}), dst_node_id=1, message_type=text)
    (reply,) = grid.send_and_receive([request])
    assert reply.has_error()
    assert NodeKey.derive(1, 0).secret.hex() not in str(reply.error.reason)
