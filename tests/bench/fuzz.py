"""Malformed input of every kind: never a traceback to the user, never a changed ledger.

    python tests/bench/fuzz.py                          10,000 inputs, some minutes
    python tests/bench/fuzz.py --only policies --count 500 --seed 7

Messages to a hospital's node and replies to the coordinator, settings, policies, manifests, terms and signed papers,
rows of CSV files, logs, ledgers, proposals, transcripts and the files of run folders, each made from a good one by
seeded mutations. What an input comes to is counted: `taken` (it is still good, or only another good one) or `refused`
by an error that the command line shows in one line. Anything else is a defect: the first is printed with its input, and
the exit code is 1.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from fuzz_kinds import TARGETS
from fuzz_targets import Defect

COUNT = 10_000


@dataclass
class Result:
    """What the inputs of one kind came to."""

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    defects: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        return f"{self.kind:<10} {sum(self.counts.values()):>6}  {counts}; {self.seconds:.1f} s"


def fuzz(kind: str, count: int, seed: int) -> Result:
    """Try so many inputs of one kind; every input follows from the seed, the kind and its number."""
    result, began = Result(kind), time.monotonic()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fl-alliance-fuzz-")))
        target = stack.enter_context(TARGETS[kind](root))
        for number in range(count):
            chance = random.Random(f"{seed}/{kind}/{number}")
            mutant: object = None
            try:
                mutant = target.mutant(chance)
                outcome = target.tried(mutant)
            except Defect as defect:
                outcome = _defect(result, number, mutant, str(defect))
            except Exception:
                outcome = _defect(result, number, mutant, traceback.format_exc())
            result.counts[outcome] += 1
    result.seconds = time.monotonic() - began
    return result


def _defect(result: Result, number: int, mutant: object, why: str) -> str:
    result.defects.append(f"{result.kind} {number}: {why}\ninput: {repr(mutant)[:3000]}")
    return "defects"


def shares(count: int, kinds: Sequence[str]) -> dict[str, int]:
    """Return how many inputs of each kind: in proportion to the kinds' weights, the rest to the first."""
    weights = {kind: TARGETS[kind].weight for kind in kinds}
    found = {kind: count * weight // sum(weights.values()) for kind, weight in weights.items()}
    found[kinds[0]] += count - sum(found.values())
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Print what came of each kind, and the first defect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=COUNT, help=f"inputs in all (default {COUNT})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=TARGETS, action="append", help="these kinds only")
    given = parser.parse_args(words)
    defects = []
    for kind, count in shares(given.count, given.only or list(TARGETS)).items():
        result = fuzz(kind, count, given.seed)
        print(result, flush=True)
        defects += result.defects
    if defects:
        print(f"{len(defects)} defects; the first:\n{defects[0]}", file=sys.stderr)
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
