"""The rules of proposals are the contract's: its limits, read from it, and who may propose what is reserved."""

import pytest
from assembly import PROPOSER, RIVAL, Assembly

from fl_alliance.chain.dao_refusals import GovernorRestrictedProposer
from fl_alliance.chain.deploy import DAO, EMISSION, TIMELOCK
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules import proposals
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.proposals import Appeared, ReviewTerms, flags_until, is_condemned, is_open_to, is_opened

ME, OTHER = PROPOSER.address, RIVAL.address


@pytest.mark.parametrize(
    ("contract", "names"),
    [
        (DAO, ("LAPSE_S", "MIN_STAGE_S", "MAX_STAGE_S", "MAX_TURNS_S", "MAX_QUORUM_PERCENT")),
        (DAO, ("MAX_STAKE_WEI", "MAX_FLOOR_WEI")),
        (TIMELOCK, ("MAX_DELAY_S",)),
    ],
)
def test_the_limits_are_the_contracts(dao: Assembly, contract: str, names: tuple[str, ...]) -> None:
    for name in names:
        assert getattr(proposals, name) == dao.bound(contract).read(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"#proposer={ME}",
        f"mine#proposer={ME}",
        f"mine#proposer={ME.lower()}",
        f"theirs#proposer={OTHER}",
        f"theirs#proposer={OTHER.lower()}",
        f"#proposer={OTHER} and more",
        f"no marker{OTHER}",
        f"#Proposer={OTHER}",
        f"#proposer={OTHER.replace('0x', '0X')}",
        f"#proposer={OTHER[:-1]}g",
        f"#proposer={OTHER[:-1]} ",
        f"#proposer=00{OTHER[2:]}",
    ],
)
def test_what_is_reserved_for_another_is_what_the_governor_refuses(dao: Assembly, text: str) -> None:
    """By a call that fails for want of an allowance where the description is the proposer's."""
    call = dao.call(EMISSION, "lower", 5_000)
    with pytest.raises(Refused) as refused:
        dao.bound(DAO, PROPOSER).send(2_000_000, "propose", [call.target], [0], [call.data], text)
    assert is_open_to(ME, text.encode()) is not isinstance(refused.value, GovernorRestrictedProposer)


def test_a_review_at_its_thresholds_opens_and_condemns() -> None:
    terms = ReviewTerms(0, 0, presence_bps=1_000, flag_bps=2_000, floor_wei=100)
    assert is_opened(Appeared(present_wei=100), 1_000, terms)
    assert not is_opened(Appeared(present_wei=99), 900, terms)  # the floor
    assert not is_opened(Appeared(present_wei=100), 1_001, terms)
    assert is_condemned(Appeared(199, 100, 100), 1_000, terms)
    assert not is_condemned(Appeared(200, 100, 100), 1_000, terms)  # as many signed in
    assert not is_condemned(Appeared(0, 100, 99), 1_000, terms)
    assert not is_condemned(Appeared(0, 0, 0), 0, terms)
    assert flags_until(99, 200) == 167


@pytest.mark.parametrize(
    ("changes", "are_allowed"),
    [
        ({}, True),
        ({"presence_bps": BPS // 2 + 1}, False),
        ({"flag_bps": 0}, False),
        ({"flag_bps": BPS + 1}, False),
        ({"stake_wei": proposals.MAX_STAKE_WEI + 1}, False),
        ({"floor_wei": proposals.MAX_FLOOR_WEI + 1}, False),
    ],
)
def test_terms_under_which_nothing_passes_are_not_allowed(changes: dict[str, int], are_allowed: bool) -> None:
    least = {"stake_wei": 0, "reward_wei": 0, "presence_bps": BPS // 2, "flag_bps": BPS, "floor_wei": 0}
    assert ReviewTerms(**(least | changes)).are_allowed is are_allowed
