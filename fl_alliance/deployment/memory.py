"""What a hospital's node must not forget when its process ends: what it has signed, and the vote it has to reveal.

Flower keeps a node's state in the SuperNode's memory. Here it is on disk before any reply leaves, so that a node that
was killed never says two things on one matter, and reveals after a restart what it committed to before.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flwr.app import Context, Message, RecordDict
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.proto.recorddict_pb2 import RecordDict as ProtoRecordDict
from google.protobuf.message import DecodeError

from fl_alliance.folders import FolderError
from fl_alliance.records import write_whole

Answer = Callable[[Message, Context], Message]
STATE = "state.bin"


def remembering(home: Path, message: Message, context: Context, answer: Answer) -> Message:
    """Answer with the state that is on disk, and write it there before the answer is returned.

    Raises
    ------
    FolderError
        The state cannot be read: a node that has forgotten what it signed does not sign.
    """
    path = home / STATE
    with _alone(home):
        if path.is_file():
            context.state = _read(path)
        reply = answer(message, context)
        content: bytes = recorddict_to_proto(context.state).SerializeToString()
        write_whole(path, content)
    return reply


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Wait for any other process that works with this state; one that was killed lets go of it."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _read(path: Path) -> RecordDict:
    try:
        return recorddict_from_proto(ProtoRecordDict.FromString(path.read_bytes()))
    except (DecodeError, ValueError) as error:
        raise FolderError(f"{path}: {error}; needed what this node wrote there") from error
