"""Whether the chain would take a proposal's calls now: asked before anything is staked on them."""

from collections.abc import Mapping
from typing import Any

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Call
from fl_alliance.chain.deploy import DAO, TIMELOCK, VOTES, Deployment, creation_code
from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.market_refusals import TooManyTasks
from fl_alliance.chain.refusals import ERC20InsufficientBalance
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.governance.errors import ActionRefused

_LATE = "setLateQuorumVoteExtension"
_STAGES = {
    "setVotingDelay": "votingDelay",
    "setVotingPeriod": "votingPeriod",
    _LATE: "lateQuorumVoteExtension",
    "updateQuorumNumerator": "quorumNumerator",
    "setReviewTerms": "reviewTerms",
}
"""The DAO's setters, in the order of its constructor's terms, and what each sets as it is now."""
_PASSING = (ERC20InsufficientBalance, TooManyTasks)
"""Refusals of now alone: by the time of the calls the treasury may hold more, and fewer tasks be verified."""


class Rehearsal:
    """One proposal's calls, in their order, as the time lock would make them on the chain as it stands.

    Parameters
    ----------
    rpc : Rpc
        The chain; nothing is sent.
    deployment : Deployment
        Its contracts.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc, self._deployment = rpc, deployment
        self._stages: dict[str, Any] = {}

    def require(self, call: Call, given: str) -> None:
        """Refuse a call, told as what was `given`, that its contract would refuse; raises `ActionRefused`."""
        try:
            self._rpc.bytes("eth_call", self._request(call), "latest")
        except RequestRefused as refusal:
            why = explained(TransactionReverted(given, refusal.reason, refusal.data), given)
            if not isinstance(why, _PASSING):
                raise ActionRefused(f"the contract would not take it: {why}") from None

    def _request(self, call: Call) -> Mapping[str, str]:
        if call.target == self._deployment.address(DAO):
            return {"data": "0x" + self._construction(call).hex()}
        return {"from": self._deployment.address(TIMELOCK), "to": call.target, "data": "0x" + call.data.hex()}

    def _construction(self, call: Call) -> bytes:
        """Return what constructs another DAO with the term that a call sets, beside those that are set before it.

        The DAO takes terms only while it executes a proposal, but its constructor checks them by the same code. That
        would also hold an extension against a meeting that is shortened, which the setter does not: it is left out.
        """
        function = interface(DAO).by_selector[call.data[:4]]
        reader = ContractReader(self._rpc, DAO, call.target)
        stages = self._stages = self._stages or {setter: reader.read(view) for setter, view in _STAGES.items()}
        [stages[function.name]] = function.decode(call.data)
        terms = tuple(0 if setter == _LATE != function.name else stages[setter] for setter in _STAGES)
        parts = (self._deployment.address(VOTES), self._deployment.address(TIMELOCK), self._deployment.fml)
        return creation_code(DAO, (*parts, terms), self._deployment.contracts)
