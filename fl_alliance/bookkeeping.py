"""Keep a task's books: replay what its chain took by the rules, and ask the token who holds what."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fl_alliance.books import Books, Entry, Flows, Member, Place, Round
from fl_alliance.chain import strict_json
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import EVIDENCE, TOKEN, Deployment
from fl_alliance.chain.history import Call, Taken, calls_on_chain
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    Fund,
    Settle,
    SettleMenu,
    SkipRound,
    SlashEquivocation,
    Start,
    WithdrawPool,
)
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder
from fl_alliance.results import read_results
from fl_alliance.strategies.choices import choice_of


@contextmanager
def opened(folder: RunFolder) -> Iterator[tuple[Rpc, Deployment, int]]:
    """Open the chain of a run to read it; give its contracts, and the number of its task.

    A chain file in the folder comes before the endpoint that the run had: it is there when that is gone.

    Raises
    ------
    FolderError
        The run has not put a task on a chain.
    ChainError
        The chain cannot be read, or is another one.
    """
    chain = read_results(folder).config.get("chain", {})
    if not folder.deployment.is_file() or not (chain.get("url") or folder.chain.is_file()):
        raise FolderError(f"{folder.root}: no task on a chain yet; needed a run that got as far as its first round")
    deployment = Deployment.load(folder.manifest)
    task = task_begun(folder)
    url = f"file://{folder.chain.resolve()}" if folder.chain.is_file() else chain["url"]
    with connected(url, chain_id=deployment.chain_id) as w3:
        rpc = Rpc(w3)
        deployment.check(rpc)
        yield rpc, deployment, task


def read_books(folder: RunFolder) -> Books:
    """Read the books of a run's task from its chain; raises as `opened`, and ChainError where the chain errs."""
    with opened(folder) as (rpc, deployment, task):
        return keep_books(rpc, deployment, task)


