"""What the tools that only read answer; they sign nothing, so they pass no guard but the schema."""

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import WouldFail
from fl_alliance.agent.tools import Balance, Call, Kind, Price
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.listings import ModelsView
from fl_alliance.market.place import Place


def answer(call: Call, place: Place, book: Book) -> str:
    """Return the answer of a tool that reads.

    Raises
    ------
    WouldFail
        This market has no models.
    UnknownModel
        There is no model of that number.
    """
    if isinstance(call, Balance):
        name = book.name_of(Kind.ACCOUNT, call.account)
        return f"{name or call.account} has {exactly(place.arena.token.balance_wei(call.account))}"
    if isinstance(call, Price):
        return _price(call.model, place)
    raise AssertionError(f"{type(call).__name__} does not read")


def _price(model: int, place: Place) -> str:
    found = models_of(place).listing(model)
    closed = "; it is closed and takes no more calls" if found.is_closed else ""
    return f"model {model} costs {exactly(found.price_wei)} a call, or a thousand tokens where it speaks{closed}"


def models_of(place: Place) -> ModelsView:
    """Return a market's models; raises `WouldFail` where it has no marketplace."""
    try:
        return ModelsView(place.rpc, place.market)
    except ContractMissing:
        raise WouldFail("this market has no marketplace of models") from None
