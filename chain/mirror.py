"""All tasks of one contract as models, kept in step by applying every step that the chain took."""

from fl_alliance.chain.messages import Domain, fml_domain
from fl_alliance.chain.refusals import NothingThere, UnknownTask
from fl_alliance.chain.replay import TaskModel, gwei
from fl_alliance.chain.rules.params import require_params
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.steps import CreateTask, Step, WithdrawCredit


class AllianceModel:
    """The contract's whole state as far as the rules make it.

    Attributes
    ----------
    tasks : dict of int to TaskModel
        Every task ever created, by number, from 1.
    credits : dict of str to int
        Bounties and left balances that accounts can withdraw, in gwei.
    """

    def __init__(self, domain: Domain, token: str) -> None:
        self.domain, self.fml = domain, fml_domain(domain.chain_id, token)
        self.tasks: dict[int, TaskModel] = {}
        self.credits: dict[str, int] = {}

    @property
    def held_gwei(self) -> int:
        """What the contract must hold of FML, in gwei: balances, queued stakes, pools and credits."""
        tasks = self.tasks.values()
        inside = sum(sum(task.balances) + task.roster.queued_gwei + task.pool_gwei for task in tasks)
        return inside + sum(self.credits.values())

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
        if isinstance(step, CreateTask):
            require_params(step.params)
            number, pool = len(self.tasks) + 1, gwei(step.pool_wei)
            model = TaskModel(self.domain, self.fml, number, sender, step.params, pool, now, self.credits)
            self.tasks[number] = model
            return ()
        if isinstance(step, WithdrawCredit):
            if not self.credits.pop(step.account, 0):
                raise NothingThere
            return ()
        return self.task(step.task).apply(step, now, sender)

    def copy(self) -> "AllianceModel":
        """Return an independent copy, to try steps on."""
        twin = AllianceModel(self.domain, self.fml.contract)
        twin.credits = dict(self.credits)
        for number, task in self.tasks.items():
            twin.tasks[number] = task.copy()
            twin.tasks[number].credits = twin.credits
        return twin
