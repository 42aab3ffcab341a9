"""Amounts of FML for people."""

from fl_alliance.amounts import fml
from fl_alliance.chain.types import WEI_PER_GWEI


def words(amount_wei: int, places: int = 0, sign: bool = False) -> str:
    """Return an amount with its unit, rounded half away from zero to so many decimals."""
    return f"{plain(amount_wei, places, sign)} FML"


def plain(amount_wei: int, places: int = 0, sign: bool = False) -> str:
    """Return an amount without its unit; what is below a gwei is cut."""
    gwei = abs(amount_wei) // WEI_PER_GWEI
    return fml(-gwei if amount_wei < 0 else gwei, places, sign)
