"""The chain's state after each block, made anew by execution or taken from the file, and compared with the rules."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from fl_alliance.audit.contracts import compiled
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.chain.calls import read_params, read_terms
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.clock import RecordedClock
from fl_alliance.chain.node.faults import RpcFault
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.settings import Settings
from fl_alliance.chain.node.transaction import Transaction
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.types import WEI_PER_GWEI, Phase, Record

_INTERPRETED = 2
"""Transactions of each kind that py-evm's own loop executes in any case."""
_VIEW_GAS = 2**27
"""Several times what the longest view needs, with 1,024 members; a false chain could hold code that never ends."""


class Machine:
    """The chain's state, block by block.

    The stored writes are loaded into one engine, which answers for the contracts' views. They are claims as long as
    nobody executes: with `executes`, a second engine executes every transaction and must come to the same block, writes
    included. It does so by py-evm's own loop: all transactions with `interprets`, else the first `_INTERPRETED` of each
    kind, and the rest by our compiler of hot bytecode, which costs a tenth.
    """

    def __init__(self, settings: Settings, executes: bool, interprets: bool = False) -> None:
        self._viewer = Node(settings)
        self._clock = RecordedClock()
        self._executor = Node(settings, reference=True, clock=self._clock) if executes else None
        self._interprets, self._kinds = interprets, Counter[tuple[bytes, ...]]()
        self._head = self._viewer.head

    def take(self, block: Block, where: Where) -> None:
        """Go one block further.

        Raises
        ------
        DoesNotHold
            Execution gives another block, naming what differs.
        """
        if block.number == 0:
            _compare(block, self._viewer.head, where)
            return
        if self._executor is not None:
            self._clock.told = block.timestamp
            self._executor.engine.interpret(self._interprets or self._is_new(block))
            _execute(self._executor, block, where)
            _compare(block, self._executor.head, where)
        try:
            self._viewer.engine.load(block.writes)
        except ValueError as broken:
            raise DoesNotHold(where, f"the stored writes cannot be read: {broken}") from broken
        self._head = block

    def _is_new(self, block: Block) -> bool:
        """Return whether few transactions of this kind were executed before: of this target, function and steps."""
        transaction = block.transaction
        if transaction is None or not transaction.to:
            return True
        words = range(4, len(transaction.data), 32)
        kind = (transaction.to, transaction.data[:4], bytes([len(words).bit_length()]))
        self._kinds[kind] += 1
        return self._kinds[kind] <= _INTERPRETED

    def call(self, contract: str, address: str, name: str, *args: Any) -> tuple[Any, ...]:
        """Return what a view of one of our contracts gives after the last block."""
        function = interface(contract).functions[name]
        request = Transaction(
            sender=bytes(20),
            to=address_bytes(address),
            data=function.encode(args) if args else function.selector,
            value=0,
            gas=_VIEW_GAS,
            chain_id=self._viewer.settings.chain_id,
            free=True,
        )
        outcome = self._viewer.engine.call(request, self._viewer.environment(self._head.header))
        if outcome.failure:
            raise ValueError(f"{contract}.{name} fails: {outcome.failure}")
        return function.result(outcome.output)

    def code(self, address: str) -> bytes:
        """Return the code at an address after the last block."""
        return self._viewer.engine.code(address_bytes(address))


def _execute(node: Node, block: Block, where: Where) -> None:
    try:
        if block.transaction is None:
            node.mine()
        else:
            node.send(block.transaction.raw)
    except RpcFault as refused:
        raise DoesNotHold(where, f"no chain takes this transaction: {refused}") from refused
    if node.head.number != block.number:
        raise DoesNotHold(where, "no chain takes this transaction yet: an earlier one of its sender is missing")


def _compare(block: Block, made: Block, where: Where) -> None:
    if made.hash != block.hash:
        name, stored, executed = next(_differences(block, made))
        raise DoesNotHold(where, f"{name}: stored is {stored}, execution gives {executed}")


def _differences(block: Block, made: Block) -> Iterator[tuple[str, object, object]]:
    """Yield what differs between a stored block and the one that execution makes, the most telling first."""
    if block.receipt is not None and made.receipt is not None:
        yield from _unequal("status of the transaction", block.receipt.status, made.receipt.status)
        if block.receipt.logs != made.receipt.logs:
            yield "the events", f"{len(block.receipt.logs)} events", f"{len(made.receipt.logs)}, or other content"
        yield from _unequal("gas used", block.receipt.gas_used, made.receipt.gas_used)
    if block.writes != made.writes:
        yield "the state", f"{len(block.writes)} bytes of writes", f"{len(made.writes)}, or other content"
    for name in ("timestamp", "gas_limit", "base_fee", "extra_data"):
        yield from _unequal(name.replace("_", " "), getattr(block.header, name), getattr(made.header, name))
    yield "block hash", f"0x{block.hash.hex()}", f"0x{made.hash.hex()}"


def _unequal(name: str, stored: object, executed: object) -> Iterator[tuple[str, object, object]]:
    if stored != executed:
        yield name, stored, executed


