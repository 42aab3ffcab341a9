"""Who takes part in a task, and how a person names them."""

from fl_alliance.chain.messages import checksum
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.keys import DEVELOPMENT_ACCOUNTS, development_key, is_development
from fl_alliance.market.place import Place
from fl_alliance.market.settings import Key


def address_of(text: str) -> str:
    """Return an account's address with its checksum; raises `SettingRefused` where it is none."""
    try:
        return checksum(text)
    except (ValueError, TypeError):
        raise SettingRefused(f"{text!r}: needs an account's address, 0x and 40 hex digits") from None


def accounts_of(place: Place, key: Key) -> list[str]:
    """Return whose things to show: the account's, or where none was named on a development chain, all of that's."""
    if key.development is None and is_development(key, place.market.chain_id):
        return [development_key(index).address for index in range(DEVELOPMENT_ACCOUNTS)]
    return [place.me]


def everybody(place: Place, task: int) -> list[str]:
    """Return who has a part in a task, its creator first, the others in the order of their first stakes."""
    found = {place.arena.state(task).creator: None}
    for event in place.events():
        if event.name == "Staked" and event.values["task"] == task:
            found[event.values["account"]] = None
    return list(found)
