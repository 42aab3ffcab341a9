"""Typed actions of a proposal, as a person names them, and the calls that they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import Call
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    BRAKE,
    DAO,
    DOCUMENTS,
    EMISSION,
    GAUGES,
    MODELS,
    TREASURY,
    Deployment,
)
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.gauges import Choice
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.words import keccak
from fl_alliance.governance.errors import ActionRefused
from fl_alliance.governance.parameters import PARAMETERS, parameter
from fl_alliance.governance.rehearsal import Rehearsal
from fl_alliance.market.config import wei
from fl_alliance.market.errors import MarketError
from fl_alliance.market.parties import address_of

_SOURCES = {"arena": ARENA, "alliance": ALLIANCE_MARKET}


class Actions:
    """Makes the calls of a proposal over one market.

    Parameters
    ----------
    rpc : Rpc
        Its chain, from which the other fields of what is set together are read.
    deployment : Deployment
        Its contracts.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc, self._deployment = rpc, deployment

    def set(self, words: Iterable[str]) -> list[Call]:
        """Return the calls that set parameters, given as NAME=VALUE; raises `ActionRefused`.

        What one function sets together is set by one call, behind the premise that the terms which nobody names are
        still what they are now: it writes them back.
        """
        chosen: dict[str, Any] = {}
        for word in words:
            name, equals, text = word.partition("=")
            if not equals:
                raise ActionRefused(f"--set {word}: needs NAME=VALUE")
            if name in chosen:
                raise ActionRefused(f"--set {word}: {name} is set twice")
            chosen[name] = self._value(name, text)
        rehearsal, setters = Rehearsal(self._rpc, self._deployment), groupby(sorted(chosen, key=_place), _setter)
        return [call for _, names in setters for call in self._set({name: chosen[name] for name in names}, rehearsal)]

    def verify(self, tasks: Iterable[str], *, is_verified: bool) -> list[Call]:
        """Return the calls that have the emission pay tasks, given as arena:1 or alliance:1, or pay them no more."""
        option = "--verify" if is_verified else "--unverify"
        function = option.removeprefix("--")
        return [
            self._possible(f"{option} {task}", EMISSION, function, *self._task(task, option))
            for task in _once(tasks, option)
        ]

    def spend(self, payments: Iterable[Sequence[str]]) -> list[Call]:
        """Return the calls that pay FML from the treasury, given as pairs of an account, or `gauges`, and an amount."""
        calls = []
        for account, amount in payments:
            amount_wei = wei(amount, "--spend")
            if not amount_wei:
                raise ActionRefused(f"--spend {account} {amount}: needs more than 0 FML")
            given, payment = f"--spend {account} {amount}", (self._deployment.fml, self._payee(account), amount_wei)
            calls.append(self._possible(given, TREASURY, "spend", *payment))
        return calls

    def expel(self, models: Iterable[str]) -> list[Call]:
        """Return the calls that close listings whose hosts deceive, and burn their stakes, given by their numbers."""
        option = "--expel"
        return [
            self._possible(f"{option} {model}", MODELS, "expel", _number(model, option, "a model's"))
            for model in _once(models, option)
        ]

    def remove(self, documents: Iterable[str]) -> list[Call]:
        """Return the calls that take accepted documents out of models' knowledge bases, given by their numbers."""
        option = "--remove"
        return [
            self._possible(f"{option} {each}", DOCUMENTS, "remove", _number(each, option, "a document's"))
            for each in _once(documents, option)
        ]

    def choice(self, gauge: str, percent: str) -> Choice:
        """Return a part of a ballot, given as a gauge and percent of a voter's votes; raises `ActionRefused`."""
        try:
            bps = round(float(percent) * 100)
        except (ValueError, OverflowError):
            bps = 0
        if not 1 <= bps <= BPS:
            raise ActionRefused(f"--give {gauge} {percent}: needs percent of your votes, 0.01 to 100")
        return Choice(*self._gauge(gauge), bps)

    def _gauge(self, text: str) -> tuple[str, int]:
        found = re.fullmatch("(arena|alliance|model):([1-9][0-9]{0,8})", text)
        if found is None:
            raise ActionRefused(f"--give {text}: needs a task or model, such as arena:1, alliance:1 or model:1")
        return self._reader((_SOURCES | {"model": MODELS})[found[1]]).address, int(found[2])

    def resume(self) -> Call:
        """Return the call that ends a pause."""
        return self._call(BRAKE, "resume")

    def _value(self, name: str, text: str) -> Any:
        known = parameter(name)
        reader = self._reader(known.contract)
        try:
            value = known.parse(text)
        except (ValueError, MarketError) as error:
            raise ActionRefused(f"--set {name}={text}: {error}; it is {known.about}") from None
        if value == known.read(reader):
            raise ActionRefused(f"--set {name}={text}: that it is already")
        return value

    def _set(self, chosen: Mapping[str, Any], rehearsal: Rehearsal) -> list[Call]:
        """Return the calls that set parameters of one setter."""
        parameters = {parameter(name): value for name, value in chosen.items()}
        first = next(iter(parameters))
        reader = self._reader(first.contract)
        premises: tuple[str, ...] = ()
        arguments: tuple[Any, ...] = (parameters[first],)
        if first.terms is not None:
            values = first.terms.read(reader)
            for known, value in parameters.items():
                values[known.field] = value
            if len(parameters) < len(values):
                premises = first.terms.premises([known.field for known in parameters])
            arguments = first.terms.arguments(values)
        try:
            call = Call(reader.address, reader.encode(first.setter, *arguments))
        except Exception as error:  # the encoder's own errors have no common root
            about = "; ".join(f"{name} is {parameter(name).about}" for name in chosen)
            raise ActionRefused(f"--set {', '.join(chosen)}: {error}; {about}") from None
        rehearsal.require(call, f"--set {', '.join(chosen)}")
        return [*(self._premise(reader, view) for view in premises), call]

    def _premise(self, reader: ContractReader, view: str) -> Call:
        question = reader.encode(view)
        answer = self._rpc.bytes("eth_call", {"to": reader.address, "data": "0x" + question.hex()}, "latest")
        return self._call(DAO, "requireAnswer", reader.address, question, keccak(answer))

    def _payee(self, account: str) -> str:
        return self._reader(GAUGES).address if account == "gauges" else address_of(account)

    def _task(self, text: str, option: str) -> tuple[str, int]:
        found = re.fullmatch("(arena|alliance):([1-9][0-9]{0,8})", text)
        if found is None:
            raise ActionRefused(f"{option} {text}: needs a task, such as arena:1 or alliance:1")
        source, task = self._reader(_SOURCES[found[1]]).address, int(found[2])
        # The emission would take a number that nobody has yet, and pay whoever comes to it.
        contract = ARENA if found[1] == "arena" else self._deployment.contract
        if task > (count := self._reader(contract).read("taskCount")):
            raise ActionRefused(f"{option} {text}: no such task; there are {count}")
        return source, task

    def _possible(self, given: str, contract: str, function: str, *args: object) -> Call:
        """Return a call of a contract; raises `ActionRefused` where the contract would refuse it now."""
        call = self._call(contract, function, *args)
        Rehearsal(self._rpc, self._deployment).require(call, given)
        return call

    def _call(self, contract: str, function: str, *args: object) -> Call:
        reader = self._reader(contract)
        return Call(reader.address, reader.encode(function, *args))

    def _reader(self, contract: str) -> ContractReader:
        try:
            return ContractReader(self._rpc, contract, self._deployment.address(contract))
        except ContractMissing as missing:
            raise ActionRefused(str(missing)) from None


def _number(text: str, option: str, whose: str) -> int:
    if re.fullmatch("[1-9][0-9]{0,8}", text) is None:
        raise ActionRefused(f"{option} {text}: needs {whose} number, such as 1")
    return int(text)


def _once(given: Iterable[str], option: str) -> list[str]:
    """Return what an option was given; raises `ActionRefused` where one comes twice: the second would be refused."""
    found = list(given)
    for each in found:
        if found.count(each) > 1:
            raise ActionRefused(f"{option} {each}: given twice, needed once")
    return found


def _setter(name: str) -> tuple[str, str]:
    known = parameter(name)
    return known.contract, known.setter


def _place(name: str) -> tuple[str, int]:
    """Return where a parameter's call stands: a meeting's length before its extension, which is that at most."""
    return parameter(name).contract, [*PARAMETERS].index(name)
