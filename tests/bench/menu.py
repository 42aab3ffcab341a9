"""CPU seconds and memory of candidate voting's menu, and of a voter's judgement of it, beside the model's size.

    python tests/bench/menu.py                           50 MB, 2 and 10 proposals
    python tests/bench/menu.py --megabytes 5 --proposals 20

The digits' network with one hidden layer, as wide as the size asks. Every number of proposals has a process of its own,
and everything is made twice: the first time pays for memory that the process has not had yet.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from flwr.app import RecordDict

from fl_alliance.behaviour import Case, HonestJudge
from fl_alliance.chain.messages import Domain
from fl_alliance.strategies.menu import Candidates
from fl_alliance.strategies.rules import CandidateVoting
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays

BYTES_OF_A_UNIT = 300
"""Of the hidden layer: 75 parameters of 4 bytes."""
PLACE = Place(1, 1, Domain(31337, "0x" + "11" * 20))


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def moved(model: Arrays, rng: np.random.Generator) -> Arrays:
    """Return a model a small step away from another."""
    return {name: array + rng.normal(scale=0.01, size=array.shape).astype(np.float32) for name, array in model.items()}


def measure(megabytes: float, count: int) -> None:
    """Print a line for the coordinator's menu, and one for each part of a voter's work."""
    workload = get("digits", hidden=round(megabytes * 2**20 / BYTES_OF_A_UNIT))
    old, rng = workload.initial_arrays(1), np.random.default_rng(1)
    proposals = {member: moved(old, rng) for member in range(count)}
    rule, judge = CandidateVoting(Candidates()), HonestJudge(workload, workload.load(0, 4, 1))
    before = peak_mb()
    rule.motion(old, proposals, proposals[0], sorted(proposals), {})
    more = peak_mb() - before
    print(f"{megabytes:g} MB, {count} proposals: memory for a menu {more:,.0f} MB")
    for attempt in ("first", "again"):
        began = time.process_time()
        motion = rule.motion(old, proposals, proposals[0], sorted(proposals), {})
        formed = time.process_time()
        read = rule.read(RecordDict(dict(motion.ballot())))
        put_together = time.process_time()
        case = Case(PLACE, tuple(map(dict, read.models)), read.proposals, (), read.members, read.rows)
        judge.assess(case)
        scored = time.process_time()
        judge.contributions(case, 1)
        ended = time.process_time()
        print(
            f"  {attempt}: menu {formed - began:5.2f} s, ballot and menu at a voter {put_together - formed:5.2f} s, "
            f"{len(read.models)} scores {scored - put_together:5.2f} s, contributions {ended - scored:5.2f} s"
        )
        del motion, read, case


def main() -> None:
    """Measure every number of proposals in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--proposals", type=int, nargs="+", default=[2, 10])
    given = parser.parse_args()
    if len(given.proposals) == 1:
        measure(given.megabytes, given.proposals[0])
        return
    for count in given.proposals:
        words = ["--megabytes", str(given.megabytes), "--proposals", str(count)]
        subprocess.run([sys.executable, __file__, *words], check=True)


if __name__ == "__main__":
    main()
