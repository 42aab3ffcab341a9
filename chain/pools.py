"""A delegation pool on a chain, as a delegator uses it; the contract's interface says the rest."""

from dataclasses import dataclass

from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.sender import Receipt, Sender

ARTIFACT = "DelegationPool"
_GAS = 500_000  # the market and the emission hear of it in the same transaction


@dataclass(frozen=True, slots=True)
class Redemption:
    """Shares that may be redeemed from second `from_at` until before `until_at`; all 0 where none are requested."""

    shares: int
    from_at: int
    until_at: int


class DelegationPool:
    """One delegator's access to a pool.

    Parameters
    ----------
    sender : Sender
        The delegator, who pays for what it sends.
    address : str
        The pool's address, which the market tells.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        self._pool = BoundContract(sender, ARTIFACT, address)
        self._fml = BoundContract(sender, "FML", self._pool.read("asset"))
        self.address, self.me = address, sender.address

    # what is sent

    def deposit(self, amount_wei: int) -> int:
        """Delegate `amount_wei`, with the allowance it takes, and return the shares bought.

        Raises
        ------
        ERC4626ExceededMaxDeposit
            The task has ended, or slashes left next to nothing of a share.
        NoShares, ERC20InsufficientBalance
        """
        self._fml.send(_GAS, "approve", self.address, amount_wei)
        receipt = self._pool.send(_GAS, "deposit", amount_wei, self.me)
        return int(self._pool.events(receipt, "Deposit")[0]["shares"])

    def request_redeem(self, shares: int) -> Redemption:
        """Ask to redeem `shares` in all, 0 to take it back, and return when that can be; raises `TooManyShares`."""
        self._pool.send(_GAS, "requestRedeem", shares)
        return self.redemption()

    def redeem(self) -> int:
        """Redeem all that may be redeemed now and return what came, in wei; nothing is sent where that is nothing."""
        shares = self._pool.read("maxRedeem", self.me)
        if shares == 0:
            return 0
        receipt = self._pool.send(_GAS, "redeem", shares, self.me, self.me)
        return int(self._pool.events(receipt, "Withdraw")[0]["assets"])

    def set_sigma(self, sigma_bps: int) -> Receipt:
        """Set the delegate's part, of 10,000; only the delegate.

        Raises
        ------
        NotAllowed, SigmaFrozen, BadParameter
        """
        return self._pool.send(_GAS, "setSigma", sigma_bps)

    # what is read

    @property
    def assets_wei(self) -> int:
        """What all delegators of this pool have together."""
        return int(self._pool.read("totalAssets"))

    @property
    def sigma_bps(self) -> int:
        """The delegate's part now, of 10,000."""
        return int(self._pool.read("sigmaBps"))

    @property
    def shares(self) -> int:
        """The delegator's shares."""
        return int(self._pool.read("balanceOf", self.me))

    @property
    def worth_wei(self) -> int:
        """What these would be redeemed for now."""
        return int(self._pool.read("convertToAssets", self.shares))

    def redemption(self) -> Redemption:
        """Return what the delegator has requested."""
        return Redemption(*self._pool.read("requestOf", self.me))
