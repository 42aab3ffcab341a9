"""Verifying a chain file block by block; what is verified and why is said in `audit.py`."""

from collections.abc import Sequence
from pathlib import Path

from fl_alliance.audit.beside import Beside
from fl_alliance.audit.contracts import ALLIANCES, SEVERAL, TOKENS, Contracts
from fl_alliance.audit.events import Taking, Trace, Transfer, trace_of
from fl_alliance.audit.facts import Audited, Counts, EndedRound, Listener
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE, Events
from fl_alliance.audit.rounds import Rounds
from fl_alliance.audit.state import Machine, Views
from fl_alliance.audit.token import Token
from fl_alliance.chain import calls
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.errors import ChainCorrupt
from fl_alliance.chain.history import calls_in_file, steps
from fl_alliance.chain.messages import Domain, checksummed
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.node.transaction import Transaction
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes, keccak
from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    Settle,
    SettleMenu,
    Start,
    Step,
    WithdrawCredit,
)
from fl_alliance.chain.types import WEI_PER_GWEI, Phase


def audit_chain(
    path: Path, *, executes: bool = True, interprets: bool = False, listener: Listener = lambda task, ended: None
) -> Audited:
    """Verify a chain file from its first block to its last; `interprets`: see `audit`.

    Raises
    ------
    DoesNotHold
        The first thing that does not hold, with its block, round and step.
    ChainFileError
        There is no file.
    """
    try:
        file = ChainFile(path)
    except ChainCorrupt as broken:
        raise _corrupt(broken, Where()) from broken
    with file:
        auditor = Auditor(file, executes, listener, interprets)
        try:
            for block in file.blocks():
                auditor.take(block)
        except ChainCorrupt as broken:
            raise _corrupt(broken, auditor.where(broken.block)) from broken
        return auditor.finish()


def _corrupt(broken: ChainCorrupt, where: Where) -> DoesNotHold:
    at = str(where) or "the chain file"
    return DoesNotHold(
        at, f"a stored byte is not the one that was written: found {broken.found}, needed {broken.needed}"
    )


