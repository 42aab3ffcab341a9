"""What a run folder says about its run, read once for the summary, the sweep's table and the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from fl_alliance.chain import strict_json
from fl_alliance.outcomes import OUTCOMES, counted
from fl_alliance.records import FolderError, RoundRecord, RunFolder
from fl_alliance.shallow import require_shallow
from fl_alliance.workloads.base import Metric


@dataclass(frozen=True, slots=True)
class Results:
    """A run as its folder tells it; what the run has not written yet is empty.

    Attributes
    ----------
    metrics : sequence of Metric
        The headline figure first.
    initial, final : mapping of str to float
        The metrics of the task's first and last model.
    references : mapping of str to mapping
        Method to beat, to its metrics, in the order the workload gives them.
    grid : mapping
        `reference` and `prediction`, the values of the error grid, with their `unit`.
    """

    folder: RunFolder
    config: Mapping[str, Any]
    rounds: Sequence[RoundRecord]
    metrics: Sequence[Metric]
    initial: Mapping[str, float]
    final: Mapping[str, float]
    references: Mapping[str, Mapping[str, float]]
    grid: Mapping[str, Any]
    deployment: Mapping[str, Any]

    @property
    def workload(self) -> str:
        """The workload's name."""
        return str(self.config.get("workload", {}).get("name", "?"))

    @property
    def headline(self) -> Metric | None:
        """The figure the workload is judged by."""
        return self.metrics[0] if self.metrics else None

    def count(self, outcome: str) -> int:
        """Return how many rounds ended this way: `accepted`, `rejected` or `void`."""
        return sum(record.outcome == outcome for record in self.rounds)

    @property
    def is_of_candidates(self) -> bool:
        """Whether voters chose from menus of models."""
        return bool(self.config.get("rule", {}).get("name") == "candidates")

    def counts(self, *outcomes: str) -> str:
        """Return how many rounds ended how, in words; of all outcomes unless some are named."""
        return counted(self.count, self.is_of_candidates, outcomes or OUTCOMES)

    def member(self, index: int) -> str:
        """Return what to call a member: its site where the deployment names one, else its roster index."""
        members = self.deployment.get("members", ())
        about = str(members[index].get("about") or "") if index < len(members) else ""
        return f"{index} ({about})" if about else str(index)


def read_results(folder: RunFolder) -> Results:
    """Read the folder of a run that is finished, stopped or still going."""
    rounds = tuple(folder.rounds())
    judged = _json(folder.references)
    try:
        metrics = tuple(Metric(**_known(entry)) for entry in judged.get("metrics", ()))
    except TypeError as error:
        raise FolderError(f"{folder.references}: cannot be read: metrics: {error}") from error
    return Results(
        folder=folder,
        config=_config(folder.config),
        rounds=rounds,
        metrics=metrics or _metrics_of(rounds),
        initial=judged.get("initial", {}),
        final=judged.get("final") or _last_metrics(rounds),
        references=judged.get("references", {}),
        grid=_json(folder.grid),
        deployment=_json(folder.deployment),
    )


def finished_after(folder: RunFolder) -> int | None:
    """Return the last round of a run that has come to its end, None where something is left to do.

    The folder says so, so that a finished run is known as one by any version, and when its chain is gone.

    Raises
    ------
    FolderError
        A file in it cannot be read.
    """
    if not (folder.model.is_file() and folder.report.is_file()):
        return None
    last = max((record.round for record in folder.rounds()), default=0)
    return last if _json(folder.references).get("rounds") == last else None


def finished_words(folder: RunFolder, last: int) -> str:
    """Return what is said to who would go on with a finished run."""
    return f"{folder.root}: finished after round {last}, nothing is left to do; its report is {folder.report}"


def _config(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text() if path.is_file() else ""
        require_shallow(text)
        content = OmegaConf.to_container(OmegaConf.create(text)) if text else {}
    except (OmegaConfBaseException, YAMLError, ValueError, OSError, RecursionError) as error:
        raise FolderError(f"{path}: cannot be read: {error}") from error
    return {str(name): value for name, value in content.items()} if isinstance(content, dict) else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(strict_json.parse(path.read_bytes(), has_nan=True)) if path.is_file() else {}
    except (ValueError, TypeError, RecursionError) as error:
        raise FolderError(f"{path}: cannot be read: {error}") from error


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("name", "label", "unit", "higher_is_better") if name in entry}


def _last_metrics(rounds: Sequence[RoundRecord]) -> Mapping[str, float]:
    return next((record.metrics for record in reversed(rounds) if record.metrics), {})


def _metrics_of(rounds: Sequence[RoundRecord]) -> tuple[Metric, ...]:
    return tuple(Metric(name, name) for name in _last_metrics(rounds))