def task_begun(folder: RunFolder) -> int:
    """Return the number of the run's task; raises `FolderError` where the file that says it cannot be read."""
    try:
        return int(strict_json.parse(folder.deployment.read_bytes())["task"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{folder.deployment}: found {error}; needed the run's deployment") from error


def keep_books(rpc: Rpc, deployment: Deployment, task: int) -> Books:
    """Return a task's books as they stand at the latest block."""
    latest = rpc.number("eth_blockNumber")
    keeper = Bookkeeper(deployment, task)
    for call in calls_on_chain(rpc, deployment.alliance, deployment.block, latest):
        keeper.take(call)
    model = keeper.models.task(task)
    now = rpc.second(latest)
    token = _Token(rpc, deployment.fml)
    return Books(
        task=task,
        chain_id=deployment.chain_id,
        contract=deployment.alliance,
        token=deployment.fml,
        phase=model.phase(now).name.lower(),
        rounds_in_all=model.params.rounds,
        members=tuple(keeper.members()),
        rounds=tuple(keeper.rounds),
        flows=keeper.flows(),
        supply_wei=token.call("totalSupply"),
        held=tuple(_holders(token, deployment, model)),
        inside=tuple(_inside(keeper.models)),
        alliance_wei=token.call("balanceOf", deployment.alliance),
    )


def empty_models(deployment: Deployment) -> AllianceModel:
    """Return the models of an Alliance that has done nothing yet."""
    return AllianceModel(Domain(deployment.chain_id, deployment.alliance), deployment.fml, deployment.contract)


class Bookkeeper:
    """Follows one task through the contract's transactions.

    Attributes
    ----------
    models : AllianceModel
        Everything that the rules say so far; several keepers may share one, which somebody else then moves.
    rounds : list of Round
        The task's rounds that have ended.
    """

    def __init__(self, deployment: Deployment, task: int, models: AllianceModel | None = None) -> None:
        self.models = models or empty_models(deployment)
        self.rounds: list[Round] = []
        self._task = task
        self._stakes: list[int] = []
        self._lines: list[Line] = []
        self._won: Counter[int] = Counter()
        self._lost: Counter[int] = Counter()
        self._bounty = self._bounties = 0
        self._funded = self._returned = 0
        self._credited = self._pool = 0

    def take(self, call: Call) -> None:
        """Follow one transaction."""
        for taken, lines in self.models.follow(call):
            self.book(taken, lines)

    def book(self, taken: Taken, lines: tuple[Line, ...]) -> None:
        """Write down a step that the models have just taken."""
        if self._task in self.models.tasks and getattr(taken.step, "task", self._task) == self._task:
            self._book(taken, lines)
        self._credited = sum(self.models.credits.values())

    def members(self) -> Iterable[Member]:
        """Yield every member with what it brought, won, lost, holds and has taken out."""
        model = self.models.task(self._task)
        stakes = self._stakes or model.balances
        for index, node in enumerate(model.roster.nodes):
            won, lost = self._won[index], self._lost[index]
            held, escrow = model.balances[index], model.record(index).escrow_gwei
            taken_out = stakes[index] + won - lost - held - escrow
            yield Member(index, node.address, stakes[index], won, lost, held, escrow, taken_out)

    def flows(self) -> Flows:
        """Return what went into the task and what came of it."""
        members = list(self.members())
        return Flows(
            stakes_gwei=sum(member.stake_gwei for member in members),
            funded_gwei=self._funded,
            members_gwei=sum(member.held_gwei + member.withdrawn_gwei for member in members),
            pool_gwei=self.models.task(self._task).pool_gwei,
            returned_gwei=self._returned,
            bounties_gwei=self._bounties,
        )

    def _book(self, taken: Taken, lines: tuple[Line, ...]) -> None:
        model = self.models.task(self._task)
        self._lines += lines
        for line in lines:
            (self._won if line.total_gwei > 0 else self._lost)[line.member] += abs(line.total_gwei)
        match taken.step:
            case Settle() | SettleMenu() | SlashEquivocation():
                bounty = sum(self.models.credits.values()) - self._credited
                self._bounty, self._bounties = self._bounty + bounty, self._bounties + bounty
            case CreateTask() | CreateCandidateTask() | Fund():
                self._funded += model.pool_gwei - self._pool
            case WithdrawPool():
                self._returned += self._pool - model.pool_gwei
        self._pool = model.pool_gwei
        # Before the start members come and go freely; afterwards they are only ever added.
        if self._stakes or isinstance(taken.step, Start):
            self._stakes += model.balances[len(self._stakes) :]
        if isinstance(taken.step, Settle | SettleMenu | SkipRound):
            self.rounds.append(self._ended(model, taken))
            self._lines, self._bounty = [], 0

    def _ended(self, model: TaskModel, taken: Taken) -> Round:
        settled, committee = model.settlement, model.committee
        judged = settled.judgement if settled else None
        return Round(
            number=committee.number,
            outcome=model.last_outcome.name.lower(),
            yes=settled.yes if settled else 0,
            no=settled.no if settled else 0,
            leaders=tuple(lead.member for lead in committee.leads.values()),
            reward_gwei=settled.reward_gwei if settled else 0,
            bounty_gwei=self._bounty,
            pool_gwei=model.pool_gwei,
            model=model.model,
            seats=tuple(committee.seats),
            standings=dict(committee.standings),
            scores=dict(committee.scores),
            lines=tuple(self._lines),
            balances=tuple(model.balances),
            escrows=tuple(model.record(member).escrow_gwei for member in range(len(model.balances))),
            choice=choice_of(judged) if judged else None,
            ended=Place(taken.block, taken.tx_hash, taken.sender),
        )


class _Token:
    """The token contract's own answers."""

    def __init__(self, rpc: Rpc, address: str) -> None:
        self._rpc, self._address = rpc, address

    def call(self, name: str, *args: str) -> int:
        function = interface(TOKEN).functions[name]
        request = {"to": self._address, "data": "0x" + function.encode(args).hex()}
        return int(function.result(self._rpc.bytes("eth_call", request, "latest"))[0])


def _holders(token: _Token, deployment: Deployment, model: TaskModel) -> Iterable[Entry]:
    """Yield the task's accounts that hold FML, each once."""
    accounts = {deployment.alliance: "the Alliance contract", model.creator: "the task's creator"}
    accounts.setdefault(model.params.relayer, "the relayer")
    if deployment.has_evidence:
        accounts[deployment.address(EVIDENCE)] = "coordinators' bonds"
    for index, node in enumerate(model.roster.nodes):
        accounts.setdefault(node.address, f"member {index}")
    for account, name in accounts.items():
        if amount := token.call("balanceOf", account):
            yield Entry(f"{name}, {account}", amount)


def _inside(models: AllianceModel) -> Iterable[Entry]:
    """Yield what the contract owes to whom, by the rules."""
    for number, model in models.tasks.items():
        parts = {
            f"balances of {len(model.balances)} members": sum(model.balances),
            "escrows of members": sum(model.escrow.values()),
            "stakes of nodes that wait to join": model.roster.queued_gwei,
            "pool": model.pool_gwei,
        }
        for name, amount in parts.items():
            if amount:
                yield Entry(f"task {number}: {name}", amount * WEI_PER_GWEI)
    if owed := sum(models.credits.values()):
        yield Entry("bounties and left balances to collect", owed * WEI_PER_GWEI)
