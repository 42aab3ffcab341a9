"""Indexes beyond one word, one slot and one chunk of the roster: 300 members, then a few more."""

from collections.abc import Callable
from typing import Any

import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML

Found = Callable[..., Any]


@pytest.mark.slow
def test_contract_and_model_agree_on_hundreds_of_members(found: Found, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["site"] != "memory":
        pytest.skip("one chain is enough for what only the contract's arithmetic can get wrong")
    federation = found(nodes=0, start=False, proposers=60, voters=70, rounds=4)
    ledger = federation.ledger
    stakes = [(32 + 37 * index % 700) * WEI_PER_FML for index in range(300)]
    keys = [NodeKey.derive(5, index) for index in range(310)]
    ledger.send_all([federation.registration(key, stake) for key, stake in zip(keys, stakes, strict=False)])
    ledger.send(Start(federation.task))
    ledger.send_all([federation.registration(key, 500 * WEI_PER_FML) for key in keys[300:]])
    for bad in ((), range(0, 310, 2), range(310), ()):
        federation.run_round(bad)
        federation.assert_equals_chain()
    model = federation.model
    assert len(model.roster.nodes) == 310
    assert len(set(model.balances)) > 100
