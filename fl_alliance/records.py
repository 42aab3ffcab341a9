"""The run folder: where a run keeps what it produced, and one line of `metrics.jsonl` for every round.

config.yaml          the resolved configuration
overrides.txt        the hydra overrides that compose it, for --resume
chain.db             the embedded chain's file (absent when the chain is elsewhere)
deployment.json      chain id, contract addresses and code hashes, task number, members' sites
metrics.jsonl        one line a round: a RoundRecord
receipts.jsonl       with dp or rule.score_epsilon: the receipts of spent privacy budget that came with updates
privacy/             the simulated sites' privacy ledgers, likewise
references.json      what the workload compares itself with: persistence, local only, pooled; after how many rounds
grid.json            reference and predicted values for the error grid (glucose)
model.safetensors    the task's final model
parent/              with init=arena:TASK: the model that the run started from, its lineage.json and its card
models/              models by digest, kept while a round may still adopt them
proposals/           every proposal by its digest on chain, unless records.proposals=none
identities/          with a consortium: what members' SuperNodes and accounts signed of one another
transcripts/         a transcript of every round, by its sha256
masks/               what the masks of every round left behind (privacy.masks=true, unless records.proposals=none)
flower.log           what Flower itself logs
report.html          the report; one file, works offline
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fl_alliance.chain import strict_json


class FolderError(Exception):
    """A folder is not what a command needs: no run in it, one already, or a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One settled round. Members are roster indexes, amounts gwei of FML, scores micro-units, times seconds."""

    round: int
    outcome: str
    proposers: list[int]
    proposed: list[int]
    voters: list[int]
    committed: list[int]
    leader: int
    voters_leader: int | None
    absent_leaders: list[int]
    yes: int
    no: int
    scores: dict[str, tuple[int, ...]]
    deltas: dict[str, int]
    reasons: dict[str, str]
    dropped: dict[str, str]
    balances: list[int]
    pool: int
    model: str
    metrics: dict[str, float] = field(default_factory=dict)
    train_metrics: dict[str, float] = field(default_factory=dict)
    evaluate_metrics: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    reward: int = 0
    bounty: int = 0
    escrow: int = 0
    choice: dict[str, Any] | None = None
    ballot_bytes: int = 0
    proposal_bytes: int = 0

    def pair(self, member: str) -> tuple[int, int] | None:
        """Return what a voter said of the old model and of the one that was put against it, None where it did not.

        Scores by majority; of candidates the losses, and the winner's against the old one's (against the default's
        where the old model won).
        """
        told = self.scores.get(member)
        if told is None:
            return None
        return (told[0], told[1]) if self.choice is None else (told[0], told[self.choice["winner"] or 1])


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of a run folder, and its records."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.root / "config.yaml"

    @property
    def overrides(self) -> Path:
        """The hydra overrides that compose it."""
        return self.root / "overrides.txt"

    @property
    def chain(self) -> Path:
        """The embedded chain's file."""
        return self.root / "chain.db"

    @property
    def deployment(self) -> Path:
        """Contract addresses, code hashes, task and members."""
        return self.root / "deployment.json"

    @property
    def manifest(self) -> Path:
        """The contracts' addresses and code hashes alone, as the ledger client reads them."""
        return self.root / "manifest.json"

    @property
    def identities(self) -> Path:
        """What SuperNodes' keys and their accounts signed of one another; only with a consortium."""
        return self.root / "identities"

    @property
    def outbox(self) -> Path:
        """The transactions that were sent to a chain elsewhere, kept before they were."""
        return self.root / "transactions.jsonl"

    @property
    def masks(self) -> Path:
        """Transcripts of secure aggregation, one a round."""
        return self.root / "masks"

    @property
    def metrics(self) -> Path:
        """One line a round."""
        return self.root / "metrics.jsonl"

    @property
    def receipts(self) -> Path:
        """What updates said they spent of privacy budgets, a line each; only with differential privacy."""
        return self.root / "receipts.jsonl"

    @property
    def privacy(self) -> Path:
        """Simulated sites' privacy ledgers."""
        return self.root / "privacy"

    @property
    def references(self) -> Path:
        """The figures to beat."""
        return self.root / "references.json"

    @property
    def grid(self) -> Path:
        """Values of the error grid."""
        return self.root / "grid.json"

    @property
    def model(self) -> Path:
        """The final model."""
        return self.root / "model.safetensors"

    @property
    def parent(self) -> Path:
        """What the run started from, where that is the winner of an Arena task."""
        return self.root / "parent"

    @property
    def parent_model(self) -> Path:
        """That winner, as it was submitted."""
        return self.parent / "model.safetensors"

    @property
    def models(self) -> Path:
        """Models by digest."""
        return self.root / "models"

    @property
    def proposals(self) -> Path:
        """Proposals by digest."""
        return self.root / "proposals"

    @property
    def transcripts(self) -> Path:
        """Transcripts of rounds by their digest."""
        return self.root / "transcripts"

    @property
    def report(self) -> Path:
        """The report."""
        return self.root / "report.html"

    def append(self, record: RoundRecord) -> None:
        """Add one line to `metrics.jsonl`, after cutting off a line that a crash left without its end."""
        with self.metrics.open("a+b") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(json.dumps(asdict(record), separators=(",", ":")).encode() + b"\n")

    def rounds(self) -> Iterator[RoundRecord]:
        """Read `metrics.jsonl`; a round recorded twice (before and after a resume) counts once, the later one.

        A last line that a crash left without its end is no record.

        Raises
        ------
        FolderError
            Another line is no record.
        """
        if not self.metrics.is_file():
            return
        records: dict[int, RoundRecord] = {}
        for number, line in enumerate(self.metrics.read_bytes().split(b"\n")[:-1], start=1):
            try:
                content: dict[str, Any] = strict_json.parse(line, has_nan=True)
                records[content["round"]] = RoundRecord(**content)
            except (ValueError, TypeError, KeyError) as error:
                raise FolderError(f"{self.metrics}: line {number} is no record of a round: {error}") from error
        yield from (records[number] for number in sorted(records))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it has either its old content or all of the new."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
