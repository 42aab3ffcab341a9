"""A contract of a deployment: as anybody reads it, and as one account uses it. Each client names its artifact."""

from collections.abc import Iterator
from typing import Any, ClassVar

from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import TOKEN, Deployment
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender, read_log


class DeployedView:
    """The contract, to be read without an account.

    Parameters
    ----------
    rpc, deployment : Rpc, Deployment
        Its chain and where it is; raises `ContractMissing` where it is not.
    """

    ARTIFACT: ClassVar[str]

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self.rpc, self._reader = rpc, ContractReader(rpc, self.ARTIFACT, deployment.address(self.ARTIFACT))
        self.address = self._reader.address

    def _told(self, event: str, first: int) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield the fields of each event of a name from block `first` on, with its block, in the chain's order."""
        known = interface(self.ARTIFACT).event(event)
        asked = {"address": self.address, "topics": ["0x" + known.topic.hex()]}
        for entry in self.rpc("eth_getLogs", asked | {"fromBlock": hex(first), "toBlock": "latest"}):
            log = read_log(entry)
            yield known.values(log.topics, log.data), int(entry["blockNumber"], 16)


class DeployedClient(DeployedView):
    """The contract as one account uses it, and the token that it is paid with; to be put before a view.

    Parameters
    ----------
    sender, deployment : Sender, Deployment
        The account, which pays for what it sends.
    """

    def __init__(self, sender: Sender, deployment: Deployment) -> None:
        super().__init__(sender.rpc, deployment)
        self._bound = BoundContract(sender, self.ARTIFACT, self.address)
        self._fml = BoundContract(sender, TOKEN, deployment.fml)
