"""Four hospitals over TLS on loopback, a random process of which is killed every so often: the task finishes.

    python tests/bench/faults.py                               a kill every 20 s for 5 minutes
    python tests/bench/faults.py --minutes 1 --every 15        something shorter first

Killed with SIGKILL are hospitals with their SuperNodes, SuperNodes alone, the coordinator, its SuperLink and the chain.
A supervisor starts commands that ended otherwise than with exit code 0 again, as systemd would. Prints what was killed
and what came of it, and ends with 1 where something is lost, paid twice or left undone.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from loopback import Loopback

WINDOWS = (
    "alliance.leader_s=15",
    "alliance.propose_s=600",
    "alliance.commit_s=600",
    "alliance.reveal_s=40",
    "alliance.evidence_s=5",
    "alliance.registration_s=600",
    "alliance.grace_s=30",
)
"""Grace and reveals: what a restart takes here, with others on the machine; the other windows far longer."""


def targets(town: Loopback) -> list[tuple[str, str]]:
    """Return what can be killed: a process, and which of Flower's that it has started, or none."""
    hospitals = [(name, kind) for name in town.hospitals for kind in ("", "supernode")]
    return [*hospitals, *[("coordinate", kind) for kind in ("", "superlink")] * 2, ("chain", ""), ("chain", "")]


def kill_at_random(town: Loopback, minutes: float, every_s: float, seed: int) -> Counter[str]:
    """Kill something every so often while the task goes on; return how often what was."""
    chance, killed = random.Random(seed), Counter[str]()
    began = time.monotonic()
    while time.monotonic() - began < 60 * minutes:
        time.sleep(every_s)
        name, kind = chance.choice(targets(town))
        process = town.processes[name].running
        if process.poll() is not None:
            continue
        if kind and not town.kill_child(name, kind):
            continue
        if not kind:
            process.kill()
        killed[f"{name.split('-')[0]} {kind}".strip()] += 1
        print(f"{time.monotonic() - began:7.1f} s: killed {name} {kind}", flush=True)
    return killed


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5, help="of kills (default: 5)")
    parser.add_argument("--every", type=float, default=20, help="seconds between kills (default: 20)")
    parser.add_argument("--rounds", type=int, default=100, help="of the task (default: 100, which last longer)")
    parser.add_argument("--seed", type=int, default=1, help="decides what is killed (default: 1)")
    parser.add_argument("--patience", type=float, default=30, help="minutes for the rest of the task (default: 30)")
    parser.add_argument("--folder", type=Path, help="where to keep everything (default: a new one)")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"logs and chain in {folder}", flush=True)
    with Loopback(folder, 4, (*WINDOWS, f"rounds={given.rounds}")) as town:
        town.serve_chain()
        town.coordinate()
        town.join_all()
        town.supervise()
        town.await_line("coordinate", "4 of 4 hospitals have joined")
        killed = kill_at_random(town, given.minutes, given.every, given.seed)
        wrong = town.finish(seconds=60 * given.patience)
        outcomes = Counter(record.outcome for record in town.run.rounds())
    print(f"killed: {dict(killed)}; rounds: {dict(outcomes)}")
    for item in wrong:
        print(f"  {item}")
    print("the task finished, the audit passed, balances add up" if not wrong else "FAILED")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
