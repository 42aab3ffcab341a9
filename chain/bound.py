"""One contract at one address: as anybody reads it, and as one account calls it."""

from typing import Any

from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Receipt, Sender


class ContractReader:
    """A contract of this package at an address, to be read without an account.

    Parameters
    ----------
    rpc : Rpc
        Its chain.
    artifact : str
        The contract's name among the artifacts.
    address : str
        Where it is; a clone's is the clone's.
    """

    def __init__(self, rpc: Rpc, artifact: str, address: str) -> None:
        self.rpc, self.artifact = rpc, artifact
        self.address = checksum(address)

    def encode(self, name: str, *args: Any) -> bytes:
        """Return the calldata of a call, structs as tuples."""
        return interface(self.artifact).functions[name].encode(args)

    def read(self, name: str, *args: Any) -> Any:
        """Return what a view gives: one value as it is, several as a tuple.

        Raises
        ------
        Refused
            The contract refused: the subclass and its values say why.
        """
        request = {"to": self.address, "data": "0x" + self.encode(name, *args).hex()}
        try:
            found = self.rpc.bytes("eth_call", request, "latest")
        except RequestRefused as refusal:
            if not refusal.data:
                raise
            raise explained(TransactionReverted(name, refusal.reason, refusal.data), name) from refusal
        values = interface(self.artifact).functions[name].result(found)
        return values[0] if len(values) == 1 else values

    def events(self, receipt: Receipt, name: str) -> list[dict[str, Any]]:
        """Return this contract's events of one name in a receipt, their fields by their ABI names."""
        known = interface(self.artifact).events
        mine = [log for log in receipt.logs if log.address == self.address and log.topics[0] in known]
        found = [(known[log.topics[0]], log) for log in mine]
        return [event.values(log.topics, log.data) for event, log in found if event.name == name]


class BoundContract(ContractReader):
    """A contract of this package at an address, as one account calls it.

    Parameters
    ----------
    sender : Sender
        The account that calls, and its chain.
    artifact, address : str
        As for `ContractReader`.
    """

    def __init__(self, sender: Sender, artifact: str, address: str) -> None:
        super().__init__(sender.rpc, artifact, address)
        self.sender = sender

    def send(self, gas: int, name: str, *args: Any) -> Receipt:
        """Call in a transaction of at most `gas`, and return its receipt.

        Raises
        ------
        Refused
            The contract refused: the subclass and its values say why.
        TransactionError
            The transaction failed otherwise.
        """
        try:
            return self.sender.send(self.address, self.encode(name, *args), gas, name)
        except TransactionReverted as reverted:
            raise explained(reverted, name) from reverted

    def require(self, name: str, *args: Any) -> None:
        """Make the same call without a transaction; raises what the contract would refuse it with now, as `send`."""
        request = {"from": self.sender.address, "to": self.address, "data": "0x" + self.encode(name, *args).hex()}
        try:
            self.rpc.bytes("eth_call", request, "latest")
        except RequestRefused as refusal:
            raise explained(TransactionReverted(name, refusal.reason, refusal.data), name) from None
