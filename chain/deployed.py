"""A contract of a deployment: as anybody reads it, and as one account uses it. Each client names its artifact."""

from typing import ClassVar

from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.deploy import TOKEN, Deployment
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender


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
