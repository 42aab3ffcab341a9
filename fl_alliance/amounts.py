"""Numbers for people: FML amounts, of which the rules keep whole gwei and a screen shows a few decimals, and losses."""

from collections.abc import Sequence

from fl_alliance.chain.rules.candidates import LOSS_LIMIT, SCORE_WORST
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


def loss_of(score_ppm: int) -> float:
    """Return the loss that a score of candidate voting, or a difference of two, stands for."""
    return score_ppm * LOSS_LIMIT / SCORE_WORST


def loss_change(margin_ppm: int, places: int = 4) -> str:
    """Return how a model's loss differs from another's, given by how much it was found better; below 0 is better.

    What would round to 0 has two decimals more: the smallest difference is 4e-6.
    """
    change = loss_of(-margin_ppm)
    return f"{change:+.{places if abs(change) >= 0.5 / 10**places else places + 2}f}"


def entry_name(names: Sequence[str], entry: int) -> str:
    """Return what to call an entry of a menu whose names may not be known."""
    if entry < len(names):
        return names[entry]
    return "old model" if entry == 0 else f"candidate {entry}"


def size(amount_bytes: float) -> str:
    """Return a number of bytes with its unit, of a thousand each: 1_234_567 is "1.2 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if amount_bytes < 1000:
            return f"{amount_bytes:.0f} {unit}" if unit == "bytes" else f"{amount_bytes:.1f} {unit}"
        amount_bytes /= 1000
    return f"{amount_bytes:.1f} GB"
