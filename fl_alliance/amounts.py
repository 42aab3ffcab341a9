"""FML amounts for people: the rules keep whole gwei, a screen shows a few decimals."""

from fl_alliance.chain.types import GWEI_PER_FML


def fml(gwei: int, places: int = 2, sign: bool = False) -> str:
    """Return gwei as FML with a fixed number of decimals, rounded half away from zero: 3_205_000_000 is "3.21"."""
    unit = GWEI_PER_FML // 10**places
    scaled = (abs(gwei) + unit // 2) // unit
    whole, rest = divmod(scaled, 10**places)
    text = f"{whole:,}.{rest:0{places}}" if places else f"{whole:,}"
    if gwei < 0 and scaled:
        return f"-{text}"
    return f"+{text}" if sign and scaled else text
