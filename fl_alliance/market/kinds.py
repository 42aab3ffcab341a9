"""From a task's description to its kind, and to what scores strangers' models of it in a sandbox.

A description is a stranger's. It names one of this package's workloads or base models and numbers for them; a class of
one's own, or a path, would have everybody who trains or validates run and read what a stranger chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fl_alliance.arena.files import write_whole
from fl_alliance.arena.kinds.base import Kind
from fl_alliance.arena.sandbox import Limits
from fl_alliance.arena.scoring import SandboxScorer
from fl_alliance.arena.store import Store
from fl_alliance.market.config import BASES
from fl_alliance.market.errors import SettingRefused

LM, TABULAR, CLASSIFY = "lm-lora", "tabular", "classify"
KINDS = (CLASSIFY, TABULAR, LM)
WORKLOADS: Mapping[str, tuple[str, ...]] = {CLASSIFY: ("digits", "breast_cancer"), TABULAR: ("glucose",)}
"""The workloads of each kind that takes one, the default first; a task's description may name no other."""
_TITLES = {
    "digits": "Handwritten digits",
    "breast_cancer": "Malignant or benign tumours",
    "glucose": "Blood glucose some minutes ahead",
    LM: "Plain words to an FML tool call",
}
_LARGEST = 4096
"""Of a workload's option: no network that nobody could hold."""
_MOST_BASE_BYTES = 2**26
DECAY: Mapping[str, float] = {LM: 100.0, TABULAR: 4_000.0, CLASSIFY: 100.0}
"""How fast a validator loses with its distance from the consensus: lambda, by one of the kind's loss.

A fifth of the inverse of what two honest scores may differ by (.002 bits or errors, .05 mg/dL): at that distance a
validator keeps e^-.2, 82 %; where honest ones really differ, by rounding, all.
"""


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind as a task's options make it, and the function that scores a submission of it.

    Attributes
    ----------
    kind : Kind
    target : str
        `MODULE:FUNCTION` of model and dataset.
    arguments : mapping
        Its keyword arguments.
    readable : tuple of Path
        What it reads.
    """

    kind: Kind[Any]
    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    readable: tuple[Path, ...] = ()

    def scorer(self, limits: Limits) -> SandboxScorer:
        """Return what scores strangers' models, each in a process that can only compute and answer."""
        return SandboxScorer(self.target, self.arguments, self.readable, limits)


def options_of(kind: str, workload: str, options: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return the options of a new task's description, as a person gave them; raises `SettingRefused`."""
    if kind not in KINDS:
        raise SettingRefused(f"{kind}: no such kind; there are {', '.join(KINDS)}")
    if kind == LM:
        if workload or options:
            raise SettingRefused("task.workload and task.options: needs a kind with a workload, tabular or classify")
        return {"base": base}
    found = {"workload": workload or WORKLOADS[kind][0], "options": dict(options)}
    _check_workload(kind, found)
    return found


def title_of(kind: str, options: Mapping[str, Any]) -> str:
    """Return what a task is called where its creator does not say."""
    return _TITLES[options.get("workload", kind)]


def trade_of(kind: str, options: Mapping[str, Any], store: Store, cache: Path) -> Trade:
    """Return the kind of a task's description.

    Parameters
    ----------
    cache : Path
        Folder in which a base model that comes from the store is kept for the sandbox to read.

    Raises
    ------
    SettingRefused
        A kind, workload, option or base model that this version does not take from a stranger.
    StoreError
        The base model is not in the store.
    KindError
        The base model's package is not installed.
    """
    if kind == LM:
        return _language(options, store, cache)
    if kind not in KINDS:
        raise SettingRefused(f"task of kind {kind!r}: this version knows {', '.join(KINDS)}")
    _check_workload(kind, options)
    from fl_alliance.learners import network_kind

    workload, own = options["workload"], options.get("options", {})
    arguments = {"kind": kind, "workload": workload, "options": own}
    return Trade(network_kind(kind, workload, **own), "fl_alliance.learners:score_submission", arguments)


def with_base(kind: str, options: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return a new task's options with the base model that its creator makes and publishes, where it takes one."""
    if kind != LM or options["base"] != "tiny":
        return dict(options)
    from fl_alliance.arena.kinds.lm.tiny import pretrained

    return {**options, "file": store.put(pretrained()).digest.hex()}


def _language(options: Mapping[str, Any], store: Store, cache: Path) -> Trade:
    from fl_alliance.arena.kinds.lm_lora import LmLora

    base = options.get("base")
    if base == "smollm2" and set(options) == {"base"}:
        from fl_alliance.arena.kinds.lm.smollm2 import shipped, smollm2

        return Trade(LmLora(smollm2()), "fl_alliance.arena.kinds.lm.targets:score_on_smollm2", readable=(shipped(),))
    if base == "tiny" and set(options) == {"base", "file"}:
        from fl_alliance.arena.kinds.lm.tiny import tiny

        content = store.get(_digest(options["file"]), _MOST_BASE_BYTES)
        path = (cache / "bases" / options["file"]).resolve()
        write_whole(path, content)
        target = "fl_alliance.market.targets:score_on_tiny_file"
        return Trade(LmLora(tiny(content)), target, {"path": str(path)}, (path,))
    raise SettingRefused(
        f"task of kind {LM} with {dict(options)}: this version knows the base models {', '.join(BASES)}"
    )


def _digest(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise SettingRefused("task of kind lm-lora: its base model's file is not named by a sha256 in hex")
    return bytes.fromhex(text)


def _check_workload(kind: str, options: Mapping[str, Any]) -> None:
    workload, own = options.get("workload"), options.get("options", {})
    if workload not in WORKLOADS[kind]:
        raise SettingRefused(f"task of kind {kind} with workload {workload!r}: needs {' or '.join(WORKLOADS[kind])}")
    if not isinstance(own, dict) or set(options) - {"workload", "options"}:
        raise SettingRefused(f"task of kind {kind}: needs workload and options, and nothing else")
    for name, value in own.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
            raise SettingRefused(f"task option {name}={value!r}: needs a number from 0 to {_LARGEST}")
