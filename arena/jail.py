"""The child's side of `sandbox.py`: read what to do, give up all else, say so, do it, answer.

Two lines of JSON: which guards are up, and what came of the call. Without the first line nothing of a submission was
touched.
"""

import importlib
import json
import os
import sys
from typing import Any

from fl_alliance.arena.errors import SubmissionRefused, shown
from fl_alliance.arena.isolation import AGAINST_NETWORK, die_with_parent, isolate

_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
"""What numerical libraries say instead of raising MemoryError."""


def main() -> None:
    """Serve the one request on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    blobs = tuple(sys.stdin.buffer.read(size) for size in request["sizes"])
    die_with_parent(request["parent"])
    answer_handle = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not become part of the answer
    isolation = isolate(
        request["guards"], request["memory_bytes"], request["cpu_s"], request["file_bytes"], request["readable"]
    )
    unguarded = request["require_no_network"] and not AGAINST_NETWORK & set(isolation.held)
    _write(answer_handle, {"held": isolation.held, "missing": isolation.missing, "unguarded": unguarded})
    if not unguarded:
        _write(answer_handle, _run(request["target"], request["arguments"], blobs))
    os._exit(0)  # nothing of what was loaded gets a last word


def _run(target: str, arguments: dict[str, Any], blobs: tuple[bytes, ...]) -> dict[str, Any]:
    module, _, function = target.partition(":")
    try:
        value = getattr(importlib.import_module(module), function)(*blobs, **arguments)
        json.dumps(value, allow_nan=False)  # here, so that an answer that is no JSON is the scorer's error
        return {"status": "finished", "value": value}
    except SubmissionRefused as error:
        return {"status": "refused", "words": str(error)}
    except MemoryError:
        return {"status": "out of memory"}
    except (Exception, SystemExit) as error:  # reported to the parent, which decides
        text = str(error)
        if any(words in text.lower() for words in _OUT_OF_MEMORY):
            return {"status": "out of memory"}
        return {"status": "raised", "words": f"{type(error).__name__}: {shown(text, 300)}"}


def _write(handle: int, line: dict[str, Any]) -> None:
    data = memoryview(json.dumps(line).encode() + b"\n")
    while data:
        data = data[os.write(handle, data) :]
