"""What the checks look at: what the hospital says when it joins, and its chain as far as that answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rpc import Rpc
from fl_alliance.config import JobConfig
from fl_alliance.deployment.joining import Wish
from fl_alliance.workloads.base import Site as Examined


@dataclass(slots=True)
class Site:
    """A hospital's machine before it joins; each check adds what the next ones need.

    Attributes
    ----------
    wish : Wish
        As `join` takes it.
    clock : callable
        This machine's time, Unix seconds.
    key, deployment, rpc, task, settings, own :
        None until the check that reads it finds nothing wrong.
    """

    wish: Wish
    clock: Callable[[], float] = time.time
    key: NodeKey | None = None
    deployment: Deployment | None = None
    rpc: Rpc | None = None
    task: TaskModel | None = None
    is_member: bool = False
    settings: JobConfig | None = None
    own: Examined | None = None
