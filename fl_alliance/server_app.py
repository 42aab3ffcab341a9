"""The Flower ServerApp for `flwr run .`: the same job as `fl-alliance run`, over the federation that Flower started.

`flwr run . --run-config 'overrides="rounds=5 workload=digits" run-dir="/abs/path"'`

With `resume=true` it goes on in that folder. `fl-alliance coordinate` starts it for hospitals that join from elsewhere.
"""

import shlex
from pathlib import Path

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from fl_alliance import job
from fl_alliance.config import load_config
from fl_alliance.folders import default_root, new_folder, open_stopped
from fl_alliance.view import RunView

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run the job; an empty `run-dir` is a new folder under `runs/` where this process was started."""
    overrides, resume = shlex.split(str(context.run_config["overrides"])), bool(context.run_config.get("resume"))
    config = load_config(overrides)
    root = str(context.run_config["run-dir"])
    if resume:
        folder = open_stopped(root)
    else:
        folder = new_folder(Path(root).expanduser() if root else default_root(config.workload.name).absolute())
    job.prepare(folder, config, overrides)
    with RunView(config, str(folder.root)) as view:
        job.federate(grid, config, folder, listener=view, resume=resume)
