"""Keeping a task of FL Alliance that the emission pays: each day's work is noted and paid, and so are delegators."""

import time
from collections.abc import Callable

from fl_alliance.arena.events import Trying, fml
from fl_alliance.arena.patience import Patience, patiently
from fl_alliance.chain.alliance_market import AllianceMarket, Split
from fl_alliance.chain.deploy import ALLIANCE_MARKET
from fl_alliance.chain.refusals import UnknownTask
from fl_alliance.market.errors import MarketUnknown, TaskUnknown
from fl_alliance.market.narrator import Narrator
from fl_alliance.market.place import Place
from fl_alliance.market.settings import Network


def keep_alliance(
    place: Place, network: Network, task: int, narrator: Narrator, pause: Callable[[float], None] = time.sleep
) -> None:
    """Do what is due of a task, and again whenever the chain was looked at, until it is over and its last day too.

    Parameters
    ----------
    network : Network
        How often to look, and how long to go on without an answer. Between two looks the task must not accept rounds of
        two days: only the last one is known to its contract.
    pause : callable
        Sleeps for so many seconds.

    Raises
    ------
    MarketUnknown, TaskUnknown
        The market has no Alliance that its emission pays; it has no such task.
    ChainError
        No answer for too long, or what a second try does not put right.
    """
    if ALLIANCE_MARKET not in place.market.contracts:
        raise MarketUnknown(
            f"the market at {place.market.arena} pays no tasks of an Alliance",
            "the manifest of a run with market.emission=true has what does",
        )
    market, patience = AllianceMarket(place.sender, place.market.address(ALLIANCE_MARKET)), _patience(network)
    try:
        is_verified = market.emission.is_verified(market.address, task) and not market.is_finished(task)
    except UnknownTask:
        raise TaskUnknown(task, 0) from None
    if not is_verified and not market.is_finished(task):
        narrator.say(f"the DAO has not verified task {task} of {market.address}: nothing is paid until it has")

    def look() -> tuple[tuple[Split, ...], bool]:
        return market.keep(task, place.now()), market.is_over(task)

    is_over = False
    while not is_over:
        drawn, is_over = patiently(
            look, place.rpc, place.me, patience, lambda why, s: narrator(Trying(task, place.me, why, s))
        )
        for split in drawn:
            narrator.say(_told(split))
        if not is_over:
            pause(network.look_s)
    narrator.say(f"task {task} is over, and so is its last day")


def _patience(network: Network) -> Patience:
    return Patience(in_all_s=network.give_up_s)


def _told(split: Split) -> str:
    burned_wei = split.amount_wei - split.funded_wei - split.delegated_wei
    burned = f", {fml(burned_wei)} burned: the task had ended" if burned_wei else ""
    return (
        f"day {split.day}: drew {fml(split.amount_wei)}, {fml(split.funded_wei)} to the task's pool, "
        f"{fml(split.delegated_wei)} to delegators{burned}"
    )
