"""What a wallet can be asked to sign: calldata, what it does in plain words, and the command that does the same.

Nothing here signs. Each intent says which contracts are called, in order; a call that the chain would refuse now is
told before anybody pays gas for it.
"""

from collections.abc import Callable, Mapping

from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.console import deciding, moving
from fl_alliance.console.drafts import Intent
from fl_alliance.console.fair import Fair
from fl_alliance.console.fields import Fields
from fl_alliance.market.errors import SettingRefused


def intent(fair: Fair, name: str, fields: Fields) -> Intent:
    """Return what a form asks for.

    Raises
    ------
    SettingRefused
        A field is missing, or cannot be used, or there is no such form.
    MarketError
        What it names is not there, or it is not the time for it.
    """
    if name not in _MADE:
        raise SettingRefused(f"{name}: no such action; there are {', '.join(_MADE)}")
    made = _MADE[name](fair, fields)
    made.warnings.extend(_refusals(fair.rpc, made))
    return made


def _refusals(rpc: Rpc, made: Intent) -> list[str]:
    """Return why the chain would refuse the first step now; later steps depend on it."""
    if not made.account:
        return []
    step = made.steps[0]
    try:
        rpc("eth_call", {"from": made.account, "to": step.to, "data": step.data}, "latest")
    except RequestRefused as refusal:
        said = explained(TransactionReverted(step.does, refusal.reason, refusal.data), step.contract)
        return [f"the chain would refuse this now: {said}"]
    return []


_MADE: Mapping[str, Callable[[Fair, Fields], Intent]] = {
    "appear": deciding.appear,
    "cancel": deciding.cancel,
    "delegate": moving.delegate,
    "deposit": moving.deposit,
    "execute": deciding.execute,
    "gauge": deciding.gauge,
    "lock": moving.lock,
    "propose": deciding.propose,
    "queue": deciding.queue,
    "rate": moving.rate,
    "settle": deciding.settle,
    "undelegate": moving.undelegate,
    "unlock": moving.unlock,
    "vote": deciding.vote,
    "withdraw": moving.withdraw,
}
