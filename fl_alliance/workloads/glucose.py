"""Blood glucose in half an hour, from two hours of sensor readings: the default workload, on real data.

19 adults (Hall et al. 2018, see `data/README.md`) are dealt to the hospitals. Each patient's time is cut in three: the
first 60 % trains, the next 20 % votes, the last 20 % tests, with three hours between them that no window touches.
Where there are more hospitals than patients, hospitals share a patient: each has another spell of it.
"""

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fl_alliance.workloads.base import (
    Arrays,
    ErrorGrid,
    Examples,
    Metric,
    Score,
    Site,
    TrainConfig,
    bounded_loss,
    check_node,
    join,
    one_each,
    relative_error_score,
)
from fl_alliance.workloads.cgm import HISTORY, STEP_MIN, Trace, read_traces, shipped, windows
from fl_alliance.workloads.clarke import clarke_labels, clarke_zones
from fl_alliance.workloads.errors import WorkloadError
from fl_alliance.workloads.exports import read_exports
from fl_alliance.workloads.ridge import Ridge
from fl_alliance.workloads.seeds import stream
from fl_alliance.workloads.simulated import simulated_windows
from fl_alliance.workloads.torch_workload import TorchWorkload

SHIPPED = "cgm_hall.csv.gz"
GAP_MIN = 180
"""Between two parts of a patient's time; longer than the history, so that no reading helps on both sides."""
TRAIN_SHARE, HELDOUT_SHARE = 0.6, 0.2
LONGEST_HORIZON_MIN = 240
MOST_SPELLS, LEAST_WINDOWS = 4, 12
"""Into how many hospitals' spells a patient's time is cut at most, and what each spell has in every part at least."""
_START_RATES = (0.03,) * 8 + (0.01,) * 4
"""Step sizes of the passes over made-up curves."""
SMALLEST_YARDSTICK = 1.0
"""mg/dL; keeps the score defined at a site whose held-out glucose never moves."""
LOSS_SPREAD, LOSS_SPREAD_MIN = 30.0, 30
"""mg/dL of error that is a loss of 1, and the horizon in minutes at which it is; it grows with the horizon's root."""
TYPICAL_MG_DL, LEVEL_SPREAD, STEP_SPREAD, CHANGE_SPREAD = 110.0, 30.0, 4.0, 15.0
"""Fixed scales in mg/dL, not measured on anyone's data: sharing a mean or a variance would tell about the patients."""


Parts = tuple[Examples, Examples, Examples]


