"""Which task a command is about: a manifest and a number, that belong together."""

import argparse
from pathlib import Path


def add_task(command: argparse.ArgumentParser) -> None:
    """Add the two options."""
    command.add_argument("--manifest", type=Path, metavar="FILE", help="where the task's contract is")
    command.add_argument("--task", type=int, metavar="N", help="the task's number there")


def task_of(arguments: argparse.Namespace) -> tuple[int, str, int] | None:
    """Return chain id, contract and number, None where none is named; raises `ConfigError`, `ChainError`."""
    from fl_alliance.chain.deploy import Deployment
    from fl_alliance.config import ConfigError

    if arguments.manifest is None and arguments.task is None:
        return None
    if arguments.manifest is None or arguments.task is None:
        raise ConfigError("--manifest and --task: need each other")
    if arguments.task < 0:
        raise ConfigError(f"--task {arguments.task}: needs 0 or more")
    deployment = Deployment.load(arguments.manifest)
    return deployment.chain_id, deployment.alliance, arguments.task
