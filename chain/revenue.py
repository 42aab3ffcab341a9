"""What models earn, on a chain: accounts of callers, vouchers, tills, and the split; `Revenue.sol` says the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fl_alliance.chain.call_vouchers import SignedVoucher, TillPayment, revenue_domain
from fl_alliance.chain.deploy import REVENUE, Deployment
from fl_alliance.chain.deployed import DeployedClient, DeployedView
from fl_alliance.chain.messages import Domain, checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.revenue import Parts, Split
from fl_alliance.chain.sender import Receipt

_GAS = 300_000
_CLAIM_GAS, _VOUCHER_GAS = 200_000, 220_000
_HOLD_GAS, _EACH_HOLD_GAS = 700_000, 60_000
MOST_HOLDS = 64
"""Of one transaction; the contract takes no more."""


@dataclass(frozen=True, slots=True)
class CallerAccount:
    """A caller's balance, in wei, and the second from which it can take it; 0: it has not asked."""

    balance_wei: int
    leaves_at: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A payment that is held for a call, in wei, and the second from which anybody gives it back; zeros: none is."""

    value_wei: int
    free_at: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment for a model's calls as the chain has split it.

    Attributes
    ----------
    model : int
    payer : str
        Zeros where it came out of the till, which does not know.
    parts : Parts
    calls : int
        That a voucher told of.
    block : int
    """

    model: int
    payer: str
    parts: Parts
    calls: int
    block: int

    @property
    def amount_wei(self) -> int:
        """All of it."""
        return self.parts.host_wei + self.parts.contributors_wei + self.parts.burned_wei


class RevenueView(DeployedView):
    """The revenue contract, to be read without an account."""

    ARTIFACT = REVENUE

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        super().__init__(rpc, deployment)
        self.domain: Domain = revenue_domain(deployment.chain_id, self.address)

    def split(self) -> Split:
        """Return how payments are split now."""
        return Split(*self._reader.read("split"))

    def account(self, payer: str) -> CallerAccount:
        """Return a caller's account."""
        return CallerAccount(*self._reader.read("accountOf", payer))

    def paid_wei(self, model: int, payer: str) -> int:
        """Return what a caller has paid for a model's calls by vouchers, in all: the next is worth what is above."""
        return int(self._reader.read("paidWei", model, payer))

    def spent_wei(self, model: int, payer: str) -> int:
        """Return what a caller has paid for a model's calls by vouchers and by settled authorizations, in all."""
        return int(self._reader.read("spentWei", model, payer))

    def hold_of(self, model: int, payer: str, nonce: bytes) -> Hold:
        """Return what is held of a payer's payment by its nonce."""
        return Hold(*self._reader.read("holdOf", model, payer, nonce))

    def earned(self, model: int) -> tuple[int, int]:
        """Return what a model was paid in all, in wei, and how many calls its vouchers tell."""
        earned_wei, calls = self._reader.read("earnedBy", model)
        return int(earned_wei), int(calls)

    def payments(self, first: int) -> list[Payment]:
        """Return all payments from block `first` on, in the chain's order."""
        found = []
        for values, block in self._told("Paid", first):
            parts = Parts(values["hostWei"], values["contributorsWei"], values["burnedWei"])
            found.append(Payment(values["model"], checksum(values["payer"]), parts, values["calls"], block))
        return found

    def given_back(self, first: int) -> list[int]:
        """Return the models of held payments that were given back from block `first` on, one for each."""
        return [int(values["model"]) for values, _ in self._told("GivenBack", first)]

    def till(self, model: int) -> str:
        """Return where a call of a model can be paid to; raises `UnknownModel`."""
        return checksum(self._reader.read("tillOf", model))


class Revenue(DeployedClient, RevenueView):
    """The same as one account uses it, a caller or a host."""

    def deposit(self, amount_wei: int) -> Receipt:
        """Put FML into one's account, with the allowance; raises `BadParameter`, `ERC20InsufficientBalance`."""
        self._fml.send(_GAS, "approve", self.address, amount_wei)
        return self._bound.send(_GAS, "deposit", amount_wei)

    def ask_to_leave(self, leaves: bool = True) -> Receipt:
        """Ask for one's balance, or stay."""
        return self._bound.send(_GAS, "askToLeave", leaves)

    def withdraw(self) -> int:
        """Take one's balance, three days after asking, and return it in wei; raises `NotLeaving`."""
        receipt = self._bound.send(_GAS, "withdraw")
        return int(self._bound.events(receipt, "Withdrawn")[0]["amountWei"])

    def claim(self, vouchers: Iterable[SignedVoucher]) -> Receipt:
        """Turn vouchers in; one that is worth nothing new is passed over.

        Raises
        ------
        VoucherNotSigned, AccountShort, UnknownModel
        """
        given = list(vouchers)
        rows = [(one.voucher.payer, one.voucher.model, one.voucher.owed_wei, one.voucher.calls) for one in given]
        gas = _CLAIM_GAS + _VOUCHER_GAS * len(given)
        return self._bound.send(gas, "claim", rows, [one.long_signature for one in given])

    def settle(self, model: int, payment: TillPayment, signature: bytes) -> Receipt:
        """Put a payment that its payer has signed, in 64 or 65 bytes, into the model's till.

        Raises
        ------
        ERC3009UsedAuthorization, ERC3009InvalidSignature, ERC3009InvalidAuthorizationTime, ERC20InsufficientBalance
        UnknownModel, BadParameter
        """
        return self._bound.send(_GAS, "settle", model, *_row(payment), signature)

    def hold(self, model: int, payment: TillPayment, signature: bytes) -> Receipt:
        """Have a payment held until it is taken or given back; only the model's host; raises as `settle`."""
        return self._bound.send(_HOLD_GAS, "hold", model, *_row(payment), signature)

    def take(self, model: int, held: Sequence[tuple[str, bytes]]) -> int:
        """Take held payments, by payer and nonce, and return what they were worth, in wei; raises `NotAllowed`."""
        gas = _CLAIM_GAS + _EACH_HOLD_GAS * len(held)
        receipt = self._bound.send(gas, "take", model, [payer for payer, _ in held], [nonce for _, nonce in held])
        return sum(int(each["valueWei"]) for each in self._bound.events(receipt, "Bought"))

    def give_back(self, model: int, payer: str, nonce: bytes) -> Receipt:
        """Give a payment that is held back to its payer; raises `NotFree`."""
        return self._bound.send(_GAS, "giveBack", model, payer, nonce)

    def sweep(self, model: int) -> int:
        """Split what is in a model's till, and return it in wei; raises `UnknownModel`."""
        receipt = self._bound.send(2 * _GAS, "sweep", model)
        found = self._bound.events(receipt, "Paid")
        return sum(int(each[part]) for each in found for part in ("hostWei", "contributorsWei", "burnedWei"))


def _row(payment: TillPayment) -> tuple[str, int, int, int, bytes]:
    window = (payment.valid_after, payment.valid_before)
    return payment.payer, payment.amount_wei, *window, payment.nonce
