"""Making a task: from settings to its terms."""

from dataclasses import replace

from fl_alliance.arena.creator import Draft, create_task
from fl_alliance.arena.errors import FundsMissing
from fl_alliance.arena.role import Desk
from fl_alliance.arena.task import Task
from fl_alliance.arena.terms import Terms
from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import EMISSION
from fl_alliance.market.config import wei
from fl_alliance.market.errors import NotDao, SettingRefused
from fl_alliance.market.kinds import DECAY, options_of, title_of, trade_of, with_base
from fl_alliance.market.money import in_words
from fl_alliance.market.place import Place
from fl_alliance.market.settings import Task as TaskSettings

DAILY = "200"
"""FML that a creator pays a day where nothing else is said and the emission does not pay."""


_SAME = (
    "submit_s",
    "reveal_s",
    "score_s",
    "reveal_scores_s",
    "paid_nodes",
    "paid_validators",
    "validator_limit",
    "slash_bps",
    "floor_bps",
    "now_bps",
    "delegated_bps",
    "power_halves",
)
"""Settings that are terms as they are."""


def draft_of(kind: str, settings: TaskSettings, is_verified: bool) -> Draft:
    """Return the task that settings describe.

    Parameters
    ----------
    is_verified : bool
        Whether the emission will pay; then the creator pays nothing a day unless the settings say otherwise.

    Raises
    ------
    SettingRefused
        A setting is out of its range, or two contradict each other.
    """
    options = options_of(kind, settings.workload, settings.options, settings.base)
    amounts = {
        "min_node_stake_wei": settings.node_stake,
        "min_validator_stake_wei": settings.validator_stake,
        "submission_fee_wei": settings.fee,
        "daily_wei": settings.daily or ("0" if is_verified else DAILY),
        "creator_stake_wei": settings.stake,
    }
    decay = DECAY[kind] if settings.decay is None else settings.decay
    terms = Terms(
        day_count=settings.days,
        rank_wad=round(settings.rank * 10**18),
        decay_wad=round(decay * 10**18),
        **{name: wei(amount, name) for name, amount in amounts.items()},
        **{name: getattr(settings, name) for name in _SAME},
    )
    if not terms.daily_wei and not is_verified:
        raise SettingRefused("task.daily=0: nobody would earn anything; needs FML a day, or --verified by the DAO")
    return Draft(settings.title or title_of(kind, options), options, terms)


def publish(place: Place, desk: Desk, kind: str, draft: Draft, is_verified: bool) -> Task:
    """Create the task, or go on with it where that was begun, and let the emission pay it where it is verified."""
    options = with_base(kind, draft.options, place.store)
    trade = trade_of(kind, options, place.store, place.state)
    try:
        task = create_task(desk, trade.kind, replace(draft, options=options))
    except FundsMissing as missing:
        raise in_words(missing, place.market.chain_id) from None
    except (ValueError, BadParameter) as error:
        raise SettingRefused(f"task: {error}") from None
    if is_verified and not place.emission.is_verified(place.arena.address, task.number):
        place.emission.verify(place.arena.address, task.number)
    return task


def require_dao(place: Place) -> None:
    """Refuse who cannot have the emission pay; raises `NotDao`."""
    emission = ContractReader(place.rpc, EMISSION, place.emission.address)
    if not emission.read("hasRole", emission.read("DAO_ROLE"), place.me):
        raise NotDao(place.me)
