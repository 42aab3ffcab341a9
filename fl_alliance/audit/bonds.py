"""Coordinators' bonds by their rules: every call of a contract of bonds, taken again by the reference model.

Such a contract is called by accounts alone, so calldata tells all that happens there, money included.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fl_alliance.audit.events import Event, Transfer
from fl_alliance.audit.facts import BondFacts
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE, Events
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import EVIDENCE
from fl_alliance.chain.evidence import Bond, Posted
from fl_alliance.chain.evidence_model import BondModel, TaskFacts
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.rules.evidence import Kind, Leaf, Place
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes
from fl_alliance.chain.statements import evidence_domain
from fl_alliance.chain.types import Phase

_LIES = {
    "proveTwoTranscripts": "two transcripts",
    "proveForgedLeaf": "forged leaf",
    "proveOmission": "omission",
    "proveWrongModel": "wrong model",
}


class Bonds:
    """One contract of bonds, from its creation on.

    Parameters
    ----------
    models : AllianceModel
        The Alliance that it is bound to, as its steps have made it so far.
    address : str
        Where the contract is.
    """

    def __init__(self, models: AllianceModel, address: str) -> None:
        self._models, self.address = models, address
        self._domain = evidence_domain(models.domain.chain_id, address)
        self._bonds: dict[int, BondModel] = {}
        self._roots: dict[int, dict[int, bytes]] = {}
        self._lies: dict[int, str] = {}

    def take(self, block: Block, sender: str, data: bytes, where: Where) -> tuple[Transfer, ...]:
        """Take a call that the chain took; return the transfers that it must have made.

        Raises
        ------
        DoesNotHold
            The rules refuse it, or it left other events.
        """
        function = interface(EVIDENCE).by_selector.get(data[:4])
        if function is None or function.is_view:
            return ()
        here = where.at_step(function.name)
        try:
            task, *args = function.decode(data)
            event, transfers = self._taken(function.name, task, args, sender, block.timestamp)
        except UNREADABLE as refusal:
            raise DoesNotHold(here, f"the chain took this call, the rules refuse it: {refusal}") from refusal
        events = Events(block, EVIDENCE, address_bytes(self.address))
        events.need([event], here)
        events.need_no_more(here)
        return transfers

    def told(self) -> Mapping[int, BondFacts]:
        """Return every bond, by task."""
        return {
            task: BondFacts(self.address, model.bond, self._roots.get(task, {}), self._lies.get(task, ""))
            for task, model in self._bonds.items()
        }

    def values(self) -> Mapping[int, tuple[Any, ...]]:
        """Return what the contract's view must give of every bond, by task."""
        return {task: _values(model.bond) for task, model in self._bonds.items()}

    def _taken(
        self, name: str, task: int, args: Sequence[Any], sender: str, now: int
    ) -> tuple[Event, tuple[Transfer, ...]]:
        model, facts = self._model(task), self._facts(task)
        if name in _LIES:
            return self._convicted(name, task, args, sender)
        match name:
            case "open":
                model.open(facts, sender, *args)
                event = {"coordinator": sender, "bondWei": args[0], "windowS": args[1]}
                return ("BondOpened", {"task": task, **event}), ((sender, self.address, args[0]),)
            case "post":
                first, roots = args[0], tuple(args[1])
                model.post(facts, sender, first, roots)
                self._roots.setdefault(task, {}).update(enumerate(roots, first))
                batch = len(model.batches) - 1
                event = {"batch": batch, "first": first, "last": model.bond.posted, "digest": model.batches[batch]}
                return ("TranscriptsPosted", {"task": task, **event}), ()
            case "close":
                model.close(facts, sender, args[0], now)
                return ("BondClosed", {"task": task, "model": args[0], "releaseAt": now + model.bond.window_s}), ()
            case "release":
                wei, coordinator = model.release(now), model.bond.coordinator
                event = {"task": task, "coordinator": coordinator, "bondWei": wei}
                return ("BondReleased", event), ((self.address, coordinator, wei),)
        raise ValueError(f"{name} is no call of a contract of bonds")

    def _convicted(self, name: str, task: int, args: Sequence[Any], accuser: str) -> tuple[Event, tuple[Transfer, ...]]:
        model, lie = self._model(task), _LIES[name]
        reward = self._prove(name, model, _posted(args[0]), args[1:])
        burned = model.bond.bond_wei - reward
        self._lies[task] = lie
        told = {"accuser": accuser, "lie": lie.encode().ljust(32, b"\0"), "rewardWei": reward, "burnedWei": burned}
        moved = ((self.address, accuser, reward), (self.address, ZERO_ADDRESS, burned))
        return ("LieProven", {"task": task, **told}), moved

    def _prove(self, name: str, model: BondModel, posted: Posted, args: Sequence[Any]) -> int:
        if name == "proveTwoTranscripts":
            return model.prove_two_transcripts(posted, args[0], args[1] + args[2])
        place, path, leaf = _shown(args[0], args[1])
        if name == "proveForgedLeaf":
            return model.prove_forged_leaf(self._facts(model.task), posted, place, path, leaf)
        if name == "proveOmission":
            return model.prove_omission(posted, place, path, leaf, args[2], args[3] + args[4])
        return model.prove_wrong_model(posted, place, path, leaf)

    def _model(self, task: int) -> BondModel:
        return self._bonds.setdefault(task, BondModel(self._domain, self._models.domain, task))

    def _facts(self, task: int) -> TaskFacts:
        model = self._models.task(task)
        finished = model.stored_phase is Phase.FINISHED
        nodes = tuple(node.address for node in model.roster.nodes)
        return TaskFacts(model.params.relayer, model.params.rounds, model.round, finished, nodes)


def _posted(words: Sequence[Any]) -> Posted:
    batch, first, roots, number = words
    return Posted(batch, first, tuple(roots), number)


def _shown(place: Sequence[Any], leaf: Sequence[bytes]) -> tuple[Place, list[bytes], Leaf]:
    kind, member, path = place
    motion, value, r, vs = leaf
    return (Kind(kind), member), list(path), Leaf(value, motion, r + vs)


def _values(bond: Bond) -> tuple[Any, ...]:
    return (
        bond.coordinator.lower(),
        int(bond.status),
        bond.window_s,
        bond.posted,
        bond.batches,
        bond.closed_at,
        bond.bond_wei,
        bond.model,
    )
