"""Models and data that can be trained together; torch is imported only in here, and only when a workload needs it."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from fl_alliance.workloads.base import Workload
from fl_alliance.workloads.errors import ModelMismatch, WorkloadError

__all__ = ["BUILT_IN", "ModelMismatch", "Workload", "WorkloadError", "arguments", "get"]

BUILT_IN = {
    "breast_cancer": "fl_alliance.workloads.breast_cancer:BreastCancer",
    "digits": "fl_alliance.workloads.digits:Digits",
    "glucose": "fl_alliance.workloads.glucose:Glucose",
    "linear": "fl_alliance.workloads.linear:Linear",
}
"""Name of a built-in workload -> where its class is; nothing is imported before it is asked for."""


def get(name: str, **options: Any) -> Workload:
    """Return the workload called `name`, made with `options`.

    Parameters
    ----------
    name
        A key of `BUILT_IN`, or "package.module:Class" for a class of your own with the members of `Workload`.
    options
        Keyword arguments of the class, e.g. `horizon_min=60` for glucose.

    Raises
    ------
    WorkloadError
        Unknown name, module, class or option; the message lists what exists.
    """
    made = _class_of(name)
    _bound(name, made, options)
    try:
        workload = made(**options)
    except WorkloadError:
        raise
    except Exception as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise WorkloadError(f"workload {name}({given}): {type(error).__name__}: {error}") from error
    missing = [member for member in _members() if not hasattr(workload, member)]
    if missing:
        raise WorkloadError(f"workload {name}: lacks {', '.join(missing)}; needed: every member of Workload")
    return workload  # type: ignore[no-any-return]


def arguments(name: str, **options: Any) -> dict[str, Any]:
    """Return the options of the workload called `name` with the defaults of those not given; raises as `get`."""
    bound = _bound(name, _class_of(name), options)
    bound.apply_defaults()
    return dict(bound.arguments)


def _bound(name: str, made: type[Any], options: Mapping[str, Any]) -> inspect.BoundArguments:
    try:
        return inspect.signature(made).bind(**options)
    except TypeError as error:
        raise WorkloadError(f"workload {name}: {error}; options are {inspect.signature(made)}") from error


def _class_of(name: str) -> type[Any]:
    module_name, colon, class_name = BUILT_IN.get(name, name).partition(":")
    if not colon:
        known = ", ".join(sorted(BUILT_IN))
        raise WorkloadError(f"unknown workload {name!r}; there are {known}, or package.module:Class for your own")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # somebody's own module may raise anything while it is imported
        reason = error if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise WorkloadError(f"workload {name}: cannot import {module_name!r}: {reason}") from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        values = vars(module).values()
        classes = [value.__name__ for value in values if isinstance(value, type) and value.__module__ == module_name]
        listed = ", ".join(classes) or "none of its own"
        raise WorkloadError(f"workload {name}: no class {class_name!r} in {module_name}; its classes: {listed}")
    return found


def _members() -> list[str]:
    return [member for member in vars(Workload) if not member.startswith("_")]
