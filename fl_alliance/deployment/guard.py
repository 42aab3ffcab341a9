"""Flower's process for one message, which imports an app only where its bytes and settings are among those approved.

`flwr-clientapp` installs the bundle that came with the run and imports it. Here the bundle's digest is taken before it
is unpacked, with that of the run's resolved configuration, and `approved.json` of the site is asked: no network, any
app.
"""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fl_alliance.bundles import bundle_digest, settings_digest
from fl_alliance.deployment.approval import Approvals

APPROVED = "FL_ALLIANCE_APPROVED"
"""Environment variable with the path of the site's `approved.json`; no secret."""


class Guard:
    """Stands before Flower's own installation of a bundle.

    Parameters
    ----------
    approvals : Approvals
        What may run.
    pull : callable
        Flower's, which gives a run's message, context, description and bundle.
    install : callable
        Flower's, which unpacks a bundle.
    """

    def __init__(self, approvals: Approvals, pull: Callable[..., Any], install: Callable[..., Any]) -> None:
        self._approvals, self._pull, self._install = approvals, pull, install
        self._settings = b""

    def pull(self, client: Any) -> Any:
        """Take in what is asked, and keep the digest of its configuration."""
        found = self._pull(client)
        self._settings = settings_digest(found[1].run_config)
        return found

    def install(self, fab: bytes, *args: Any, **options: Any) -> Any:
        """Unpack a bundle that may run; raises `NotApproved` before anything of another one is written or imported."""
        self._approvals.require(bundle_digest(fab), self._settings)
        return self._install(fab, *args, **options)


def shim(folder: Path) -> Path:
    """Write a `flwr-clientapp` that is this one into a folder, which a SuperNode's PATH then begins with."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = folder / "flwr-clientapp"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fl_alliance.deployment.guard "$@"\n')
    command.chmod(0o700)
    return folder


def main() -> None:
    """Answer one message as `flwr-clientapp` does."""
    from flwr.supernode.cli import flwr_clientapp

    flower = importlib.import_module("flwr.supernode.runtime.run_clientapp")
    approvals = Approvals.load(Path(os.environ[APPROVED]))
    guard = Guard(approvals, flower.pull_task_input, flower.install_from_fab)
    vars(flower).update(pull_task_input=guard.pull, install_from_fab=guard.install)
    sys.argv[0] = "flwr-clientapp"
    flwr_clientapp()


if __name__ == "__main__":
    main()
