"""Run a Flower ServerApp and its ClientApps in this process, one message at a time.

The same apps, messages, contexts and strategies as in Flower's simulation, without Ray: nothing to start,
nothing left running, and replies always in the order in which the messages were given.
"""

from collections.abc import Iterable, Mapping
from uuid import uuid4

from flwr.app import (
    ArrayRecord,
    ConfigRecord,
    Context,
    Error,
    Message,
    MetricRecord,
    RecordDict,
    UserConfig,
    UserConfigValue,
)
from flwr.clientapp import ClientApp
from flwr.common.constant import NUM_PARTITIONS_KEY, PARTITION_ID_KEY, SUPERLINK_NODE_ID, ErrorCode
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.strategies.wire import with_content

RunConfig = Mapping[str, UserConfigValue]


class LocalGrid(Grid):
    """A grid of `num_nodes` nodes that all live in this process.

    Node ids are 1 to `num_nodes`; node i holds partition i - 1 and a context of its own that lasts as long
    as the grid. A ClientApp that raises becomes an error reply that carries the exception's type and text,
    as in Flower.
    """

    def __init__(self, client_app: ClientApp, num_nodes: int, run_config: RunConfig) -> None:
        self._client_app = client_app
        self._run = Run.create_empty(run_id=1)
        # Messages take their sender from the process' identity, which Flower's runtimes set as they start.
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = self._run.run_id, 1, SUPERLINK_NODE_ID
        self._replies: dict[str, Message] = {}
        self._contexts = {
            node_id: Context(
                run_id=self._run.run_id,
                node_id=node_id,
                node_config=UserConfig({PARTITION_ID_KEY: node_id - 1, NUM_PARTITIONS_KEY: num_nodes}),
                state=RecordDict(),
                run_config=UserConfig(run_config),
            )
            for node_id in range(1, num_nodes + 1)
        }

    @property
    def run(self) -> Run:
        """Return the run."""
        return self._run

    def set_run(self, run: Run) -> None:
        """Set the run."""
        self._run = run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Create a message."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> Iterable[int]:
        """Return all node ids, ascending."""
        return list(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Let each node handle its message now; replies wait to be pulled."""
        ids = []
        for message in messages:
            message.metadata.__dict__["_message_id"] = str(uuid4())
            self._replies[message.metadata.message_id] = self._handle(message)
            ids.append(message.metadata.message_id)
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Return the replies to the messages of these ids, in this order, once."""
        return [self._replies.pop(message_id) for message_id in message_ids if message_id in self._replies]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Push messages and pull their replies; nothing is ever late here, so `timeout` is not needed."""
        return self.pull_messages(self.push_messages(messages))

    def _handle(self, message: Message) -> Message:
        context = self._contexts.get(message.metadata.dst_node_id)
        if context is None:
            return Message(Error(ErrorCode.NODE_UNAVAILABLE, "no such node"), reply_to=message)
        try:
            reply = self._client_app(_own_copy(message), context)
        except Exception as error:
            reason = f"{type(error)}:<'{error}'>"
            reply = Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, reason), reply_to=message)
        reply.metadata.__dict__["_message_id"] = str(uuid4())
        return reply


def _own_copy(message: Message) -> Message:
    """Return the message with records of its own: a strategy puts one content into many messages."""
    content = RecordDict()
    for name, record in message.content.items():
        match record:
            case ArrayRecord():
                content[name] = ArrayRecord(dict(record))
            case MetricRecord():
                content[name] = MetricRecord(dict(record))
            case ConfigRecord():
                content[name] = ConfigRecord(dict(record))
    return with_content(message, content)


def run_local(server_app: ServerApp, client_app: ClientApp, num_nodes: int, run_config: RunConfig) -> None:
    """Run `server_app` against `num_nodes` in-process nodes until it returns."""
    grid = LocalGrid(client_app, num_nodes, run_config)
    context = Context(
        run_id=grid.run.run_id,
        node_id=0,
        node_config=UserConfig(),
        state=RecordDict(),
        run_config=UserConfig(run_config),
    )
    server_app(grid, context)
