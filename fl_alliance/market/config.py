"""From words and files to the settings of a command: defaults, then `--config FILE`, then NAME=VALUE words."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.settings import MarketSettings
from fl_alliance.validation import ConfigError, fml_to_wei

PRESETS: Mapping[str, float] = {"small": 0.25, "standard": 1.0, "large": 4.0}
"""Name of a training preset -> how many times the task's steps."""
BASES = ("smollm2", "tiny")
_FREE = ("store.options", "task.options")
"""Settings under which any name may stand."""
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("stake.lock_days", 0, 365),
    ("delegation.sigma_bps", 0, 10_000),
    ("training.threads", 1, 1024),
    ("training.pieces", 1, 1000),
    ("scoring.memory_mib", 256, 2**20),
    ("scoring.cpu_s", 1, 86_400),
    ("scoring.wall_s", 1, 86_400),
    ("network.give_up_s", 0, 10 * 366 * 86_400),
    ("network.look_s", 0.01, 60),
    ("task.rank", 0, 1),
    ("market.starts_in_s", 1, 86_400 * 365),
    ("market.withdrawal_delay_s", 0, 30 * 86_400),
)
_AMOUNTS = (
    "task.stake",
    "task.fee",
    "task.node_stake",
    "task.validator_stake",
    "market.supply",
    "market.creator_stake",
    "market.development_fml",
)


def load_settings(
    words: Sequence[str] = (), file: str | None = None, sections: Sequence[str] | None = None
) -> MarketSettings:
    """Return the settings of a command.

    Parameters
    ----------
    words : sequence of str
        NAME=VALUE, which win over the file.
    file : str, optional
        A YAML file with the same names.
    sections : sequence of str, optional
        The parts of the settings that the command uses; words of others are refused, in a file they may stand.

    Raises
    ------
    SettingRefused
        A setting is unknown (the message names the nearest known one), of the wrong type or out of its range.
    """
    known = OmegaConf.structured(MarketSettings)
    merged = OmegaConf.merge(known, OmegaConf.create((files("fl_alliance.conf") / "market.yaml").read_text()))
    if file is not None:
        merged = _laid_over(merged, _read(file), file)
    for word in words:
        merged = _laid_over(merged, _parsed(word, sections), word)
    settings = OmegaConf.to_object(merged)
    assert isinstance(settings, MarketSettings)  # noqa: S101  the schema says so
    _validate(settings)
    return settings


def to_yaml(settings: MarketSettings) -> str:
    """Return the settings as YAML; options of the store, which may hold credentials, are left out."""
    plain = OmegaConf.structured(settings)
    plain.store.options = {}
    return OmegaConf.to_yaml(plain)


def wei(amount: str, name: str) -> int:
    """Return an amount of FML in wei; raises `SettingRefused`."""
    try:
        return fml_to_wei(amount, name)
    except ConfigError as refused:
        raise SettingRefused(str(refused)) from None


def _read(file: str) -> DictConfig:
    try:
        found = OmegaConf.create(Path(file).read_text())
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise SettingRefused(f"--config {file}: {reason}; needs a YAML file with settings by name") from None
    if not isinstance(found, DictConfig):
        raise SettingRefused(f"--config {file}: needs settings by name, such as `stake: {{amount: 100}}`")
    return found


def _parsed(word: str, sections: Sequence[str] | None) -> DictConfig:
    name, equals, _ = word.partition("=")
    if not equals or not name:
        raise SettingRefused(f"{word!r}: needs NAME=VALUE, such as stake.amount=100")
    section = name.partition(".")[0]
    if sections is not None and section in MarketSettings.__dataclass_fields__ and section not in sections:
        used = ", ".join(f"{part}..." if part not in ("folder", "state") else part for part in sections)
        raise SettingRefused(f"{word!r}: this command has no use for it; it takes {used}")
    try:
        return OmegaConf.from_dotlist([word])
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise SettingRefused(f"{word!r}: {' '.join(str(error).split())}") from None


def _laid_over(settings: Any, given: DictConfig, source: str) -> Any:
    known = set(_names(OmegaConf.to_container(OmegaConf.structured(MarketSettings))))
    for name in _names(OmegaConf.to_container(given)):
        if name not in known and not name.startswith(tuple(f"{free}." for free in _FREE)):
            raise SettingRefused(f"{source!r}: no setting {name}; {_hint(name, known)}")
    try:
        return OmegaConf.merge(settings, given)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        raise SettingRefused(f"{source!r}: {str(error).splitlines()[0]}") from None


def _hint(name: str, known: Collection[str]) -> str:
    """Return what may have been meant by an unknown name: the parts of a section, the same last word, the nearest."""
    if parts := sorted(other for other in known if other.startswith(f"{name}.")):
        return f"{name} has {', '.join(parts)}"
    last = name.rpartition(".")[2]
    near = [other for other in known if other.rpartition(".")[2] == last] or get_close_matches(name, known, n=1)
    return f"did you mean {' or '.join(sorted(near))}?" if near else f"there are {', '.join(sorted(known))}"


def _names(content: Any, prefix: str = "") -> Iterator[str]:
    """Yield the names of settings that hold a value, not of the sections they are in."""
    if not isinstance(content, dict) or (prefix and not content):
        yield prefix
        return
    for key, value in content.items():
        yield from _names(value, f"{prefix}.{key}" if prefix else str(key))


def _validate(settings: MarketSettings) -> None:
    """Refuse what no command could use; what a task's parameters may be, the chain's types say."""
    for name, least, most in _RANGES:
        value = _value(settings, name)
        if value is not None and not (isfinite(value) and least <= value <= most):
            raise SettingRefused(f"{name}={value:g}: needs {least:g} to {most:g}")
    for name in _AMOUNTS:
        wei(_value(settings, name), name)
    for name in ("stake.amount", "task.daily"):
        if given := _value(settings, name):
            wei(given, name)
    _require_one_of("training.preset", settings.training.preset, *PRESETS)
    _require_one_of("training.start", settings.training.start, "best", "fresh")
    _require_one_of("task.base", settings.task.base, *BASES)
    development, steps = settings.key.development, settings.training.steps
    if development is not None and not 0 <= development <= 9:
        raise SettingRefused(f"key.development={development}: needs 0 to 9, an account of the development chain")
    if development is not None and settings.key.keystore:
        raise SettingRefused("key.development and key.keystore: needs one of them, an account has one key")
    if steps is not None and not 1 <= steps <= 10**6:
        raise SettingRefused(f"training.steps={steps}: needs 1 to 1000000")


def _value(settings: MarketSettings, name: str) -> Any:
    section, _, field = name.partition(".")
    return getattr(getattr(settings, section), field)


def _require_one_of(name: str, given: str, *allowed: str) -> None:
    if given not in allowed:
        raise SettingRefused(f"{name}={given}: needs one of {', '.join(allowed)}")
