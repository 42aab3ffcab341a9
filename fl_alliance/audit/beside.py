"""Contracts beside the Alliance whose rules are known: coordinators' bonds, and consortiums of sites."""

from collections.abc import Mapping

from fl_alliance.audit.bonds import Bonds
from fl_alliance.audit.consortium import ConsortiumBook
from fl_alliance.audit.contracts import compiled, created_address
from fl_alliance.audit.events import Transfer
from fl_alliance.audit.facts import Approval, BondFacts
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.audit.state import Machine
from fl_alliance.chain.deploy import EVIDENCE, SITES
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.transaction import Transaction
from fl_alliance.chain.replay import TaskModel


class Beside:
    """All of them on one chain, by the bytes of their addresses."""

    def __init__(self, chain_id: int) -> None:
        self._chain_id = chain_id
        self._bonds: dict[bytes, Bonds] = {}
        self._consortiums: dict[bytes, ConsortiumBook] = {}
        self._approvals: dict[int, Mapping[str, Approval]] = {}

    def created(self, name: str, transaction: Transaction, models: AllianceModel | None, where: Where) -> None:
        """Begin to follow a contract that was just created, if it is one of these."""
        address = created_address(transaction)
        if name == EVIDENCE and models is not None:
            self._bonds[address] = Bonds(models, checksummed(address))
        if name == SITES:
            args = compiled(SITES).args(transaction.data)
            try:
                self._consortiums[address] = ConsortiumBook(self._chain_id, checksummed(address), args)
            except UNREADABLE as broken:
                raise DoesNotHold(where, f"the rules make no consortium of this: {broken}") from broken

    def take(self, block: Block, transaction: Transaction, where: Where) -> tuple[Transfer, ...] | None:
        """Take a successful call of one of them; return the transfers that it must have made, None of another."""
        known = self._bonds.get(transaction.to) or self._consortiums.get(transaction.to)
        if known is None:
            return None
        return known.take(block, checksummed(transaction.sender), transaction.data, where)

    def follow(self, block: Block, where: Where) -> None:
        """Take what contracts did to a consortium in a transaction to another contract."""
        for book in self._consortiums.values():
            book.follow(block, where)

    def begun(self, model: TaskModel) -> None:
        """Note who had approved a task's bundle as it started."""
        bundle = (model.params.code_digest, model.params.config_digest)
        self._approvals[model.task] = {book.address: book.approval(*bundle) for book in self._consortiums.values()}

    def check(self, machine: Machine, where: Where) -> None:
        """Compare what the contracts say in the end with what the rules made of them; raises `DoesNotHold`."""
        for bonds in self._bonds.values():
            for task, needed in bonds.values().items():
                found = machine.call(EVIDENCE, bonds.address, "bond", task)[0]
                if (str(found[0]).lower(), *found[1:]) != needed:
                    raise DoesNotHold(where, f"bond of task {task}: the contract says {found}, the rules {needed}")
        for book in self._consortiums.values():
            members = [checksum(one) for one in machine.call(SITES, book.address, "members")[0]]
            said = (members, machine.call(SITES, book.address, "threshold")[0])
            if said != (book.model.members, book.model.threshold):
                ruled = f"{book.model.members}, {book.model.threshold}"
                raise DoesNotHold(where, f"consortium {book.address}: the contract says {said}, the rules {ruled}")

    @property
    def bonds(self) -> Mapping[int, tuple[BondFacts, ...]]:
        """Every bond behind a task, by task."""
        found: dict[int, tuple[BondFacts, ...]] = {}
        for bonds in self._bonds.values():
            for task, facts in bonds.told().items():
                found[task] = (*found.get(task, ()), facts)
        return found

    @property
    def anchors(self) -> Mapping[str, Mapping[str, tuple[bytes, int]]]:
        """The heads of sites' logs and their lengths, by consortium and site."""
        return {book.address: book.anchors for book in self._consortiums.values()}

    @property
    def approvals(self) -> Mapping[int, Mapping[str, Approval]]:
        """Who had approved each task's bundle as it started: by task and consortium."""
        return self._approvals
