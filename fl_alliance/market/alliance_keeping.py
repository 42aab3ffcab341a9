"""Keeping a task of FL Alliance that the emission pays: each day's work is noted and paid, and so are delegators."""

import time
from collections.abc import Callable

from fl_alliance.arena.events import Trying, fml
from fl_alliance.arena.patience import Patience, Waiting, patiently
from fl_alliance.chain.alliance_market import Split
from fl_alliance.governance.vote_keeping import VoteKeeper
from fl_alliance.market.alliances import open_alliance
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
    market, patience = open_alliance(place, task), Patience(in_all_s=network.give_up_s)
    if not market.is_finished(task) and not market.emission.is_verified(market.address, task):
        narrator.say(f"the DAO has not verified task {task} of {market.address}: nothing is paid until it has")

    votes = VoteKeeper(place.sender, place.market, narrator.say)

    def look() -> tuple[tuple[Split, ...], bool]:
        return market.keep(task, place.now()), market.is_over(task)

    is_over = False
    while not is_over:
        waiting = Waiting(patience, lambda why, pause_s: narrator(Trying(task, place.me, why, pause_s)))
        drawn, is_over = patiently(look, place.rpc, place.me, waiting)
        for split in drawn:
            narrator.say(_told(split))
        votes.weigh_for(market.address, task)
        if not is_over:
            pause(network.look_s)
    narrator.say(f"task {task} is over, and so is its last day")


def _told(split: Split) -> str:
    burned_wei = split.amount_wei - split.funded_wei - split.delegated_wei
    burned = f", {fml(burned_wei)} burned: the task had ended" if burned_wei else ""
    return (
        f"day {split.day}: drew {fml(split.amount_wei)}, {fml(split.funded_wei)} to the task's pool, "
        f"{fml(split.delegated_wei)} to delegators{burned}"
    )
