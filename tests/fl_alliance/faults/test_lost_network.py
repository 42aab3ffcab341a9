"""A hospital's line is cut, to the SuperLink and to the chain, while it trains: it answers when it is back."""

import time
from collections.abc import Callable

import pytest
from loopback import JUDGED, Loopback
from proxy import Proxy

from fl_alliance.chain.types import Phase

CUT_S = 15.0


@pytest.mark.minutes
def test_a_hospital_that_loses_its_network_for_a_while_loses_nothing(start: Callable[..., Loopback]) -> None:
    town = start("rounds=2", "workload.name=slow:Slow", "+workload.options.train_s=5", hospitals=range(3))
    lines = [Proxy(town.link_port), Proxy(town.chain_port)]
    link, chain = (f"127.0.0.1:{line.port}" for line in lines)
    town.join(3, superlink=link, chain=f"http://{chain}")
    town.await_phase(1, Phase.PROPOSING)
    for line in lines:
        line.cut()
    time.sleep(CUT_S)
    for line in lines:
        line.mend()
    assert town.finish() == []
    rounds = list(town.run.rounds())
    assert [one.outcome in JUDGED for one in rounds] == [True] * 2
    assert all(one.proposed == one.proposers and one.committed == one.voters for one in rounds), rounds
    assert "the chain does not answer" in town.said("hospital-3")
