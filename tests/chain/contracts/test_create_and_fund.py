"""Creating a task and adding to its pool."""

import pytest
from federation import DEPLOYER, FML, GWEI, ONLOOKER, PARAMS, Chain, Federation, Refusal

from fl_alliance.chain.types import Phase


def test_a_task_keeps_what_its_creator_fixed(chain: Chain) -> None:
    federation = Federation.create(chain, rounds=65_535, proposers=1, voters=0, tolerance_bps=10_000, evidence_s=1)
    kept, given = list(chain.read("params", federation.task)), list(Federation.tuple_of(federation.params))
    assert kept.pop(3) == given.pop(3).lower()
    assert kept == given
    state = federation.state
    assert (state["phase"], state["round"], state["members"]) == (Phase.REGISTRATION, 0, 0)
    assert state["pool"] == federation.pool_wei // GWEI
    assert state["creator"].lower() == DEPLOYER.address.lower()


def test_the_creator_pays_the_pool(chain: Chain) -> None:
    before = chain.balance(DEPLOYER.address)
    Federation.create(chain, pool_wei=5 * FML)
    assert chain.balance(DEPLOYER.address) == before - 5 * FML


def test_tasks_are_numbered_from_one(chain: Chain) -> None:
    assert chain.read("taskCount") == 1
    assert Federation.create(chain).task == 2


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("relayer", "0x" + "00" * 20, "relayer"),
        ("rounds", 0, "rounds"),
        ("rounds", 65_536, "rounds"),
        ("proposers", 0, "proposers"),
        ("voters", 1_022, "proposers + voters"),
        ("slash_bps", 10_001, "slashBps"),
        ("absence_bps", 10_001, "absenceBps"),
        ("bounty_bps", 10_001, "bountyBps"),
        ("tolerance_bps", 10_001, "toleranceBps"),
        ("min_stake_gwei", 0, "minStakeGwei"),
        ("min_stake_gwei", 2**51, "minStakeGwei"),
        ("registration_s", 0, "registrationS"),
        ("leader_s", 0, "leaderS"),
        ("propose_s", 0, "proposeS"),
        ("commit_s", 0, "commitS"),
        ("reveal_s", 0, "revealS"),
        ("evidence_s", 0, "evidenceS"),
        ("registration_s", 30 * 86_400 + 1, "registrationS"),
        ("leader_s", 30 * 86_400 + 1, "leaderS"),
        ("propose_s", 30 * 86_400 + 1, "proposeS"),
        ("commit_s", 30 * 86_400 + 1, "commitS"),
        ("reveal_s", 30 * 86_400 + 1, "revealS"),
        ("evidence_s", 30 * 86_400 + 1, "evidenceS"),
        ("quorum", 0, "quorum"),
        ("quorum", 4, "quorum"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(chain: Chain, field: str, value: int | str, name: str) -> None:
    params = {key: getattr(PARAMS, key) for key in PARAMS.__slots__} | {field: value}
    given = {"voters": 1_025, "relayer": 0}.get(field, value)
    assert chain.refusal("createTask", tuple(params.values()), 0) == Refusal("BadParameter", (name, given))


def test_the_largest_committee_is_all_members_that_a_task_can_have(chain: Chain) -> None:
    largest = chain.read("MAX_MEMBERS") - PARAMS.proposers
    assert Federation.create(chain, voters=largest).params.voters == largest


def test_an_amount_that_is_not_whole_gwei_is_refused(chain: Chain, started: Federation) -> None:
    fraction = FML + 1
    assert chain.refusal("createTask", Federation.tuple_of(PARAMS), fraction) == Refusal("NotWholeGwei", (fraction,))
    assert chain.refusal("fund", started.task, fraction) == Refusal("NotWholeGwei", (fraction,))


def test_a_pool_that_is_not_paid_is_not_created(chain: Chain) -> None:
    refused = chain.refusal("createTask", Federation.tuple_of(PARAMS), FML, by=ONLOOKER)
    assert refused.name == "ERC20InsufficientAllowance"


def test_anybody_adds_to_a_pool(chain: Chain, started: Federation) -> None:
    chain.fml("transfer", ONLOOKER.address, 3 * FML)
    chain.fml("approve", chain.deployment.alliance, 3 * FML, by=ONLOOKER)
    receipt = chain.send("fund", started.task, 3 * FML, by=ONLOOKER)
    assert started.pool * GWEI == started.pool_wei + 3 * FML
    [(_, event)] = chain.events(receipt, "TaskFunded")
    assert event["poolWei"] == started.pool * GWEI


def test_nobody_adds_to_a_pool_that_pays_nobody(chain: Chain, started: Federation) -> None:
    started.finish_by_abandoning()
    assert chain.refusal("fund", started.task, FML) == Refusal("WrongPhase", (started.task, Phase.FINISHED))


def test_a_task_that_does_not_exist_is_unknown(chain: Chain) -> None:
    for call in [("fund", 99, FML), ("state", 99), ("params", 99), ("members", 99), ("queue", 99), ("skipRound", 99)]:
        assert chain.refusal(*call) == Refusal("UnknownTask", (99,))
