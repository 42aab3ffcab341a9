"""FML on a chain, as whoever holds it uses it."""

from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.gas import TOKEN_CALL
from fl_alliance.chain.sender import Receipt, Sender

ARTIFACT = "FML"


class Fml:
    """One account's access to the token.

    Parameters
    ----------
    sender : Sender
        Whose FML it is, and who pays for what it sends.
    address : str
        Where the token is.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        self._contract = BoundContract(sender, ARTIFACT, address)
        self.address, self.me = self._contract.address, sender.address

    def transfer(self, account: str, amount_wei: int) -> Receipt:
        """Send `amount_wei` to an account; raises `ERC20InsufficientBalance`, `ERC20InvalidReceiver`."""
        return self._contract.send(TOKEN_CALL, "transfer", account, amount_wei)

    def approve(self, spender: str, amount_wei: int) -> Receipt:
        """Let `spender` take `amount_wei` in all from now on, instead of what it could before."""
        return self._contract.send(TOKEN_CALL, "approve", spender, amount_wei)

    def allow(self, spender: str, amount_wei: int) -> None:
        """Make sure that `spender` can take `amount_wei`: nothing is sent where it can already, else exactly that."""
        if self.allowance_wei(spender) < amount_wei:
            self.approve(spender, amount_wei)

    def balance_wei(self, account: str | None = None) -> int:
        """Return what an account holds, in wei; one's own unless another is named."""
        return int(self._contract.read("balanceOf", account or self.me))

    def allowance_wei(self, spender: str) -> int:
        """Return what `spender` can take of one's own, in wei."""
        return int(self._contract.read("allowance", self.me, spender))

    @property
    def total_supply_wei(self) -> int:
        """All FML there is, in wei."""
        return int(self._contract.read("totalSupply"))
