"""The rounds of every task as its steps end them: what files are compared with, and listeners are told."""

from fl_alliance.audit.events import Taking
from fl_alliance.audit.facts import EndedRound, Listener
from fl_alliance.chain.batches import listed
from fl_alliance.chain.steps import RevealScores, RevealVotes, Settle, SettleMenu, SkipRound
from fl_alliance.strategies.choices import choice_of
from fl_alliance.transcript.account import Scribe


class Rounds:
    """Takes steps that hold, in the chain's order; `ended` are the rounds by task, as far as they are kept."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lists: dict[int, tuple[int, ...] | None] = {}
        self._scribes: dict[int, Scribe] = {}
        self.ended: dict[int, list[EndedRound]] = {}

    def take(self, taking: Taking, block: int) -> tuple[int, EndedRound] | None:
        """Return the task and its round that a step ended, if it ended one; `block` is the number of its block."""
        step = taking.step
        number = getattr(step, "task", None)
        account = self._scribes.setdefault(number, Scribe()).take(step, taking.model) if number else None
        if isinstance(step, RevealVotes | RevealScores | Settle | SettleMenu):
            pairs = listed(taking.model.judging.records(step, taking.model.committee))
            if pairs:
                self._lists[step.task] = tuple(pair.member for pair in pairs)
        if not isinstance(step, Settle | SettleMenu | SkipRound):
            return None
        model, result = taking.model, taking.model.settlement
        judged = result.judgement if result else None
        return step.task, EndedRound(
            number=taking.was.round,
            block=block,
            outcome=model.last_outcome,
            committee=model.committee,
            lines=tuple(model.lines),
            yes=result.yes if result else 0,
            no=result.no if result else 0,
            reward_gwei=result.reward_gwei if result else 0,
            bounty_gwei=result.bounty_gwei if result else 0,
            model=model.model,
            listed=self._lists.pop(step.task, None),
            balances=tuple(model.balances),
            pool_gwei=model.pool_gwei,
            escrow_gwei=sum(model.escrow.values()),
            menu=step.menu if isinstance(step, SettleMenu) else None,
            averages=taking.was.averages,
            choice=choice_of(judged) if judged else None,
            account=account or {},
        )

    def keep(self, task: int, ended: EndedRound) -> None:
        """Keep a round once all of its transaction holds, and tell of it."""
        self.ended.setdefault(task, []).append(ended)
        self._listener(task, ended)
