"""What a sandbox calls to score a stranger's adapter (`arena/sandbox.py`): bytes in, an integer out.

A submission that is refused raises SubmissionRefused there, and the sandbox says so.
"""

from fl_alliance.arena.kinds.lm.smollm2 import smollm2
from fl_alliance.arena.kinds.lm.tiny import tiny
from fl_alliance.arena.kinds.lm_lora import LmLora


def score_on_smollm2(artifact: bytes, data: bytes) -> int:
    """Return an adapter's score on SmolLM2, as `LmLora.score` does."""
    kind = LmLora(smollm2())
    return kind.score(kind.load(artifact), data)


def score_on_tiny(artifact: bytes, data: bytes, base: bytes) -> int:
    """Return an adapter's score on the tiny model whose file is `base`."""
    kind = LmLora(tiny(base))
    return kind.score(kind.load(artifact), data)
