"""What a proposal's calls do, in plain words, read from their bytes and never from what its author says."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Call
from fl_alliance.chain.deploy import BRAKE, DAO, DOCUMENTS, EMISSION, GAUGES, MODELS, TREASURY, Deployment
from fl_alliance.chain.errors import DataUnreadable, RequestRefused
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import keccak
from fl_alliance.governance.parameters import PARAMETERS, Parameter, exact_fml

ALARM = "!! "
"""Begins the line of a call that nobody can read, or that gives power away."""
_PREMISE = "requireAnswer"
_POWERS = (
    *("grantRole", "revokeRole", "setBrake", "updateTimelock", "relay"),
    *("schedule", "scheduleBatch", "execute", "executeBatch"),
)
_MOVES = ("transfer", "approve", "permit")
"""What functions begin with that hand tokens on, which the treasury's `spend` does in the open."""
_MULTICALL, _DEEPEST = "multicall", 3


class Decoder:
    """Tells what calls do.

    Parameters
    ----------
    rpc : Rpc
        The chain, from which values are read as they are now.
    deployment : Deployment
        The contracts that are known.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc, self._deployment = rpc, deployment
        self._names = {contract.address: name for name, contract in deployment.contracts.items()}

    def words(self, call: Call) -> str:
        """Return what a call does, in one line; one that begins with `ALARM` needs a second look."""
        coin = f", and sends it {call.value_wei} wei of the chain's coin" if call.value_wei else ""
        return self._words(call, 0) + coin

    def _words(self, call: Call, depth: int) -> str:
        name = self._names.get(call.target)
        if name is None:
            return f"{ALARM}calls {call.target}, which is none of this system's contracts, with 0x{call.data.hex()}"
        function = interface(name).by_selector.get(call.data[:4])
        if function is None:
            return f"{ALARM}calls {name} with bytes that none of its functions takes: 0x{call.data.hex()}"
        try:
            arguments = function.decode(call.data)
        except Exception:  # a stranger's bytes
            return f"{ALARM}calls {name}.{function.name} with bytes that cannot be read: 0x{call.data.hex()}"
        if function.name == _MULTICALL:
            return self._together(call, arguments[0], depth)
        known = _KNOWN.get((name, function.name))
        if known is not None:
            return known(self, arguments)
        if settable := [found for found in PARAMETERS.items() if _is_set_by(found[1], name, function.name)]:
            return self._setting(settable, arguments)
        alarm = ALARM if function.name in _POWERS or function.name.startswith(_MOVES) else ""
        return f"{alarm}calls {name}.{function.name}({', '.join(map(_plain, arguments))})"

    def _together(self, call: Call, inner: tuple[bytes, ...], depth: int) -> str:
        """Return what calls do that one call of a contract makes of itself: any of them can be what needs a look."""
        if depth == _DEEPEST:
            return f"{ALARM}calls {self._names[call.target]} with calls in calls in calls: 0x{call.data.hex()}"
        parts = [self._words(Call(call.target, data), depth + 1) for data in inner]
        alarm = ALARM if any(part.startswith(ALARM) for part in parts) else ""
        return alarm + ", and ".join(part.removeprefix(ALARM) for part in parts)

    def _setting(self, settable: list[tuple[str, Parameter]], arguments: tuple[Any, ...]) -> str:
        contract = settable[0][1].contract
        reader = ContractReader(self._rpc, contract, self._deployment.address(contract))
        values = arguments[0] if isinstance(arguments[0], tuple) else arguments
        parts, same = [], []
        for (name, known), value in zip(settable, values, strict=True):
            now = known.read(reader)
            given = checksum(value) if isinstance(value, str) else value
            current = checksum(now) if isinstance(now, str) else now
            if given != current:
                parts.append(f"sets {name} to {known.tell(given)} (now {known.tell(current)})")
            same.append(f"{name} to {known.tell(given)}")
        return ", ".join(parts) or f"sets {', '.join(same)}, as it is now"

    def changed(self, calls: Iterable[Call]) -> list[str]:
        """Return what calls take for granted and is no longer so: they will not be made."""
        premise = interface(DAO).functions[_PREMISE]
        asked = [call for call in calls if self._names.get(call.target) == DAO and call.data[:4] == premise.selector]
        return [found for call in asked if (found := self._changed(call)) is not None]

    def answer(self, target: str, question: bytes) -> str:
        """Return in words what a view answers, with the parameters that it tells."""
        name = self._names.get(checksum(target))
        function = interface(name).by_selector.get(question[:4]) if name is not None else None
        if name is None or function is None:
            return f"what {target} answers to 0x{question.hex()}"
        told = [each for each, known in PARAMETERS.items() if known.is_told_by(name, function.name)]
        return f"{name}.{function.name}" + (f" ({', '.join(told)})" if told else "")

    def _changed(self, call: Call) -> str | None:
        try:
            target, question, answer = interface(DAO).functions[_PREMISE].decode(call.data)
            found = self._rpc.bytes("eth_call", {"to": checksum(target), "data": "0x" + question.hex()}, "latest")
        except DataUnreadable:
            return "a condition that cannot be read"
        except RequestRefused:
            return self.answer(target, question)
        return None if keccak(found) == answer else self.answer(target, question)

    def task(self, source: str, task: int) -> str:
        """Return a task by the name of its source."""
        address = checksum(source)
        return f"task {task} of {self._names.get(address, f'{address}, none of the contracts of this system')}"

    def named(self, account: str) -> str:
        """Return an account, with the name of the contract that is there."""
        address = checksum(account)
        return f"{self._names[address]} at {address}" if address in self._names else address

    def spent(self, token: str, to: str, amount_wei: int) -> str:
        """Return a payment from the treasury."""
        is_fml = checksum(token) == checksum(self._deployment.fml)
        held = ContractReader(self._rpc, "FML", self._deployment.fml).read(
            "balanceOf", self._deployment.address(TREASURY)
        )
        what = exact_fml(amount_wei) if is_fml else f"{amount_wei} of the token {checksum(token)}"
        holds = f"; it holds {fml(held)}" + (", which is too little now" if held < amount_wei else "") if is_fml else ""
        return f"pays {what} from the treasury to {self.named(to)}{holds}"


def _is_set_by(known: Parameter, contract: str, function: str) -> bool:
    return (known.contract, known.setter) == (contract, function)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return f"({', '.join(map(_plain, value))})" if isinstance(value, tuple) else str(value)


_KNOWN: Mapping[tuple[str, str], Callable[[Decoder, tuple[Any, ...]], str]] = {
    (EMISSION, "verify"): lambda decoder, of: f"has the emission pay {decoder.task(*of)}",
    (EMISSION, "unverify"): lambda decoder, of: f"has the emission pay {decoder.task(*of)} no more",
    (TREASURY, "spend"): lambda decoder, of: decoder.spent(*of),
    (MODELS, "expel"): lambda decoder, of: f"closes model {of[0]} and burns its host's stake",
    (DOCUMENTS, "remove"): lambda decoder, of: f"takes document {of[0]} out of its model's knowledge base",
    (GAUGES, "withdraw"): lambda decoder, of: (
        f"takes {exact_fml(of[1])} of the gauges' budget to {decoder.named(of[0])}"
    ),
    (DAO, _PREMISE): lambda decoder, of: f"does the rest only if {decoder.answer(*of[:2])} is as when it was proposed",
    (BRAKE, "resume"): lambda decoder, of: "ends the pause, if there is one",
}
