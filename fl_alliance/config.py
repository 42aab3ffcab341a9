"""The configuration of a job: typed, composed with hydra, validated before anything runs.

The command line, `flwr run --run-config 'overrides="..."'` and every ClientApp compose the same
configuration from one string of hydra overrides, so there is a single source of truth.
"""

import hashlib
import json
import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from fl_alliance.settings import JobConfig
from fl_alliance.shallow import require_shallow
from fl_alliance.validation import ConfigError, fml_to_wei, validate

__all__ = [
    "ConfigError",
    "JobConfig",
    "config_digest",
    "explain_class",
    "fml_to_wei",
    "load_config",
    "read_config",
    "split_overrides",
    "to_yaml",
    "validate",
    "yaml_digest",
]

_MERGING = "Error merging override "
"""How hydra begins to complain of a value of a wrong type; only its cause names the type."""

_UNPINNED = ("chain", "market", "runtime", "records")
"""What a task does not pin: where its chain and a market are, how its nodes are run and what is kept of it."""

ConfigStore.instance().store(name="job_schema", node=JobConfig)


def load_config(overrides: str | Sequence[str] = ()) -> JobConfig:
    """Compose `conf/config.yaml` with hydra overrides, given as words or as one shell-quoted string.

    Raises
    ------
    ConfigError
        An override that is unknown or of the wrong type, or a value outside its range.
    """
    words = split_overrides(overrides) if isinstance(overrides, str) else list(overrides)
    GlobalHydra.instance().clear()
    try:
        with initialize_config_module("fl_alliance.conf", version_base="1.3"):
            composed = compose("config", overrides=words)
        config = OmegaConf.to_object(composed)
    except (HydraException, OmegaConfBaseException, ValueError, TypeError, OSError, RecursionError) as error:
        # hydra lets the last two through where a config group is given something else than a name
        raise ConfigError(_explain(error, words)) from None
    assert isinstance(config, JobConfig)  # noqa: S101  the schema says so
    validate(config)
    if config.market.emission and not config.chain.url:
        config.chain.url = config.market.chain_url
    return config


def split_overrides(text: str) -> list[str]:
    """Return the words of one shell-quoted string of overrides; raises `ConfigError` where a quote stays open."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"overrides {text.strip()!r}: {error}; needs words quoted as in a shell") from None


def to_yaml(config: JobConfig) -> str:
    """Return the resolved configuration as YAML; it holds no secret."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def read_config(text: str) -> JobConfig:
    """Return the configuration that `to_yaml` wrote.

    Raises
    ------
    ConfigError
        This is no such text, or what it says cannot run.
    """
    if "${" in text:
        raise ConfigError("no configuration: holds ${...}, needed values; it could name a variable of the environment")
    try:
        require_shallow(text)
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(JobConfig), OmegaConf.create(text)))
    except (OmegaConfBaseException, YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"no configuration: {error}") from error
    assert isinstance(config, JobConfig)  # noqa: S101  the schema says so
    validate(config)
    return config


def config_digest(config: JobConfig) -> bytes:
    """Return sha256 of the resolved configuration as canonical JSON, without where the chain is and how it runs.

    The digest is pinned on chain when the task is created; a run on another chain is the same task.
    """
    return _content_digest(OmegaConf.to_container(OmegaConf.structured(config)))


def yaml_digest(text: str) -> bytes:
    """Return `config_digest` of what `to_yaml` wrote.

    Raises
    ------
    ConfigError
        This is no such text.
    """
    try:
        require_shallow(text)
        return _content_digest(OmegaConf.to_container(OmegaConf.create(text)))
    except (OmegaConfBaseException, YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"no configuration: {error}") from error


def _content_digest(content: Any) -> bytes:
    if not isinstance(content, dict):
        raise ConfigError(f"no configuration: holds a {type(content).__name__}, needs settings by name")
    kept = {name: value for name, value in content.items() if name not in _UNPINNED}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).digest()


def explain_class(error: Exception) -> str:
    """Return in one line why hydra could not make an object of a class that the configuration names."""
    # hydra wraps whatever a constructor raises; its cause says it best.
    reason = " ".join(str(error.__cause__ or error).split())
    if isinstance(error.__cause__, ImportError):
        reason += " A class in a folder of your own is found with that folder on Python's path: PYTHONPATH=FOLDER"
    return reason


def _explain(error: Exception, words: Sequence[str]) -> str:
    """Return hydra's message in one line, with the nearest setting that exists for an unknown one."""
    text = " ".join(str(error).split())
    if text.startswith(_MERGING) and error.__cause__ is not None:
        return f"override {text.removeprefix(_MERGING)!r}: {str(error.__cause__).splitlines()[0]}"
    known = _setting_names(OmegaConf.to_container(OmegaConf.structured(JobConfig)))
    for word in words:
        name = word.lstrip("+~").split("=", 1)[0]
        others = [setting for setting in known if not name.startswith(f"{setting}.")]
        if name in text and name not in known and (near := get_close_matches(name, others, n=1)):
            return f"override {word!r}: {text.split(' To append', 1)[0]} Did you mean {near[0]!r}?"
    return text


def _setting_names(content: Any, prefix: str = "") -> list[str]:
    if not isinstance(content, dict):
        return [prefix]
    names = [prefix] if prefix else []
    for key, value in content.items():
        names += _setting_names(value, f"{prefix}.{key}" if prefix else str(key))
    return names
