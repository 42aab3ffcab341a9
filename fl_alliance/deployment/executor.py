"""Answers a SuperNode's messages in a process that has imported everything already and stays.

Flower's own executor starts a Python for every message: 2.7 s of CPU, almost all of it imports. What runs is the
installed app, whatever app the coordinator's bundle names or holds: no code that travels is ever imported.

The first process only looks for messages. A second, forked from it, answers them, and is replaced when it ends in the
middle of one, out of memory for example; the coordinator is told so at once, where Flower's takes a minute to notice.
"""

import importlib
import os
import select
import signal
import sys
import time
import traceback
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import httpx
from flwr.app import Context, Error, Message, RecordDict
from flwr.app.message import remove_content_from_message
from flwr.common.constant import ErrorCode, SubStatus
from flwr.proto.runtime_pb2 import AcquireTaskRequest, SendTaskHeartbeatRequest
from flwr.supercore.app_utils import start_parent_process_monitor
from flwr.supercore.constant import TaskType
from flwr.supercore.interceptors import RuntimeTokenHttpInterceptor, RuntimeVersionHttpInterceptor
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.supernode.runtime.run_clientapp import pull_task_input, push_message, push_task_output

from fl_alliance.client_app import app
from fl_alliance.deployment.pulling import pull_soon

LOOK_S, HEARTBEAT_S = 5.0, 10.0
_BYTES = 65_536
DONE = "done"
_CRASHED = Error(ErrorCode.CLIENT_APP_CRASHED, "the process that worked on this message ended without an answer")


def serve(address: str, parent: int) -> None:
    """Take messages from the SuperNode at an address until process `parent` has ended."""
    pull_soon()
    worker = Worker(address)
    with _client(address) as tasks:
        while os.getppid() == parent:
            try:
                found = tasks.AcquireTask(AcquireTaskRequest(supported_task_types=[TaskType.CLIENT_APP]))
                if found.token:
                    worker.answer(found.token)
                else:
                    _await_message()
            except httpx.HTTPError as error:
                print(f"the SuperNode does not answer: {type(error).__name__}", flush=True)
                time.sleep(1)


def _await_message() -> None:
    """Return when the SuperNode says, through this process' input, that there is a message, or after a while."""
    if select.select([sys.stdin], [], [], LOOK_S)[0]:
        os.read(sys.stdin.fileno(), _BYTES)


class Worker:
    """The process that answers, from its parent's side.

    Parameters
    ----------
    address : str
        Where the SuperNode listens.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._line: Connection | None = None

    def answer(self, token: str) -> None:
        """Let the worker answer the message of this token; raises httpx' errors."""
        line = self._started()
        asked: tuple[Message, Context] | None = None
        with _client(self._address, token) as client:
            told = time.monotonic()
            try:
                line.send(token)
                while (said := _heard(line)) != DONE:
                    asked = said or asked
                    if time.monotonic() - told > HEARTBEAT_S:
                        told = time.monotonic()
                        client.SendTaskHeartbeat(SendTaskHeartbeatRequest())
            except (EOFError, OSError):
                self._line = None
                os.wait()
                if asked is not None:
                    message, context = asked
                    push_message(client, Message(_CRASHED, reply_to=message), context)
                push_task_output(client, None, SubStatus.FAILED, str(_CRASHED.reason))

    def _started(self) -> Connection:
        if self._line is None:
            self._line, theirs = Pipe()
            if os.fork() == 0:
                self._line.close()
                _work(self._address, theirs)
            theirs.close()
        return self._line


def _heard(line: Connection) -> Any:
    """Return what the worker says within a while, None where it says nothing; raises `EOFError` where it has ended."""
    return line.recv() if line.poll(HEARTBEAT_S) else None


def _work(address: str, line: Connection) -> NoReturn:
    """Answer the messages whose tokens come, until the parent has ended or something is wrong with this process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        start_parent_process_monitor(os.getppid())
        while True:
            with _client(address, line.recv()) as client:
                message, context, _, _ = pull_task_input(client)
                line.send((remove_content_from_message(message), replace(context, state=RecordDict())))
                _answer(client, message, context)
            line.send(DONE)
    except (EOFError, KeyboardInterrupt):
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _answer(client: RuntimeHttpClient, message: Message, context: Context) -> None:
    """Let the app answer, and send what it says."""
    try:
        reply, status = app(message, context), SubStatus.COMPLETED
    except Exception as error:  # in Flower's own form
        reason = f"{type(error)}:<'{error}'>"
        print(reason, flush=True)
        reply = Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, reason), reply_to=message)
        status = SubStatus.FAILED
    push_message(client, reply, context)
    push_task_output(client, context, status, "")


def _client(address: str, token: str = "") -> RuntimeHttpClient:
    named = [RuntimeTokenHttpInterceptor(token)] if token else []
    return RuntimeHttpClient.from_server_address(
        server_address=address,
        insecure=True,  # the SuperNode listens on this machine's loopback interface
        root_certificates=None,
        interceptors=[RuntimeVersionHttpInterceptor(component_name="flwr-clientapp"), *named],
    )


def import_what_messages_need() -> None:
    """Import what would otherwise be imported for every message."""
    for name in ("sklearn.datasets", "torch", "fl_alliance.workloads"):
        importlib.import_module(name)


if __name__ == "__main__":
    import_what_messages_need()
    serve(sys.argv[1], int(sys.argv[2]))
