"""What a task promises beside its rounds: its coordinator has a bond, and a consortium has approved its bundle."""

from collections.abc import Mapping

from fl_alliance.audit.facts import Approval, Audited, BondFacts
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.evidence import Status
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.types import Phase
from fl_alliance.config import JobConfig
from fl_alliance.contracts import bond_wei

_BOND = "the coordinator's bond"


def check_bonds(
    config: JobConfig | None, audited: Audited, task: int, made: Mapping[int, bytes], notes: list[str]
) -> int:
    """Verify the bonds behind a task and what was posted with them; return how many roots.

    Parameters
    ----------
    config : JobConfig, optional
        The pinned configuration; without it nothing is known of what was promised.
    made : mapping of int to bytes
        The roots of the transcripts that are here, by round.
    notes : list of str
        Where it is added what is missing without anybody's fault.

    Raises
    ------
    DoesNotHold
        There is no such bond, it was lost, or it says something else than transcripts and chain.
    """
    bonds, model = audited.bonds.get(task, ()), audited.models.tasks[task]
    if config is not None:
        _promised(config, bonds, model)
    for facts in bonds:
        if facts.bond.status is Status.CONVICTED:
            raise DoesNotHold(_BOND, f"was lost: a lie was proven on chain, {facts.lie}", Check.TRANSCRIPTS)
        for number, root in facts.roots.items():
            _posted(number, root, made)
        _closed(facts, model, notes)
        missing = sorted(set(made) - set(facts.roots))
        if missing:
            notes.append(f"{_BOND}: no root of round {missing[0]} and {len(missing) - 1} others was posted")
    return sum(len(facts.roots) for facts in bonds)


def _promised(config: JobConfig, bonds: tuple[BondFacts, ...], model: TaskModel) -> None:
    needed, window_s = bond_wei(config), config.alliance.challenge_s
    if not needed or model.stored_phase is Phase.REGISTRATION:
        return
    if not any(facts.bond.bond_wei >= needed and facts.bond.window_s >= window_s for facts in bonds):
        found = ", ".join(f"{facts.bond.bond_wei} wei for {facts.bond.window_s} s" for facts in bonds) or "none"
        raise DoesNotHold(
            _BOND, f"the settings promise {needed} wei for {window_s} s, on chain is {found}", Check.TRANSCRIPTS
        )


def _posted(number: int, root: bytes, made: Mapping[int, bytes]) -> None:
    where = f"transcript of round {number}"
    if number not in made:
        raise DoesNotHold(where, f"its root {root.hex()} is posted on chain, and it is not here", Check.TRANSCRIPTS)
    if made[number] != root:
        raise DoesNotHold(
            where, f"posted on chain is root {root.hex()}, the transcript's is {made[number].hex()}", Check.TRANSCRIPTS
        )


def _closed(facts: BondFacts, model: TaskModel, notes: list[str]) -> None:
    if facts.bond.status is Status.OPEN:
        if model.stored_phase is Phase.FINISHED:
            notes.append(f"{_BOND}: the final model was not named yet")
    elif facts.bond.model != model.model:
        raise DoesNotHold(
            _BOND,
            f"names the final model {facts.bond.model.hex()}, the last round left {model.model.hex()}",
            Check.MODEL,
        )


def check_approval(audited: Audited, task: int, sites: str) -> Approval | None:
    """Verify that a consortium had approved a task's code and settings when it started; None where it has not started.

    Raises
    ------
    DoesNotHold
        Too few had, or no such consortium was on this chain then.
    """
    if task not in audited.approvals:
        return None
    params = audited.models.tasks[task].params
    found = audited.approvals[task].get(sites)
    if found is None:
        raise DoesNotHold(f"consortium {sites}", f"was not on this chain when task {task} started", Check.BUNDLE)
    if not found.is_given:
        raise DoesNotHold(
            f"task {task}",
            f"started with code {params.code_digest.hex()} under settings {params.config_digest.hex()}, which "
            f"{found.count} of {found.members} members of consortium {sites} had approved, needed {found.threshold}",
            Check.BUNDLE,
        )
    return found
