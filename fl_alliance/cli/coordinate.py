"""`fl-alliance coordinate`: what a coordinator leaves running so that hospitals can join a task."""

import argparse
import signal
import sys
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import default_root, new_folder, open_stopped

_EPILOG = """\
It takes the settings of `fl-alliance run` and runs the same job, with hospitals that join by `fl-alliance join` in the
place of simulated ones. It starts a SuperLink, creates the task on the chain, prints the command for hospitals, waits
until `nodes` of them have come or registration is over (alliance.registration_s), and runs the task to its payout. A
hospital without FML gets its stake from the coordinator's account.

The chain must be one that hospitals reach too (chain.url=http://...), and the coordinator's key is in the environment
variable that chain.relayer_key_env names: 64 hex digits, or the path of a keystore whose password is in the file that
the variable of the same name with _PASSWORD_FILE behind it names. A hospital that is away is asked again when it is
back, for four fifths of the chain's windows (alliance.propose_s and the others, real seconds): choose them as long as
honest work and a restart may take, since whoever stays away costs the round all of one.

Without more it listens on this machine's loopback interface. For hospitals elsewhere it needs a certificate
(--certificates, a folder made by `fl-alliance certificates`) and the public keys of their SuperNodes (--node-keys, a
folder with a .pub file for each; a file added later lets one in, a file removed shuts it out). Flower's Control and
Runtime APIs, which authenticate nobody, answer this machine alone.

examples:
  fl-alliance chain                                      a chain for this machine, in another terminal
  export RELAYER_KEY=...                                 of an account with gas
  fl-alliance coordinate nodes=4 rounds=3 workload=digits alliance.proposers=2 alliance.voters=2 \\
      chain.url=http://127.0.0.1:8545 chain.relayer_key_env=RELAYER_KEY alliance.propose_s=600 alliance.commit_s=600
  fl-alliance coordinate ... --host 0.0.0.0 --certificates tls --node-keys nodes
  fl-alliance coordinate --resume runs/20260102-030405-digits        go on after Ctrl-C, or after a crash
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser(
        "coordinate", "Run a task for hospitals that join from elsewhere.", _EPILOG, "[NAME=VALUE ...] [options]"
    )
    command.add_argument("overrides", nargs="*", metavar="NAME=VALUE", help="settings, as for fl-alliance run")
    command.add_argument("--host", default="127.0.0.1", metavar="HOST", help="of the SuperLink (default: 127.0.0.1)")
    command.add_argument("--certificates", type=Path, metavar="DIR", help="its certificate and key, for TLS")
    command.add_argument("--node-keys", type=Path, metavar="DIR", help="public keys of SuperNodes that may connect")
    command.add_argument("--port", type=int, default=9092, metavar="PORT", help="of the SuperLink (default: 9092)")
    command.add_argument("--run-dir", metavar="DIR", help="folder of the run (default: runs/<time>-<workload>)")
    command.add_argument("--resume", metavar="RUN", help="go on with a stopped run, from its folder")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Coordinate until the payout, or until Ctrl-C or SIGTERM."""
    from fl_alliance.config import ConfigError, load_config, split_overrides
    from fl_alliance.deployment.coordinating import coordinate, require_relayer
    from fl_alliance.deployment.link import Link
    from fl_alliance.results import finished_after, finished_words

    link = Link(arguments.host, arguments.port, arguments.certificates, arguments.node_keys)
    link.require_safe()
    if arguments.resume is not None:
        if arguments.overrides or arguments.run_dir:
            raise ConfigError("--resume: takes no settings or --run-dir; a task's settings never change")
        folder = open_stopped(arguments.resume)
        if (last := finished_after(folder)) is not None:
            print(finished_words(folder, last))
            return 0
        overrides = split_overrides(folder.overrides.read_text())
    else:
        overrides = [*arguments.overrides, "runtime.name=deployment"]
    config, resume = load_config(overrides), arguments.resume is not None
    require_relayer(config)
    if not resume:
        folder = new_folder(Path(arguments.run_dir) if arguments.run_dir else default_root(config.workload.name))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        coordinate(config, overrides, folder, link=link, resume=resume, say=_say)
    except KeyboardInterrupt:
        again = f"go on with: fl-alliance coordinate --resume {folder.root}"
        print(f"fl-alliance coordinate: stopped; {again}", file=sys.stderr)
        return 130
    return 0


def _say(words: str) -> None:
    print(words, flush=True)