class Views:
    """Compares what the contracts say of themselves with the rules."""

    def __init__(self, machine: Machine, contract: str, alliance: str, token: str) -> None:
        self._machine, self._contract, self._alliance, self._token = machine, contract, alliance, token

    def check_code(self, where: Where, names: dict[str, str]) -> None:
        """Compare the code at our contracts' addresses, by name, with the compiled one."""
        for name, address in names.items():
            at = compiled(name).runtime_differs_at(self._machine.code(address))
            if at is not None:
                raise DoesNotHold(where, f"{name} at {address}: byte {at} of its code is not as compiled")

    def check_task(self, model: TaskModel, now: int, where: Where) -> None:
        """Compare a task's state and members with the rules.

        Raises
        ------
        DoesNotHold
            Naming the first value that differs.
        """
        self._check_state(model, now, where)
        found = self._view(self._contract, "members", where, model.task)
        _need(where, "number of members", len(found), len(model.roster.nodes))
        runs = model.stored_phase is Phase.PROPOSING
        for index, (address, vrf_x, balance, seats, standing, leaving) in enumerate(found):
            node = model.roster.nodes[index]
            _need(where, f"account of member {index}", address.lower(), node.address.lower())
            _need(where, f"VRF key of member {index}", vrf_x, node.vrf_x)
            _need(where, f"balance of member {index} in gwei", balance, model.balances[index])
            _need(where, f"departure of member {index}", leaving, index in model.roster.leaving)
            if runs:
                _need(where, f"seats of member {index}", seats, model.committee.seats[index])
                _need(where, f"standing of member {index}", standing, int(model.committee.standing(index)))
        if model.terms is not None:
            self._check_records(model, where)

    def check_params(self, model: TaskModel, where: Where) -> None:
        """Compare what the task's creator fixed."""
        _need(
            where,
            "parameters of the task",
            read_params(self._view(self._contract, "params", where, model.task)),
            model.params,
        )
        if model.terms is not None:
            terms = read_terms(self._view(self._contract, "candidateTerms", where, model.task))
            _need(where, "terms of judging candidates", terms, model.terms)

    def _check_records(self, model: TaskModel, where: Where) -> None:
        """Compare what a task that judges candidates remembers of members, and of pairs of candidates."""
        found = self._view(self._contract, "records", where, model.task)
        for index, values in enumerate(found):
            record = model.record(index)
            for field, value in zip(fields(Record), values, strict=True):
                name = f"{field.name.replace('_gwei', ' in gwei')} of member {index}"
                _need(where, name, value, getattr(record, field.name))
        prior = model.prior or ()
        told = self._views(self._contract, "prior", where, model.task)
        _need(where, "candidates of the prior", told[0], len(prior) + 1 if prior else 0)
        _need(where, "prior", tuple(told[1]), prior)

    def check_money(self, models: AllianceModel, gifts_wei: int, supply_wei: int, where: Where) -> None:
        """Compare what the contract holds, gifts included, what it owes outside of tasks, and the token's supply."""
        held = self._view(TOKEN, "balanceOf", where, self._alliance)
        _need(where, "FML that the Alliance holds, in wei", held, models.held_gwei * WEI_PER_GWEI + gifts_wei)
        _need(where, "FML in all, in wei", self._view(TOKEN, "totalSupply", where), supply_wei)
        for account, credit in models.credits.items():
            name = f"credit of {account} in gwei"
            _need(where, name, self._view(self._contract, "creditGwei", where, account), credit)

    def check_holder(self, account: str, wei: int, where: Where) -> None:
        """Compare an account's FML with the sum of all transfers."""
        _need(where, f"FML of {account} in wei", self._view(TOKEN, "balanceOf", where, account), wei)

    def _check_state(self, model: TaskModel, now: int, where: Where) -> None:
        phase, ballot = model.phase(now), model.committee.ballot
        since = model.phase_at
        if phase is Phase.COMMITTING:
            since = model.committee.commit_end or 0
        digest = bytes(24)
        if phase is Phase.REVEALING and ballot is not None:
            since, digest = ballot.omit_end, ballot.digest
        needed = {
            "phase": int(phase),
            "round": model.round,
            "second of the phase": since,
            "number of members": len(model.roster.nodes),
            "pool in gwei": model.pool_gwei,
            "queued stakes in gwei": model.roster.queued_gwei,
            "seed": model.seed,
            "ballot": digest,
            "completeness of the list": bool(digest.strip(b"\0")) and ballot is not None and ballot.is_complete,
            "creator": model.creator.lower(),
            "second of the last acceptance": model.accepted_at,
        }
        found = self._view(self._contract, "state", where, model.task)
        for (name, value), given in zip(needed.items(), found, strict=True):
            _need(where, name, given.lower() if isinstance(given, str) else given, value)

    def _view(self, contract: str, name: str, where: Where, *args: Any) -> Any:
        return self._views(contract, name, where, *args)[0]

    def _views(self, contract: str, name: str, where: Where, *args: Any) -> tuple[Any, ...]:
        address = self._token if contract == TOKEN else self._alliance
        try:
            return self._machine.call(contract, address, name, *args)
        except UNREADABLE as failed:
            raise DoesNotHold(where, f"{contract}.{name} gives no answer: {failed}") from failed


def _need(where: Where, name: str, found: object, needed: object) -> None:
    if found != needed:
        raise DoesNotHold(where, f"{name}: the contract says {_shown(found)}, the rules {_shown(needed)}")


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
