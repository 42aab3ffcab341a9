"""What a task pins, in plain words: its terms, and its settings with what they promise beside what a policy asks."""

from collections.abc import Iterator
from pathlib import Path

from fl_alliance.amounts import fml
from fl_alliance.chain.types import TaskParams
from fl_alliance.config import ConfigError, JobConfig, config_digest, read_config
from fl_alliance.dp.promised import promised
from fl_alliance.site.policy import Policy

FILE = "config.yaml"
_MOST_BYTES, _PERCENT_BPS = 1 << 20, 100


def task_settings(given: Path | None, manifest: Path, pinned: bytes) -> JobConfig | None:
    """Return the settings whose digest a task pins: given, or beside the manifest; None where they are not there.

    Raises
    ------
    ConfigError
        What was given is no configuration, or another than the task pins.
    """
    path = given or manifest.parent / FILE
    try:
        settings = _read(path)
        found = config_digest(settings)
        if found != pinned:
            raise ConfigError(
                f"--config {path}: has digest {found.hex()[:16]}..., the task pins {pinned.hex()[:16]}..."
            )
    except ConfigError:
        if given is None:
            return None  # whatever lies beside the manifest need not be of this task
        raise
    return settings


def _read(path: Path) -> JobConfig:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ConfigError(f"--config {path}: more than {_MOST_BYTES} bytes, needed the coordinator's config.yaml")
        return read_config(content.decode())
    except OSError as error:
        raise ConfigError(f"--config {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"--config {path}: is no text, needed the coordinator's config.yaml") from None


def privacy_told(settings: JobConfig | None, policy: Policy | None) -> Iterator[str]:
    """Yield what a task promises of privacy and what the site's policy asks for, in plain words."""
    if settings is None:
        yield "privacy: what the task promises is in its settings, not given (--config, the coordinator's config.yaml)"
    else:
        yield "privacy: the task promises that"
        yield from (f"  {line}" for line in promised(settings))
    if policy is None:
        yield "privacy: no policy asks for any"
        return
    yield "privacy: this site's policy asks that"
    yield from (f"  {line}" for line in policy.privacy.told())
    if settings is None and not policy.privacy.asks_nothing:
        yield "  the node looks at the settings itself before it signs, and refuses a task that promises less"


def slashing_told(params: TaskParams) -> Iterator[str]:
    """Yield on what terms a stake is put up, in plain words."""
    fixed = f" and {fml(params.slash_gwei)} FML" if params.slash_gwei else ""
    yield f"who is slashed loses {_percent(params.slash_bps)} of its balance{fixed}"
    yield f"who lets its turn to lead a draw pass ({params.leader_s} s) loses {_percent(params.absence_bps)}"
    yield "who signs two different statements on one matter loses everything; this node's journal keeps it from that"
    yield "what is left of the stake, and what was earned, is paid out at the end"
    yield "its data stays on this machine; updates of the model, scores and signatures leave it"


def _percent(bps: int) -> str:
    return f"{bps / _PERCENT_BPS:g} %"
