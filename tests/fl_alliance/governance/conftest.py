"""A market that a DAO owns, an Alliance and its market included, deployed once; each test acts behind a snapshot."""

from collections.abc import Iterator

import assembly
import pytest

from fl_alliance.chain.deploy import add_alliance
from fl_alliance.chain.market import add_alliance_market
from fl_alliance.chain.sender import Sender


@pytest.fixture(scope="package")
def deployed() -> Iterator["assembly.Assembly"]:
    with assembly.assembled() as found:
        sender = Sender(found.w3, assembly.DEPLOYER)
        whole = add_alliance_market(sender, add_alliance(sender, found.deployment, "majority"))
        yield assembly.Assembly(found.w3, whole)


@pytest.fixture
def dao(deployed: "assembly.Assembly") -> Iterator["assembly.Assembly"]:
    mark = deployed.rpc("evm_snapshot")
    yield assembly.Assembly(deployed.w3, deployed.deployment)
    deployed.rpc("evm_revert", mark)
