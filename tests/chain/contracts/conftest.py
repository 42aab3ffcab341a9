"""The contracts on an embedded chain, deployed once; each test acts behind a snapshot and leaves balanced books."""

from collections.abc import Iterator

import alliance_town
import candidate_federation
import emissions
import federation
import pytest


@pytest.fixture(scope="session")
def deployed() -> Iterator["federation.Federation"]:
    """A task of eight members with two seats each, started, on a chain that all tests share."""
    with federation.deployed_task(*[20] * 8) as deployed:
        yield deployed


@pytest.fixture
def chain(deployed: "federation.Federation") -> Iterator["federation.Chain"]:
    """The chain as deployed; whatever the test does must leave the contract holding exactly what it owes."""
    with federation.behind_snapshot(deployed) as chain:
        yield chain


@pytest.fixture
def started(deployed: "federation.Federation", chain: "federation.Chain") -> "federation.Federation":
    """Task 1: eight members, three proposers and three voters a round, ready for round 1."""
    return federation.Federation(chain, deployed.params, deployed.pool_wei, deployed.task, list(deployed.keys))


@pytest.fixture(scope="session")
def deployed_candidates() -> Iterator["candidate_federation.CandidateFederation"]:
    """The same under candidate voting, paid by contribution."""
    with candidate_federation.deployed_candidate_task(*[20] * 8) as deployed:
        yield deployed


@pytest.fixture
def candidate_chain(deployed_candidates: "candidate_federation.CandidateFederation") -> Iterator["federation.Chain"]:
    """The chain of candidate voting as deployed, put back and checked as `chain` is."""
    with federation.behind_snapshot(deployed_candidates) as chain:
        yield chain


@pytest.fixture
def judging(
    deployed_candidates: "candidate_federation.CandidateFederation", candidate_chain: "federation.Chain"
) -> "candidate_federation.CandidateFederation":
    """Task 1 under candidate voting: eight members, three proposers and three voters a round, ready for round 1."""
    shared = deployed_candidates
    return candidate_federation.CandidateFederation(
        candidate_chain, shared.params, shared.pool_wei, shared.task, list(shared.keys), shared.terms
    )


@pytest.fixture(scope="session")
def deployed_town() -> Iterator["emissions.Town"]:
    """The emission, a market and an Alliance's source, an hour before day 0, on a chain that all tests share."""
    with emissions.deployed_town() as town:
        yield town


@pytest.fixture
def town(deployed_town: "emissions.Town") -> Iterator["emissions.Town"]:
    """The same, put back and checked as `chain` is."""
    with emissions.behind_snapshot(deployed_town) as town:
        yield town


@pytest.fixture(scope="session")
def deployed_alliance_town() -> Iterator["alliance_town.AllianceTown"]:
    """An Alliance with a verified task and one that funds itself, an hour before day 0 of the emission."""
    with alliance_town.deployed_alliance_town() as town:
        yield town


@pytest.fixture
def allied(deployed_alliance_town: "alliance_town.AllianceTown") -> Iterator["alliance_town.AllianceTown"]:
    """The same, put back and checked as `chain` is."""
    with alliance_town.behind_snapshot(deployed_alliance_town) as town:
        yield town
