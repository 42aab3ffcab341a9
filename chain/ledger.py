"""The Alliance on a chain: steps sent in transactions, views read, and a model of every task kept beside it."""

import threading
import time
from collections.abc import Sequence
from dataclasses import fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fl_alliance.chain import calls
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, is_elsewhere, is_moved
from fl_alliance.chain.deploy import TOKEN, Deployment
from fl_alliance.chain.errors import ModelDiverged, RequestRefused, TransactionReverted
from fl_alliance.chain.gas import TOKEN_CALL, gas_limit, portions
from fl_alliance.chain.history import calls_in_block
from fl_alliance.chain.messages import Domain, checksum, fml_domain
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.outbox import Outbox
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.chain.steps import CreateCandidateTask, CreateTask, Step
from fl_alliance.chain.types import CandidateTerms, Member, Phase, Record, Standing, TaskParams, TaskState

if TYPE_CHECKING:
    from web3 import Web3

_MOMENT_S = 0.05
"""How old the latest block that is known may be; a round asks for it dozens of times."""


class Alliance:
    """One account's access to a deployed Alliance.

    Parameters
    ----------
    w3 : Web3
        The chain, from `connect`.
    deployment : Deployment
        Where the contracts are; checked against the chain.
    key : NodeKey
        Signs and pays for what this account sends.
    outbox : Outbox, optional
        Where what it sends is kept, so that a process that starts again sends nothing twice; one on disk also has what
        a fork of the chain has lost sent again.
    deadline_s : float
        How long a transaction may take into a block, in seconds.

    Raises
    ------
    WrongChain, CodeMismatch
        The deployment is not this chain's.
    DevelopmentKey
        The key is public knowledge and the chain not the development chain.
    """

    def __init__(
        self,
        w3: "Web3",
        deployment: Deployment,
        key: NodeKey,
        outbox: Outbox | None = None,
        deadline_s: float = 120.0,
    ) -> None:
        self.w3, self.deployment = w3, deployment
        self.sender = Sender(w3, key, deadline_s, outbox)
        self.rpc = self.sender.rpc
        deployment.check(self.rpc)
        self.chain_id, self.address, self.token = self.sender.chain_id, deployment.alliance, deployment.fml
        self.domain, self.fml_domain = Domain(self.chain_id, self.address), fml_domain(self.chain_id, self.token)
        self._is_kept = outbox is not None and outbox.is_kept
        self._sync_lock, self._is_elsewhere = threading.Lock(), is_elsewhere(w3)
        self._models, self._synced = self._no_models(), deployment.block
        self._synced_hash: str | None = None
        self._seen: tuple[float, dict[str, Any]] | None = None

    # what is sent

    def send(self, *steps: Step) -> Receipt:
        """Take steps in one transaction, in order, all or none, and return its receipt.

        Raises
        ------
        Refused
            The contract refused a step: the subclass and its values say which and why.
        TransactionError
            The transaction failed otherwise.
        """
        label = " + ".join(
            f"{name} x {count}" if (count := len(list(same))) > 1 else name
            for name, same in groupby(calls.function_name(type(step)) for step in steps)
        )
        return self._send(self.address, calls.encode_all(steps), gas_limit(steps), label)

    def send_all(self, steps: Sequence[Step]) -> tuple[Receipt, ...]:
        """Take many steps, in order, in as few transactions as surely hold them, such as a task's registrations.

        Each transaction takes all its steps or none; the first that fails ends the row.
        """
        return tuple(self.send(*portion) for portion in portions(steps))

    def create_task(self, params: TaskParams, pool_wei: int, terms: CandidateTerms | None = None) -> int:
        """Create a task, paying its pool from this account, and return its number.

        `terms` belong to a contract that judges candidates, and only to that.
        """
        self.approve(pool_wei)
        step = CreateTask(params, pool_wei) if terms is None else CreateCandidateTask(params, terms, pool_wei)
        created = self._created(self.send(step))
        assert created is not None  # noqa: S101  the contract tells of each
        return created

    def created_before(self) -> int | None:
        """Return the task that was created by what the outbox has, None where there is none; the last of several."""
        found = [self._created(receipt) for receipt in self.sender.receipts()]
        return next((task for task in reversed(found) if task is not None), None)

    def _created(self, receipt: Receipt) -> int | None:
        """Return the number of the task that a transaction created."""
        events = interface(self.deployment.contract).events
        for log in receipt.logs:
            if log.address == self.address and events[log.topics[0]].name == "TaskCreated":
                return int.from_bytes(log.topics[1], "big")
        return None

    def approve(self, amount_wei: int) -> Receipt:
        """Let the Alliance take `amount_wei` of FML from this account."""
        return self._token("approve", self.address, amount_wei)

    def transfer(self, recipient: str, amount_wei: int) -> Receipt:
        """Send FML from this account."""
        return self._token("transfer", recipient, amount_wei)

    def give(self, recipient: str, amount_wei: int) -> Receipt:
        """Let an account have FML of this one's, or points that did not exist before; raises what refuses that."""
        return self._token("mint" if self.deployment.has_points else "transfer", recipient, amount_wei)

    def _token(self, function: str, *args: Any) -> Receipt:
        data = interface(TOKEN).functions[function].encode(args)
        return self._send(self.token, data, TOKEN_CALL, function)

    def _send(self, to: str, data: bytes, gas: int, label: str) -> Receipt:
        try:
            return self.sender.send(to, data, gas, label)
        except TransactionReverted as reverted:
            raise explained(reverted, label) from reverted
        finally:
            self._seen = None

    # what is read

    def now(self) -> int:
        """Return the chain's time: the latest block's second."""
        return int(self._head()["timestamp"], 16)

    @property
    def is_moved(self) -> bool:
        """Whether the chain's time is moved by who waits, so that no window of it has to be waited out."""
        return is_moved(self.w3)

    def advance_to(self, timestamp: int) -> None:
        """Return once the chain's time is `timestamp` or later: moved on a development chain, waited for elsewhere."""
        advance_to(self.w3, timestamp)
        self._seen = None

    def _head(self) -> dict[str, Any]:
        """Return the latest block; on a chain elsewhere the one of a moment ago, if this account sent nothing since."""
        seen, now = self._seen, time.monotonic()
        if seen is not None and self._is_elsewhere and now - seen[0] < _MOMENT_S:
            return seen[1]
        head: dict[str, Any] = self.rpc("eth_getBlockByNumber", "latest", False)
        self._seen = now, head
        return head

    def balance_wei(self, account: str) -> int:
        """Return an account's FML outside the Alliance."""
        return int(self._view(TOKEN, "balanceOf", account)[0])

    def supply_wei(self) -> int:
        """Return all the FML that there is."""
        return int(self._view(TOKEN, "totalSupply")[0])

    def params(self, task: int) -> TaskParams:
        """Return what the task's creator fixed, as the contract stores it."""
        return calls.read_params(self._view(self.deployment.contract, "params", task)[0])

    def terms(self, task: int) -> CandidateTerms:
        """Return what the creator fixed beside the parameters, where candidates are judged."""
        return calls.read_terms(self._view(calls.CANDIDATES, "candidateTerms", task)[0])

    def records(self, task: int) -> tuple[Record, ...]:
        """Return what is known of members from their rounds, by index, where candidates are judged."""
        return tuple(Record(*values) for values in self._view(calls.CANDIDATES, "records", task)[0])

    def prior(self, task: int) -> tuple[int, ...] | None:
        """Return by how much each candidate beat the old model in the last judged round; None before there was one."""
        candidates, improvements = self._view(calls.CANDIDATES, "prior", task)
        return tuple(improvements) if candidates else None

    def state(self, task: int) -> TaskState:
        """Return the task as it stands at the latest block, as the contract tells it."""
        named = dict(
            zip(
                (field.name for field in fields(TaskState)),
                self._view(self.deployment.contract, "state", task)[0],
                strict=True,
            )
        )
        creator = checksum(named["creator"])
        return TaskState(**named | {"phase": Phase(named["phase"]), "creator": creator})

    def members(self, task: int) -> tuple[Member, ...]:
        """Return the task's members by index, as the contract tells them."""
        found = self._view(self.deployment.contract, "members", task)[0]
        return tuple(
            Member(checksum(node), vrf_x, balance, seats, Standing(standing), is_leaving)
            for node, vrf_x, balance, seats, standing, is_leaving in found
        )

    def credit_gwei(self, account: str) -> int:
        """Return what an account can withdraw beside its balances."""
        return int(self._view(self.deployment.contract, "creditGwei", account)[0])

    def constant(self, name: str) -> int:
        """Return a constant of the contract, such as MAX_MEMBERS."""
        return int(self._view(self.deployment.contract, name)[0])

    def _view(self, contract: str, name: str, *args: Any) -> tuple[Any, ...]:
        function = interface(contract).functions[name]
        address = self.token if contract == TOKEN else self.deployment.address(contract)
        request = {"to": address, "data": "0x" + function.encode(args).hex()}
        try:
            return function.result(self.rpc.bytes("eth_call", request, "latest"))
        except RequestRefused as refusal:
            raise explained(TransactionReverted(name, refusal.reason, refusal.data), name) from refusal

    # the model

    def model(self, task: int) -> TaskModel:
        """Return the live model of a task, after every block there is; copy it to try steps on.

        Raises
        ------
        UnknownTask
        ModelDiverged
            The chain did something else than the rules say.
        """
        return self.models().task(task)

    def models(self) -> AllianceModel:
        """Return the live model of all tasks, after every block there is.

        Blocks that a fork of the chain replaced are forgotten: the models are then made anew, after what this account
        had sent and the fork has lost was sent again, where a journal on disk has kept it.
        """
        with self._sync_lock:
            head = self._head()
            latest = int(head["number"], 16)
            if latest < self._synced or (latest == self._synced and self._synced_hash not in (None, head["hash"])):
                self._begin_anew()
                latest = self.rpc.number("eth_blockNumber")
            while self._synced < latest:
                self._follow(self.rpc("eth_getBlockByNumber", hex(self._synced + 1), True))
            return self._models

    def _follow(self, block: dict[str, Any]) -> None:
        """Let the models take the next block's steps, or begin anew where it is not the next one after all."""
        if self._synced_hash not in (None, block["parentHash"]):
            self._begin_anew()
            return
        try:
            for call in calls_in_block(self.rpc, self.address, block):
                for _ in self._models.follow(call):
                    pass
        except ModelDiverged:
            self._forget()
            raise
        self._synced, self._synced_hash = self._synced + 1, block["hash"]

    def _begin_anew(self) -> None:
        """Forget what was read, and send again what this account has sent and a journal on disk has kept."""
        self._forget()
        if self._is_kept:
            self.sender.restore()

    def _forget(self) -> None:
        self._models = self._no_models()
        self._synced, self._synced_hash = self.deployment.block, None

    def _no_models(self) -> AllianceModel:
        return AllianceModel(self.domain, self.token, self.deployment.contract)
