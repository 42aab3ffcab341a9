"""Asking what a call of the contract would do before it is sent: what it pays and takes, and who could be slashed."""

from collections.abc import Iterator
from dataclasses import dataclass

from fl_alliance.amounts import fml
from fl_alliance.bookkeeping import opened
from fl_alliance.chain import calls
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.forecast import Forecast, forecast
from fl_alliance.chain.history import calls_on_chain
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.steps import CreateCandidateTask, CreateTask, TaskStep, WithdrawCredit
from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder


@dataclass(frozen=True, slots=True)
class Prospect:
    """A step that might be sent, and what would come of it."""

    step: TaskStep
    forecast: Forecast


def foresee(folder: RunFolder, calldata: bytes, sender: str | None, block: int | None) -> list[Prospect]:
    """Return what each step in a call would do, one after another, all on copies: nothing is sent.

    Parameters
    ----------
    folder : RunFolder
        Names the chain and the contract.
    calldata : bytes
        A call of the contract, of several steps too (`multicall`).
    sender : str or None
        Who would send it; the task's relayer where None.
    block : int or None
        After which block of the chain, at that block's time; the latest where None.

    Raises
    ------
    FolderError
        The calldata takes no step of a task that is there, or there is no such block.
    """
    with opened(folder) as (rpc, deployment, number):
        latest = rpc.number("eth_blockNumber")
        if block is not None and not deployment.block <= block <= latest:
            raise FolderError(f"--block {block}: needs {deployment.block} to {latest}")
        until = latest if block is None else block
        models = AllianceModel(Domain(deployment.chain_id, deployment.alliance), deployment.fml, deployment.contract)
        for call in calls_on_chain(rpc, deployment.alliance, deployment.block, until):
            list(models.follow(call))
        now = rpc.second(until)
    try:
        steps = calls.decode(calldata)
    except (ChainError, ValueError) as error:
        raise FolderError(f"--dry-run: no call of the contract: {error}") from error
    relayer = models.task(number).params.relayer if number in models.tasks else ""
    return list(_prospects(models, steps, now, sender or relayer))


def _prospects(models: AllianceModel, steps: tuple[object, ...], now: int, sender: str) -> Iterator[Prospect]:
    if not steps:
        raise FolderError("--dry-run: this call only asks for something; needs one that takes a step of a task")
    for step in steps:
        if isinstance(step, CreateTask | CreateCandidateTask | WithdrawCredit) or not hasattr(step, "task"):
            raise FolderError(f"--dry-run: {type(step).__name__} is no step of a task")
        prospect = Prospect(step, forecast(models.task(step.task), step, now, sender))  # type: ignore[arg-type]
        yield prospect
        if prospect.forecast.refusal is not None:
            return  # what follows is not taken either
        models.apply(step, now, sender)  # type: ignore[arg-type]


def told(prospects: list[Prospect]) -> Iterator[str]:
    """Yield what would happen, line by line."""
    for prospect in prospects:
        found = prospect.forecast
        name = type(prospect.step).__name__
        yield f"{name}: refused: {found.refusal}" if found.refusal else f"{name}: the contract would take it"
        for line in found.lines:
            yield f"  member {line.member}: {fml(line.total_gwei, 9, sign=True)} FML: {explain(line)}"
        for shown in found.exposures:
            what = f"a second, different {shown.kind.name.lower()} of this round"
            loss = f"whoever shows both takes all it has, {fml(shown.loss_gwei, 9)} FML"
            yield f"  member {shown.member}: slashable: it would show {what}; {loss}"
        for duty in found.duties:
            yield (
                f"  member {duty.member}: would owe the reveal of this vote by second {duty.until_at}, or lose "
                f"{fml(duty.loss_gwei, 9)} FML"
            )
    verdict = "somebody would lose by it, or could be slashed" if is_slashable(prospects) else "nobody would lose by it"
    yield f"{verdict}; nothing was sent"


def is_slashable(prospects: list[Prospect]) -> bool:
    """Return whether anybody loses by one of the steps, or can be made to."""
    return any(prospect.forecast.is_slashable for prospect in prospects)
