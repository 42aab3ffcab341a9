"""A gateway has its host's models paid what gauge votes gave them, and turns that in with what calls brought."""

import bazaar
from fairground import GLUCOSE, Fairground

from fl_alliance.chain.deploy import GAUGES, MODELS
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.gauges import Choice, Gauges
from fl_alliance.chain.types import WEI_PER_FML


def test_a_gateway_that_runs_over_the_end_of_a_week_brings_its_host_the_weeks_share(ground: Fairground) -> None:
    fair, told = ground.fair, ground.told
    gauges = Gauges(fair.sender(bazaar.HOLDER), fair.deployment)
    Fml(fair.sender(bazaar.HOLDER), fair.deployment.fml).transfer(fair.deployment.address(GAUGES), 1_000 * WEI_PER_FML)
    fair.wait(gauges.ends_at(gauges.epoch) - fair.rpc.second())
    with ground.gateway(models=[GLUCOSE]) as (gateway, _):
        gauges.vote([Choice(fair.deployment.address(MODELS), GLUCOSE, 2_500)])
        gateway.collect()
        assert told == []
        before = fair.balance(bazaar.HOST)
        fair.wait(gauges.ends_at(gauges.epoch) - fair.rpc.second())
        gateway.collect()
        assert fair.balance(bazaar.HOST) == before + 270 * WEI_PER_FML  # it has no documents; a tenth is burned
        assert told[0] == "by last week's gauge votes model 1 was paid 300.0000 FML into its till"
        gateway.collect()
        assert len(told) == 2
