"""What delegated stake adds, what it earns, and what it loses.

    effective       = own + floor(delegated eps / 10,000)
    delegate_keeps  = floor(f (sigma (own + del) + (10,000 - sigma) own) / (10,000 (own + del))); the pool gets the rest
    slash_split     = (min(loss, own), min(loss - that, delegated))

Where nothing is delegated the delegate keeps all of f. Everything fits 256 bits: f has 90, the stakes together
93, 10,000 has 14. Delegators share what reaches or leaves their pool by their shares of the pool, not here.

Source: FLock litepaper v1.1; mechanism.md, section 3; own stake is lost first (ours).
"""

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.units import require_amounts, require_range, require_stakes


def effective(own_wei: int, delegated_wei: int, eps_bps: int = BPS) -> int:
    """Return the stake a delegate works with: its own and `eps_bps`, 0 to 10,000, of the delegated, rounded down."""
    require_stakes(own_wei=own_wei, delegated_wei=delegated_wei)
    require_range("eps_bps", eps_bps, 0, BPS)
    return own_wei + delegated_wei * eps_bps // BPS


def delegate_keeps(share_wei: int, sigma_bps: int, own_wei: int, delegated_wei: int) -> int:
    """Return what a delegate keeps of a reward, rounded down; the rest, never less than its due, is its delegators'.

    Parameters
    ----------
    share_wei : int
        What delegate and delegators earned together.
    sigma_bps : int
        The delegate's cut, 0 to 10,000: it takes this off the top, and its part by stake of what remains.
    own_wei, delegated_wei : int
        Stakes when the reward was earned.
    """
    require_amounts(share_wei=share_wei)
    require_stakes(own_wei=own_wei, delegated_wei=delegated_wei)
    require_range("sigma_bps", sigma_bps, 0, BPS)
    if not delegated_wei:
        return share_wei
    staked = own_wei + delegated_wei
    return share_wei * (sigma_bps * staked + (BPS - sigma_bps) * own_wei) // (BPS * staked)


def slash_split(loss_wei: int, own_wei: int, delegated_wei: int) -> tuple[int, int]:
    """Return what a slash takes of the delegate's own stake, and what of the delegated: own first, at most all."""
    require_amounts(loss_wei=loss_wei, own_wei=own_wei, delegated_wei=delegated_wei)
    from_own = min(loss_wei, own_wei)
    return from_own, min(loss_wei - from_own, delegated_wei)
