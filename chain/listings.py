"""Models of the marketplace on a chain: listings, prices, stakes and ratings; `IModels.sol` says the rest."""

from dataclasses import astuple, dataclass

from fl_alliance.chain.deploy import MODELS
from fl_alliance.chain.deployed import DeployedClient, DeployedView
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.sender import Receipt

_GAS = 500_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A model as it is listed.

    Attributes
    ----------
    host : str
        Who is paid.
    listed_at : int
        Second.
    follows : int
        The former version's number; 0: the first.
    is_closed : bool
    digest, card, lineage : bytes
        sha256 of the model's content, of its card and of its lineage.
    source : str
        The contract of the task that it came from, zeros where from none.
    task : int
        Its number there.
    price_wei : int
        Of a call, or of a thousand tokens where it speaks.
    stake_wei : int
        The host's.
    """

    host: str
    listed_at: int
    follows: int
    is_closed: bool
    digest: bytes
    card: bytes
    lineage: bytes
    source: str
    task: int
    price_wei: int
    stake_wei: int


@dataclass(frozen=True, slots=True)
class Rating:
    """What callers think of a model: the sum of their stars, 1 to 5, each by the wei that its giver had spent."""

    raters: int
    spent_wei: int
    starred_wei: int

    @property
    def stars(self) -> float | None:
        """The mean, None where nobody rated it."""
        return self.starred_wei / self.spent_wei if self.spent_wei else None


class ModelsView(DeployedView):
    """The listings, to be read without an account."""

    ARTIFACT = MODELS

    @property
    def count(self) -> int:
        """How many models were ever listed; they are numbered from 1."""
        return int(self._reader.read("count"))

    @property
    def min_stake_wei(self) -> int:
        """Least stake of a listing."""
        return int(self._reader.read("minStakeWei"))

    def listing(self, model: int) -> Listing:
        """Return a listing; raises `UnknownModel`."""
        host, *rest = self._reader.read("listingOf", model)
        return Listing(checksum(host), *rest)

    def rating(self, model: int) -> Rating:
        """Return what callers think of a model."""
        return Rating(*self._reader.read("ratingOf", model))


class Models(DeployedClient, ModelsView):
    """The same as one account uses it, a host or a caller."""

    def list(
        self,
        digest: bytes,
        card: bytes,
        lineage: bytes,
        price_wei: int,
        stake_wei: int,
        source: str = ZERO_ADDRESS,
        task: int = 0,
        follows: int = 0,
    ) -> int:
        """List a model with a stake, with the allowance, and return its number.

        Raises
        ------
        BadParameter, AlreadyListed, UnknownModel, NotAllowed, ERC20InsufficientBalance
        """
        wanted = Listing(ZERO_ADDRESS, 0, follows, False, digest, card, lineage, source, task, price_wei, stake_wei)
        self._fml.send(_GAS, "approve", self.address, stake_wei)
        receipt = self._bound.send(_GAS, "list", astuple(wanted))
        return int(self._bound.events(receipt, "Listed")[0]["model"])

    def set_price(self, model: int, price_wei: int) -> Receipt:
        """Set a model's price; raises `NotAllowed`, `ListingClosed`."""
        return self._bound.send(_GAS, "setPrice", model, price_wei)

    def close(self, model: int) -> Receipt:
        """Close a listing; raises `NotAllowed`, `ListingClosed`."""
        return self._bound.send(_GAS, "close", model)

    def withdraw_stake(self, model: int) -> Receipt:
        """Take a closed listing's stake back; raises `NotAllowed`, `ListingClosed`, `StakeHeld`."""
        return self._bound.send(_GAS, "withdrawStake", model)

    def rate(self, model: int, stars: int) -> Receipt:
        """Rate a model, 1 to 5, once or anew, by what was spent so far; raises `BadParameter`, `NotCaller`."""
        return self._bound.send(_GAS, "rate", model, stars)