class Auditor:
    """Takes a chain block by block; each method raises `DoesNotHold` at the first thing that does not hold."""

    def __init__(self, file: ChainFile, executes: bool, listener: Listener, interprets: bool = False) -> None:
        self._chain_id, self._executes = file.settings.chain_id, executes
        self._machine = Machine(file.settings, executes, interprets)
        self._contracts, self._token, self.counts = Contracts(), Token(), Counts()
        self._models: AllianceModel | None = None
        self._views: Views | None = None
        self._nonces: dict[bytes, int] = {}
        self._gifts_wei = 0
        self._fundings: list[Transfer] = []
        self._task: int | None = None
        self._rounds = Rounds(listener)
        self._head: Block | None = None
        self._beside = Beside(file.settings.chain_id)

    def where(self, block: int | None) -> Where:
        """Return a block's place in words, by what the rules make of the blocks before it."""
        return Where(block, _moment(self._models, self._task))

    def take(self, block: Block) -> None:
        """Verify one block, whose own hashes hold."""
        where = self.where(block.number)
        self._machine.take(block, where)
        self.counts.blocks += 1
        self._head = block
        if block.transaction is not None and block.receipt is not None:
            self._transaction(block, block.transaction, where)

    def finish(self) -> Audited:
        """Verify what stands at the end: code, parameters and everybody's FML."""
        head, models, views = self._head, self._models, self._views
        if head is None or models is None or views is None:
            raise DoesNotHold("the chain", "no contract on it is the Alliance as this version compiles it")
        where = Where(head.number, "at the end")
        every = {name: self._contracts.addresses(name) for name in self._contracts.names.values()}
        addresses = {name: found[0] for name, found in every.items()}
        for found in (addresses, *({name: at} for name in SEVERAL for at in every.get(name, ())[1:])):
            views.check_code(where, found)
        self._beside.check(self._machine, where)
        for model in models.tasks.values():
            views.check_params(model, where)
            views.check_task(model, head.timestamp, where)
        views.check_money(models, self._gifts_wei, self._token.supply_wei, where)
        for account, wei in self._token.holders.items():
            views.check_holder(account, wei, where)
        hashes = {name: self._hash_of_code(address) for name, address in addresses.items()}
        return Audited(
            self._chain_id,
            head.hash,
            addresses,
            hashes,
            models,
            self._rounds.ended,
            self.counts,
            self._executes,
            {name: {at: self._hash_of_code(at) for at in every.get(name, ())} for name in SEVERAL},
            self._beside.bonds,
            self._beside.approvals,
            self._beside.anchors,
        )

    def _hash_of_code(self, address: str) -> str:
        return "0x" + keccak(self._machine.code(address)).hex()

    # one transaction

    def _transaction(self, block: Block, transaction: Transaction, where: Where) -> None:
        self.counts.transactions += 1
        self.counts.signatures += 1
        nonce = self._nonces.get(transaction.sender, 0)
        if transaction.nonce != nonce and not transaction.authorization_list:
            raise DoesNotHold(where, f"the transaction is its sender's number {transaction.nonce}, due is {nonce}")
        self._nonces[transaction.sender] = transaction.nonce + 1
        self._fundings = []
        expected = self._expected(block, transaction, where)
        found = self._token.follow(block, self._contracts.token, where)
        if expected is not None and found != tuple(expected):
            raise DoesNotHold(
                where, f"transfers of FML: the token says {_transfers(found)}, the rules {_transfers(expected)}"
            )
        if self._contracts.names.get(transaction.to) not in ALLIANCES:
            self._book_gifts(found, where)
        self._conserve(where)

    def _book_gifts(self, found: Sequence[Transfer], where: Where) -> None:
        """Note what the Alliance was sent for nothing: not what a contract has just funded a task with."""
        alliance = self._contracts.address(self._contracts.alliance)
        gifts = [transfer for transfer in found if transfer[1] == alliance]
        for funding in self._fundings:
            if funding not in gifts:
                raise DoesNotHold(
                    where, f"transfers of FML: the token says {_transfers(gifts)}, the rules {_transfers([funding])}"
                )
            gifts.remove(funding)
        self._gifts_wei += sum(wei for _, _, wei in gifts)

    def _expected(self, block: Block, transaction: Transaction, where: Where) -> Sequence[Transfer] | None:
        """Verify what a transaction did; return the transfers it must have made, None where only execution tells."""
        succeeded = block.receipt is not None and block.receipt.status == 1
        target = self._contracts.names.get(transaction.to)
        if target in ALLIANCES and self._models is not None:
            return self._steps(block, transaction, where) if succeeded else self._failed(block, transaction, where)
        if not succeeded:
            return ()
        if not transaction.to:
            return self._created(block, transaction, where)
        if target in TOKENS:
            return self._token_call(transaction, where)
        return self._foreign(block, transaction, where)

    def _created(self, block: Block, transaction: Transaction, where: Where) -> Sequence[Transfer] | None:
        name = self._contracts.created(block, transaction, where)
        alliance, token = self._contracts.address(self._contracts.alliance), self._contracts.token
        if name in ALLIANCES and alliance and token:
            self._models = AllianceModel(Domain(self._chain_id, alliance), token, name)
            self._views = Views(self._machine, name, alliance, token)
        if name is not None:
            self._beside.created(name, transaction, self._models, where)
        if name == TOKEN and (supply := self._contracts.supply_wei):
            return ((ZERO_ADDRESS, checksummed(transaction.sender), supply),)
        return () if name else self._foreign(block, transaction, where)

    def _token_call(self, transaction: Transaction, where: Where) -> Sequence[Transfer] | None:
        try:
            return self._token.moved_by(transaction)
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"a call of FML that cannot be read: {broken}") from broken
        finally:
            self._require_execution(self._token.tells(transaction), where, "this call of FML")

    def _foreign(self, block: Block, transaction: Transaction, where: Where) -> Sequence[Transfer] | None:
        """Look at a transaction to somebody else: it may move FML of its own, and of a task's steps only fund."""
        self._contracts.require_known(transaction, where)
        moved = self._beside.take(block, transaction, where)
        if moved is not None:
            return moved
        self._beside.follow(block, where)
        alliance = self._contracts.address(self._contracts.alliance)
        self._funded(block, where)
        is_plain = bool(transaction.to) and not transaction.data and not self._machine.code(checksummed(transaction.to))
        self._require_execution(is_plain or alliance is None, where, "what a foreign contract did")
        return () if is_plain else None

    def _funded(self, block: Block, where: Where) -> None:
        """Take the steps that contracts took in a transaction to another: they may fund tasks, which events tell."""
        models, receipt = self._models, block.receipt
        if models is None or receipt is None:
            return
        alliance = address_bytes(models.domain.contract)
        told = [log for log in receipt.logs if log.address == alliance]
        calls_told = [call for call in calls_in_file([block], models.domain.contract) if call.logs]
        if len(told) != len(calls_told):
            raise DoesNotHold(where, "another contract took a step of a task; which one is in no calldata")
        events = Events(block, models.contract, alliance)
        for taken in steps(calls_told):
            here = self.where(block.number).at_step("Fund by a contract")
            trace = self._trace(self._apply(taken.step, taken.sender, taken.timestamp, here), here)
            events.need(trace.events, here)
            self._fundings += trace.transfers
        self._compare_state(models, [taken.step for taken in steps(calls_told)], block, where)

    def _failed(self, block: Block, transaction: Transaction, where: Where) -> Sequence[Transfer]:
        """A transaction that failed must break a rule, unless execution has shown why it failed."""
        if self._models is not None and not self._executes:
            models, sender = self._models.copy(), checksummed(transaction.sender)
            try:
                for step in calls.decode(transaction.data):
                    models.apply(step, block.timestamp, sender)
            except UNREADABLE:
                return ()
            self._require_execution(False, where, "the failure of steps that break no rule (for want of gas or FML)")
        return ()

    def _require_execution(self, holds: bool, where: Where, what: str) -> None:
        if not holds and not self._executes:
            raise DoesNotHold(where, f"{what} cannot be verified without execution; audit without --no-execute")

    # the steps of one transaction

    def _steps(self, block: Block, transaction: Transaction, where: Where) -> Sequence[Transfer]:
        sender, models = checksummed(transaction.sender), self._models
        if models is None or block.receipt is None:
            raise ValueError("steps are taken once there is an Alliance")
        try:
            steps = calls.decode(transaction.data)
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"a call of the Alliance that cannot be read: {broken}") from broken
        events = Events(block, models.contract, address_bytes(models.domain.contract))
        transfers: list[Transfer] = []
        ended: list[tuple[int, EndedRound]] = []
        for index, step in enumerate(steps):
            name = type(step).__name__ + (f" ({index + 1} of {len(steps)})" if len(steps) > 1 else "")
            here = self.where(block.number).at_step(name)
            taking = self._apply(step, sender, block.timestamp, here)
            trace = self._trace(taking, here)
            events.need(trace.events, here)
            transfers += trace.transfers
            if (one := self._rounds.take(taking, block.number)) is not None:
                ended.append(one)
        events.need_no_more(where)
        self._compare_state(models, steps, block, where)
        for task, one_round in ended:
            self._rounds.keep(task, one_round)
        return transfers

    def _apply(self, step: Step, sender: str, now: int, where: Where) -> Taking:
        models = self._models
        if models is None:
            raise ValueError("steps are taken once there is an Alliance")
        before = models.copy()
        if not isinstance(step, CreateTask | CreateCandidateTask | WithdrawCredit):
            self._task = step.task
        try:
            lines = models.apply(step, now, sender)
        except UNREADABLE as refusal:
            raise DoesNotHold(where, f"the chain took this step, the rules refuse it: {refusal}") from refusal
        if isinstance(step, CreateTask | CreateCandidateTask):
            self._task = len(models.tasks)
        if isinstance(step, Start):
            self._beside.begun(models.tasks[step.task])
        taking = Taking(step, sender, now, before, models, lines)
        if isinstance(step, Settle | SettleMenu):
            self._require_previous(taking, where)
        self.counts.take(taking)
        return taking

    def _require_previous(self, taking: Taking, where: Where) -> None:
        """Refuse a vote on another old model than the one adopted last: the voters compared with the wrong one."""
        stale = taking.model.stale_previous
        if stale is not None:
            raise DoesNotHold(
                where,
                f"the relayer {taking.model.params.relayer} put another old model to the vote: {stale.hex()}, adopted "
                f"was {taking.was.model.hex()}",
            )

    def _trace(self, taking: Taking, where: Where) -> Trace:
        try:
            return trace_of(taking)
        except UNREADABLE as broken:
            raise DoesNotHold(where, f"the step leaves no trace that can be told: {broken}") from broken

    # what must hold after every transaction

    def _compare_state(self, models: AllianceModel, steps: Sequence[Step], block: Block, where: Where) -> None:
        if self._views is None:
            return
        touched = {
            step.task for step in steps if not isinstance(step, CreateTask | CreateCandidateTask | WithdrawCredit)
        }
        if any(isinstance(step, CreateTask | CreateCandidateTask) for step in steps):
            touched |= set(models.tasks)
        for task in sorted(touched):
            self._views.check_task(models.tasks[task], block.timestamp, where)

    def _conserve(self, where: Where) -> None:
        """The Alliance holds what it owes, and all FML is what was minted."""
        models = self._models
        if models is None:
            return
        held, owed = self._token.held(models.domain.contract), models.held_gwei * WEI_PER_GWEI
        if held != owed + self._gifts_wei:
            gifts = f", besides {self._gifts_wei} that somebody gave it" if self._gifts_wei else ""
            raise DoesNotHold(
                where,
                f"the Alliance holds {held} wei of FML and owes {owed} in balances, stakes, pools and credits{gifts}",
            )
        total = sum(self._token.holders.values())
        if total != self._token.supply_wei:
            raise DoesNotHold(where, f"all accounts hold {total} wei of FML, minted were {self._token.supply_wei}")


def _transfers(transfers: Sequence[Transfer]) -> str:
    return "; ".join(f"{wei} wei from {sender} to {recipient}" for sender, recipient, wei in transfers) or "none"


def _moment(models: AllianceModel | None, task: int | None) -> str:
    """Return what was going on, in words."""
    if models is None:
        return "before the contracts"
    if task is None or task not in models.tasks:
        return "before any task"
    model = models.tasks[task]
    prefix = f"task {task}, " if len(models.tasks) > 1 else ""
    return prefix + _stage(model)


def _stage(model: TaskModel) -> str:
    if model.stored_phase is Phase.REGISTRATION:
        return "registration"
    if model.stored_phase is Phase.FINISHED:
        return f"after round {model.round}"
    return f"round {model.round}"
