"""How much gas a transaction may use: an upper bound from its content.

Asking the node (eth_estimateGas) runs the whole transaction once more. What is not used is not paid.
"""

from collections.abc import Sequence

from fl_alliance.chain.steps import Step

MOST = 16_777_216
"""A transaction's gas on Ethereum after EIP-7825."""


def gas_limit(steps: Sequence[Step]) -> int:
    """Return the gas limit of a transaction with these steps."""
    return MOST
