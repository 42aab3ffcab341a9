"""What the sandbox calls to score a submission whose base model came from the store."""

from pathlib import Path

from fl_alliance.arena.kinds.lm.targets import score_on_tiny


def score_on_tiny_file(artifact: bytes, data: bytes, path: str) -> int:
    """Return an adapter's score on the tiny model in the file `path`, as `LmLora.score` does."""
    return score_on_tiny(artifact, data, Path(path).read_bytes())
