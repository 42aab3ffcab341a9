"""A DAO's proposals and what it can set, as pages show them."""

from typing import Any

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import DaoView, Proposal
from fl_alliance.chain.deploy import EMISSION, TREASURY
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.console.fair import Fair
from fl_alliance.console.views import PROPOSED, TERMS
from fl_alliance.governance.parameters import PARAMETERS
from fl_alliance.governance.standing import ProposalFacts, facts_of


def proposals(fair: Fair) -> tuple[Proposal, ...]:
    """Return every proposal, in order; none where there is no DAO."""
    dao = fair.dao
    return fair.kept("proposals", lambda: dao.proposals() if dao else (), subjects=(PROPOSED,))


def facts(fair: Fair, number: int, now: int) -> ProposalFacts:
    """Return how a proposal stands: anew with every second of the chain while something can come of it by time."""
    dao, proposal = _dao(fair), proposals(fair)[number - 1]
    key = ("proposal", number)
    is_over: bool = fair.kept((*key, "over"), lambda: dao.stage(proposal.number).is_final)
    return fair.kept(
        key, lambda: facts_of(dao, fair.decoder, number, proposal, ZERO_ADDRESS, now), None if is_over else now
    )


def terms(fair: Fair) -> dict[str, Any]:
    """Return what a proposal stakes and earns, and what the treasury holds."""
    treasury = fair.deployment.address(TREASURY)
    return {"terms": _dao(fair).terms(), "treasury_wei": fair.balance_wei(treasury), "treasury": treasury}


def parameters(fair: Fair) -> list[tuple[str, str, str]]:
    """Return every parameter that a proposal can set, with its value and what it is; some change with the day."""
    return fair.kept("parameters", lambda: _parameters(fair), fair.emission.today, (TERMS, EMISSION))


def _parameters(fair: Fair) -> list[tuple[str, str, str]]:
    rows = []
    for name, known in PARAMETERS.items():
        if known.contract in fair.deployment.contracts:
            reader = ContractReader(fair.seen, known.contract, fair.deployment.address(known.contract))
            rows.append((name, known.tell(known.read(reader)), known.about))
    return rows


def _dao(fair: Fair) -> DaoView:
    assert fair.dao is not None  # noqa: S101  pages ask where there is one
    return fair.dao
