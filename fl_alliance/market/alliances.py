"""Tasks of FL Alliance that a market's emission pays, as commands name them: alliance:NUMBER."""

from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.alliance_refusals import UnknownTask
from fl_alliance.chain.deploy import ALLIANCE_MARKET
from fl_alliance.market.errors import MarketUnknown, TaskUnknown
from fl_alliance.market.place import Place


def open_alliance(place: Place, task: int) -> AllianceMarket:
    """Return the market of the Alliance of this task.

    Raises
    ------
    MarketUnknown, TaskUnknown
        The market has no Alliance that its emission pays; it has no such task.
    """
    if ALLIANCE_MARKET not in place.market.contracts:
        raise MarketUnknown(
            f"the market at {place.market.arena} pays no tasks of an Alliance",
            "the manifest of a run with market.emission=true has what does",
        )
    market = AllianceMarket(place.sender, place.market.address(ALLIANCE_MARKET))
    try:
        market.is_finished(task)
    except UnknownTask:
        raise TaskUnknown(task, 0) from None
    return market
