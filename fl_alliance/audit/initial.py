"""The model that a task starts from: the workload's own, made again, or the winner of an Arena task that is kept."""

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.chain import strict_json
from fl_alliance.chain.replay import TaskModel
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, JobConfig, read_config
from fl_alliance.parent import about_parent, first_model
from fl_alliance.records import FolderError, RunFolder
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.workloads import WorkloadError


def check_initial(folder: RunFolder, model: TaskModel, files: list[str], notes: list[str]) -> Arrays | None:
    """Return the model that the task pins as its first; None where it cannot be had, which a note then says.

    Parameters
    ----------
    files, notes : list of str
        Where it is added which of the folder's files agree, and what is said of those that are missing.

    Raises
    ------
    DoesNotHold
        What the folder has is another model, or the deployment tells of it something else than its lineage.
    """
    if not folder.config.is_file():
        return None
    try:
        config = read_config(folder.config.read_text())
        if config.init == "workload":
            return _made_again(config, folder, model)
        if not folder.parent_model.is_file():
            notes.append(f"no {folder.parent.name}/: the first model, from {config.init}, was not verified")
            return None
        return _inherited(config, folder, model, files, notes)
    except FolderError as broken:
        raise DoesNotHold(f"{folder.parent.name}/", str(broken)) from broken
    except (ConfigError, WorkloadError) as error:
        notes.append(f"the first model could not be made again: {error}")
        return None


def _made_again(config: JobConfig, folder: RunFolder, model: TaskModel) -> Arrays | None:
    if code_digest() != model.params.code_digest:
        return None  # only that version makes it
    initial = first_model(config, folder)
    _require_pinned(initial, model, "the workload makes")
    return initial


def _inherited(
    config: JobConfig, folder: RunFolder, model: TaskModel, files: list[str], notes: list[str]
) -> Arrays | None:
    initial = first_model(config, folder)
    _require_pinned(initial, model, f"{folder.parent.name}/ holds")
    told = about_parent(folder)["parent"]
    if folder.deployment.is_file():
        found = strict_json.parse(folder.deployment.read_bytes()).get("parent")
        if found != told:
            raise DoesNotHold(folder.deployment.name, f"says parent {found}, its lineage says {told}")
    files.append(f"{folder.parent.name}/")
    notes.append(f"started from the winner of Arena task {told['task']}; who won it is for that market's own audit")
    return initial


def _require_pinned(initial: Arrays, model: TaskModel, source: str) -> None:
    made, pinned = model_digest(initial), model.params.initial_model
    if made != pinned:
        raise DoesNotHold("the task's first model", f"its digest is {pinned.hex()}, {source} {made.hex()}")
