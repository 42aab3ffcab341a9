"""All tasks of one contract as models, kept in step by applying every step that the chain took."""

from collections.abc import Iterator
from typing import Any

from fl_alliance.chain.alliance_refusals import NothingThere, UnknownTask
from fl_alliance.chain.board import gwei
from fl_alliance.chain.calls import MAJORITY
from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import ChainError, ModelDiverged, StepForeign
from fl_alliance.chain.history import Call, Taken, steps
from fl_alliance.chain.messages import Domain, fml_domain
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.params import require_params, require_terms
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    DrawVoters,
    OpenRound,
    Settle,
    SettleMenu,
    SkipRound,
    Step,
    WithdrawCredit,
)
from fl_alliance.chain.types import Phase
from fl_alliance.chain.vrf import Tag

_CHECKED = ("RoundOpened", "VotersDrawn", "RoundJudged", "RoundSettled", "RoundSkipped")

Event = tuple[str, dict[str, Any]]
"""An event's name and fields, as the ABI spells them."""


class AllianceModel:
    """The contract's whole state as far as the rules make it.

    Attributes
    ----------
    contract : str
        Which contract it is, by artifact: `calls.MAJORITY` or `calls.CANDIDATES`.
    tasks : dict of int to TaskModel
        Every task ever created, by number, from 1.
    credits : dict of str to int
        Bounties and left balances that accounts can withdraw, in gwei.
    """

    def __init__(self, domain: Domain, token: str, contract: str = MAJORITY) -> None:
        self.domain, self.fml, self.contract = domain, fml_domain(domain.chain_id, token), contract
        self.tasks: dict[int, TaskModel] = {}
        self.credits: dict[str, int] = {}

    @property
    def held_gwei(self) -> int:
        """What the contract must hold of FML, in gwei: balances, escrows, queued stakes, pools and credits."""
        tasks = self.tasks.values()
        return sum(task.held_gwei for task in tasks) + sum(self.credits.values())

    def task(self, number: int) -> TaskModel:
        """Return a task's model.

        Raises
        ------
        UnknownTask
        """
        if number not in self.tasks:
            raise UnknownTask(number)
        return self.tasks[number]

    def apply(self, step: Step, now: int, sender: str) -> tuple[Line, ...]:
        """Take a step at second `now`; see `TaskModel.apply`."""
        if isinstance(step, CreateTask | CreateCandidateTask):
            terms = step.terms if isinstance(step, CreateCandidateTask) else None
            if (terms is None) != (self.contract == MAJORITY):
                raise StepForeign(type(step).__name__)
            if terms is not None:
                require_terms(step.params, terms)
            require_params(step.params)
            number, pool = len(self.tasks) + 1, gwei(step.pool_wei)
            model = TaskModel(self.domain, self.fml, number, sender, step.params, pool, now, self.credits, terms)
            self.tasks[number] = model
            return ()
        if isinstance(step, WithdrawCredit):
            if not self.credits.pop(step.account, 0):
                raise NothingThere
            return ()
        return self.task(step.task).apply(step, now, sender)

    def copy(self) -> "AllianceModel":
        """Return an independent copy, to try steps on."""
        twin = AllianceModel(self.domain, self.fml.contract, self.contract)
        twin.credits = dict(self.credits)
        for number, task in self.tasks.items():
            twin.tasks[number] = task.copy()
            twin.tasks[number].credits = twin.credits
        return twin

    def follow(self, call: Call) -> Iterator[tuple[Taken, tuple[Line, ...]]]:
        """Apply a transaction's steps, yielding each with what it paid and took.

        Whoever iterates to the end has also compared the events of the transaction with what the rules say.

        Raises
        ------
        ModelDiverged
            The rules refuse a step that the chain took, or an event says something else.
        """
        events = iter(self._events(call))
        for taken in _told(call):
            where = f"block {call.block}, {type(taken.step).__name__}"
            try:
                lines = self.apply(taken.step, call.timestamp, call.sender)
            except ChainError as refusal:
                raise ModelDiverged(where, "the step was taken", str(refusal)) from refusal
            for needed in self._needed(taken.step):
                if not _tells(next(events, None), needed):
                    raise ModelDiverged(where, self._events(call), needed)
            yield taken, lines
        if next(events, None) is not None:
            raise ModelDiverged(f"block {call.block}", "more events than steps", "one for each")

    def _needed(self, step: Step) -> list[Event]:
        """Return the events that the chain must show for a step just applied, as far as they are compared."""
        if not isinstance(step, OpenRound | DrawVoters | Settle | SettleMenu | SkipRound):
            return []
        model = self.tasks[step.task]
        head = {"task": step.task, "round": model.committee.number}
        if isinstance(step, SkipRound):
            return [("RoundSkipped", head | {"seed": model.seed})]
        if isinstance(step, Settle | SettleMenu):
            return [(name, head | values) for name, values in settled_events(model)]
        if isinstance(step, OpenRound) and model.stored_phase is Phase.FINISHED:
            return []  # too few were left to draw
        name, tag = ("RoundOpened", Tag.PROPOSERS) if isinstance(step, OpenRound) else ("VotersDrawn", Tag.VOTERS)
        lead = model.committee.leads[tag]
        return [(name, head | {"leader": lead.member, "rank": lead.rank, "seed": model.seed})]

    def _events(self, call: Call) -> list[Event]:
        """Return the transaction's events of the kinds that the rules answer for."""
        known = interface(self.contract).events
        found = []
        for log in call.logs:
            event = known.get(log.topics[0]) if log.topics else None
            if event is not None and event.name in _CHECKED:
                values = event.values(log.topics, log.data)
                values.pop("phase", None)
                found.append((event.name, values))
        return found


def _told(call: Call) -> list[Taken]:
    try:
        return list(steps((call,)))
    except ChainError as unreadable:
        raise ModelDiverged(f"block {call.block}", "a call that succeeded", str(unreadable)) from unreadable


def settled_events(model: TaskModel) -> list[Event]:
    """Return the events of the settlement that was applied last, without task and round."""
    result = model.settlement
    if result is None:
        raise ValueError("a settled round has a settlement")
    settled = {"outcome": int(result.outcome), "poolGwei": result.pool_gwei, "model": model.named}
    judged = result.judgement
    if judged is None:
        return [("RoundSettled", settled)]
    decision = judged.decision
    told = {
        "winner": decision.winner,
        "best": decision.best,
        "backing": decision.backing,
        "against": judged.against,
        "weight": decision.weight,
        "convicted": judged.convicted,
        "slashed": judged.slashed,
    }
    return [("RoundJudged", told), ("RoundSettled", settled)]


def _tells(event: Event | None, needed: Event) -> bool:
    """Return whether an event is of the needed kind and everything in it is as the rules have it."""
    if event is None or event[0] != needed[0]:
        return False
    return all(needed[1].get(name) == value for name, value in event[1].items())
