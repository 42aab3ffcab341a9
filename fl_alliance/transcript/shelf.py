"""A run's transcripts on disk, `transcripts/00001-<sha256>.json`: each is whole or not there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.records import write_whole
from fl_alliance.transcript.content import MOST_BYTES, Transcript, TranscriptDamaged

_NAME = re.compile(r"(\d{5,10})-([0-9a-f]{64})\.json")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of transcripts."""

    root: Path

    def put(self, transcript: Transcript) -> Path:
        """Write a transcript under its digest."""
        path = self.root / f"{transcript.number:05}-{transcript.digest.hex()}.json"
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(path, transcript.encode())
        return path

    def numbers(self) -> dict[int, list[Path]]:
        """Return the files of each round, by their names alone; more than one of a round contradict each other."""
        found: dict[int, list[Path]] = {}
        for path in sorted(self.root.glob("*.json")):
            match = _NAME.fullmatch(path.name)
            if match:
                found.setdefault(int(match[1]), []).append(path)
        return found

    def read(self, path: Path) -> Transcript:
        """Read a file; raises `TranscriptDamaged` where it is not what its name says."""
        if path.stat().st_size > MOST_BYTES:
            raise TranscriptDamaged(f"{path.stat().st_size} bytes, needed {MOST_BYTES} at most")
        transcript = Transcript.decode(path.read_bytes())
        match = _NAME.fullmatch(path.name)
        if match is None or (int(match[1]), match[2]) != (transcript.number, transcript.digest.hex()):
            raise TranscriptDamaged(f"is of round {transcript.number} and digest {transcript.digest.hex()}")
        return transcript

    def __iter__(self) -> Iterator[Transcript]:
        """Yield the transcripts in the order of the rounds."""
        return (self.read(path) for _, paths in sorted(self.numbers().items()) for path in paths)