class ChangeFromLast(nn.Module):
    """Predicts the change from the last reading; made so that the untrained model is persistence itself."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(HISTORY, hidden)
        self.outer = nn.Linear(hidden, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, history: Tensor) -> Tensor:
        """Return glucose at the horizon (n,) in mg/dL, from histories (n, HISTORY) in mg/dL."""
        last = history[:, -1:]
        steps = (history[:, 1:] - history[:, :-1]) / STEP_SPREAD
        level = (last - TYPICAL_MG_DL) / LEVEL_SPREAD
        hidden = torch.tanh(self.inner(torch.cat([steps, level], dim=1)))
        change: Tensor = self.outer(hidden)
        return (last + CHANGE_SPREAD * change)[:, 0]


class Glucose(TorchWorkload):
    """Forecast of continuous glucose monitoring.

    Parameters
    ----------
    horizon_min
        How far ahead, in minutes; a multiple of 5 up to 240.
    data
        A CSV of one's own (see `data/README.md`), a folder with an export per patient, or a folder of such folders, one
        for each hospital; empty for the shipped data. A relative path is taken from the working directory of the
        process that loads it.
    hidden
        Width of the hidden layer.
    start
        What the untrained model knows: `persistence`, nothing more; `simulated`, what made-up curves teach
        (`simulated.py`), on which no patient's budget is spent.
    """

    name = "glucose"
    defaults = TrainConfig(local_epochs=3, batch_size=128, learning_rate=0.03)

    def __init__(self, horizon_min: int = 30, data: str = "", hidden: int = 32, start: str = "persistence") -> None:
        is_horizon = horizon_min % STEP_MIN == 0 and STEP_MIN <= horizon_min <= LONGEST_HORIZON_MIN
        if not is_horizon or not isinstance(hidden, int) or hidden < 1:
            raise WorkloadError(
                f"workload glucose: horizon_min={horizon_min}, hidden={hidden}, needed: horizon_min a multiple of "
                f"{STEP_MIN} up to {LONGEST_HORIZON_MIN}, hidden at least 1"
            )
        if start not in ("persistence", "simulated"):
            raise WorkloadError(f"workload glucose: start={start!r}, needed: persistence or simulated")
        self.horizon_min, self.hidden, self.start = horizon_min, hidden, start
        self.path = Path(data) if data else shipped(SHIPPED)
        self.metrics: Sequence[Metric] = (
            Metric("rmse", f"RMSE at {horizon_min} min", "mg/dL"),
            Metric("mae", f"Mean absolute error at {horizon_min} min", "mg/dL"),
        )

    def build(self) -> nn.Module:
        """Return the untrained model: persistence."""
        return ChangeFromLast(self.hidden)

    def initial_arrays(self, seed: int) -> Arrays:
        """Return persistence, or what it becomes by training on made-up curves."""
        arrays = super().initial_arrays(seed)
        if self.start == "persistence":
            return arrays
        made = simulated_windows(self.horizon_min)
        for number, rate in enumerate(_START_RATES):
            config = TrainConfig(1, self.defaults.batch_size, rate, seed=seed, round=number)
            arrays = self.train(arrays, Site(0, made, made, made), config).arrays
        return arrays

    def optimizer(self, model: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
        """Return gradient descent with momentum, new in every round."""
        return torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error in units of `CHANGE_SPREAD` squared."""
        return nn.functional.mse_loss(outputs, targets) / CHANGE_SPREAD**2

    @property
    def loss_scale(self) -> float:
        """The reported loss is the mean squared error in units of the square of `LOSS_SPREAD`."""
        return CHANGE_SPREAD**2 / (LOSS_SPREAD**2 * self.horizon_min / LOSS_SPREAD_MIN)

    def nodes(self) -> int:
        """Return the number of patients, or of spells where those can be cut in up to `MOST_SPELLS`; or of folders."""
        if folders := _hospitals(self.path):
            return len(folders)
        return max(len(self._spells(spells)) for spells in range(1, MOST_SPELLS + 1))

    def load(self, node: int, num_nodes: int, seed: int) -> Site:
        """Return the windows of the patients dealt to hospital `node`, in random order of patients.

        With more hospitals than patients, a patient's training, held-out and test time is each cut into as few spells
        as suffice, and spells are dealt.
        """
        check_node(self, node, num_nodes)
        if folders := _hospitals(self.path):
            return replace(self.load_own(folders[node]), node=node)
        cuts = (self._spells(spells) for spells in range(1, MOST_SPELLS + 1))
        patients = next(found for found in cuts if len(found) >= num_nodes)
        dealt = stream(seed, "glucose", "deal", num_nodes).permutation(len(patients))[node::num_nodes]
        mine = [patients[index] for index in dealt]
        train, heldout, test = (join([parts[part] for _, parts in mine]) for part in range(3))
        about = f"{len({name for name, _ in mine})} patients, {len(train)} training windows"
        if not (len(train) and len(heldout) and len(test)):
            names = ", ".join(name for name, _ in mine)
            raise WorkloadError(
                f"glucose data {self.path}: site {node} (patients {names}) has {len(train)} windows to train, "
                f"{len(heldout)} to vote with and {len(test)} to test; needed: one each. A window is "
                f"{HISTORY * STEP_MIN + self.horizon_min} min of readings {STEP_MIN} min apart without a gap"
            )
        return Site(node, train, heldout, test, about, self._source({name for name, _ in mine}))

    def load_own(self, folder: Path) -> Site:
        """Return all that is in a hospital's own folder of exports (`exports.py`), as one site."""
        own = copy(self)
        own.path = folder
        if not folder.is_dir() or _hospitals(folder):
            raise WorkloadError(f"glucose data {folder}: needed: a folder with one .csv export per patient")
        return own.load(0, 1, 0)

    def flipped(self, site: Site) -> Site:
        """Return the site with every change of its training windows turned round: what rose falls as much."""
        train = site.train
        return replace(site, train=Examples(train.x, 2 * train.x[:, -1] - train.y))

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge by exp(-RMSE / RMSE of persistence on the same windows).

        Losing 5 % of this score is an RMSE grown by 5.1 % of persistence's: about .8 mg/dL at 30 minutes, half of what
        a well trained model gains over persistence.
        """
        x, y = site.heldout.x, site.heldout.y.astype(np.float64)
        metrics = errors_mg_dl(self.outputs(arrays, x) - y)
        yardstick = max(errors_mg_dl(x[:, -1] - y)["rmse"], SMALLEST_YARDSTICK)
        loss = bounded_loss((metrics["rmse"] / CHANGE_SPREAD) ** 2 * self.loss_scale)
        return Score(relative_error_score(metrics["rmse"], yardstick), loss, len(y), metrics)

    def evaluate(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> dict[str, float]:
        """Return `rmse` and `mae` in mg/dL over all sites' test windows."""
        return errors_mg_dl(self._predicted(arrays, sites) - _measured(sites))

    def references(self, sites: Sequence[Site]) -> dict[str, dict[str, float]]:
        """Return persistence (glucose stays as it is) and ridge regression, each site's own and on all data."""
        measured = _measured(sites)
        predicted = {
            "persistence": np.concatenate([site.test.x[:, -1] for site in sites]).astype(np.float64),
            "local ridge": np.concatenate([Ridge([site.train]).predict(site.test.x) for site in sites]),
            "pooled ridge": Ridge([site.train for site in sites]).predict(np.concatenate([s.test.x for s in sites])),
        }
        return {name: errors_mg_dl(values - measured) for name, values in predicted.items()}

    def predictions(self, arrays: Arrays, examples: Examples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return measured and predicted glucose of every window, in mg/dL."""
        return examples.y.astype(np.float64), self.outputs(arrays, examples.x).astype(np.float64)

    def error_grid(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> ErrorGrid:
        """Return Clarke's error grid over all sites' test windows."""
        measured, predicted = _measured(sites), self._predicted(arrays, sites)
        zones = clarke_labels(measured, predicted)
        return ErrorGrid("mg/dL", measured, predicted, zones, clarke_zones(measured, predicted))

    def _spells(self, spells: int) -> tuple[tuple[str, Parts], ...]:
        return _spells(*_version(self.path), self.horizon_min, spells)

    def _source(self, patients: set[str]) -> bytes:
        """Return a digest of these patients' readings, whatever horizon they are cut for."""
        digests = _digests(*_version(self.path))
        return hashlib.sha256(b"".join(sorted(digests[patient] for patient in patients))).digest()

    def _predicted(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> NDArray[np.float64]:
        pairs = zip(one_each(arrays, sites), sites, strict=True)
        return np.concatenate([self.predictions(model, site.test)[1] for model, site in pairs])


def errors_mg_dl(error: NDArray[np.float64]) -> dict[str, float]:
    """Return `rmse` and `mae`, both at most LOSS_LIMIT, of errors in mg/dL."""
    with np.errstate(over="ignore", invalid="ignore"):
        rmse, mae = float(np.sqrt(np.mean(error**2))), float(np.mean(np.abs(error)))
    return {"rmse": bounded_loss(rmse), "mae": bounded_loss(mae)}


def _measured(sites: Sequence[Site]) -> NDArray[np.float64]:
    return np.concatenate([site.test.y for site in sites]).astype(np.float64)


def _version(path: Path) -> tuple[Path, int]:
    """Return the path with the time of the last change in it, so that a cache notices an edited file."""
    files = [path, *path.iterdir()] if path.is_dir() else [path] if path.is_file() else []
    return path, max((file.stat().st_mtime_ns for file in files), default=0)


def _hospitals(path: Path) -> list[Path]:
    """Return the folders in a folder of hospitals; none where it is a hospital's own, or a file."""
    return sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []


def _traces(path: Path) -> tuple[Trace, ...]:
    return read_exports(path) if path.is_dir() else read_traces(path)


@lru_cache(maxsize=4)
def _patients(path: Path, changed_ns: int, horizon_min: int) -> tuple[tuple[str, Parts], ...]:
    traces = _traces(path)
    return tuple((trace.patient, _parts(trace, horizon_min, number)) for number, trace in enumerate(traces))


@lru_cache(maxsize=4)
def _digests(path: Path, changed_ns: int) -> dict[str, bytes]:
    """Return a digest of every patient's readings; the name is not among them."""
    traces = _traces(path)
    return {one.patient: hashlib.sha256(one.minutes.tobytes() + one.glucose.tobytes()).digest() for one in traces}


@lru_cache(maxsize=16)
def _spells(path: Path, changed_ns: int, horizon_min: int, spells: int) -> tuple[tuple[str, Parts], ...]:
    """Return every patient with its parts; for more than one spell each spell that has enough windows in every part."""
    patients = _patients(path, changed_ns, horizon_min)
    if spells == 1:
        return patients
    cut = [
        (name, spell) for name, parts in patients for spell in zip(*(_cut(part, spells) for part in parts), strict=True)
    ]
    return tuple((name, spell) for name, spell in cut if min(map(len, spell)) >= LEAST_WINDOWS)


def _cut(part: Examples, spells: int) -> list[Examples]:
    places = np.array_split(np.arange(len(part)), spells)
    return [Examples(part.x[at], part.y[at], None if part.patients is None else part.patients[at]) for at in places]


def _parts(trace: Trace, horizon_min: int, number: int) -> Parts:
    """Cut a patient's time in three, by number of readings; no window lies within `GAP_MIN` of another part.

    Every window bears the patient's `number`.
    """
    cut = windows(trace, horizon_min)
    count = len(trace.minutes)
    first, second = (trace.minutes[int(share * count)] for share in (TRAIN_SHARE, TRAIN_SHARE + HELDOUT_SHARE))
    train = cut.ends < first
    heldout = (cut.starts >= first + GAP_MIN) & (cut.ends < second)
    test = cut.starts >= second + GAP_MIN
    kept = [
        Examples(cut.history[part], cut.target[part], np.full(int(part.sum()), number))
        for part in (train, heldout, test)
    ]
    return kept[0], kept[1], kept[2]
