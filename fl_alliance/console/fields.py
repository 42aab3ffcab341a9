"""What a form has sent, read field by field; every function raises `SettingRefused` where one cannot be used."""

from collections.abc import Mapping
from enum import IntEnum

from fl_alliance.chain.messages import checksum
from fl_alliance.market.config import wei
from fl_alliance.market.errors import MarketError, SettingRefused
from fl_alliance.market.parties import address_of

Fields = Mapping[str, str]


def number_of(fields: Fields, name: str) -> int:
    """Return a whole number of nine digits at most."""
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise SettingRefused(f"{name}={text!r}: needs a whole number")
    return int(text)


def choice_of(fields: Fields, name: str, choices: type[IntEnum]) -> str:
    """Return one of an enumeration's names, in small letters."""
    given, known = fields.get(name, ""), [each.name.lower() for each in choices]
    if given not in known:
        raise SettingRefused(f"{name}={given!r}: needs one of {', '.join(known)}")
    return given


def amount_of(fields: Fields) -> int:
    """Return an amount of FML above 0, in wei."""
    amount_wei = wei(fields.get("amount", "").strip(), "amount")
    if not amount_wei:
        raise SettingRefused("amount=0: needs more than 0 FML")
    return amount_wei


def account_of(fields: Fields, is_needed: bool = True) -> str:
    """Return who signs, empty where nobody is named and it does not take that."""
    given = fields.get("account", "").strip()
    if not given and not is_needed:
        return ""
    try:
        return checksum(address_of(given))
    except MarketError:
        raise SettingRefused(f"account={given!r}: needs the address that signs, 0x and 40 hex digits") from None
