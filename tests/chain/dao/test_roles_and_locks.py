"""After the hand-over no account without code has a role; what the guardian can do; what locked FML are good for."""

import pytest
from assembly import DEPLOYER, GUARDIAN, LARGE, LOCKED, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, Assembly

from fl_alliance.chain.alliance_refusals import NotAllowed
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao_deploy import add_dao, add_gauges, hand_over
from fl_alliance.chain.dao_refusals import BadAmount, NotUnlocked, Resting
from fl_alliance.chain.deploy import BRAKE, DAO, MODELS, TIMELOCK, VOTES, Deployment
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.marketplace import add_marketplace
from fl_alliance.chain.refusals import AccessControlUnauthorizedAccount, ERC5805FutureLookup
from fl_alliance.chain.roles import role_holders, role_name
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

GAS = 300_000


def named(dao: Assembly, deployment: Deployment) -> set[tuple[str, str, str]]:
    """(contract, role, holder's contract or address) of every role that anybody holds."""
    by_address = {contract.address: name for name, contract in deployment.contracts.items()}
    found = set()
    for (name, role), accounts in role_holders(dao.rpc, deployment).items():
        reader = ContractReader(dao.rpc, name, deployment.address(name))
        found |= {(name, role_name(name, reader, role), by_address.get(each, each)) for each in accounts}
    return found


def test_every_role_of_every_contract_is_a_contracts(dao: Assembly) -> None:
    assert named(dao, dao.deployment) == {
        ("FML", "DEFAULT_ADMIN_ROLE", "Timelock"),
        ("FML", "MINTER_ROLE", "Emission"),
        ("Emission", "DEFAULT_ADMIN_ROLE", "Timelock"),
        ("Emission", "DAO_ROLE", "Timelock"),
        ("Emission", "MARKET_ROLE", "Arena"),
        ("Emission", "GAUGE_ROLE", "Gauges"),
        ("Arena", "DEFAULT_ADMIN_ROLE", "Timelock"),
        ("Arena", "DAO_ROLE", "Timelock"),
        ("Timelock", "DEFAULT_ADMIN_ROLE", "Timelock"),
        ("Timelock", "PROPOSER_ROLE", "Dao"),
        ("Timelock", "EXECUTOR_ROLE", "Dao"),
        ("Timelock", "CANCELLER_ROLE", "Dao"),
    }


def test_one_brake_stops_what_takes_fml_in_and_what_mints_them(dao: Assembly) -> None:
    brake = dao.deployment.address(BRAKE)
    assert {str(dao.bound(name).read("brake")).lower() for name in ("FML", "Emission", "Revenue")} == {brake.lower()}


def test_before_the_hand_over_the_deployer_holds_them_and_afterwards_nothing(dao: Assembly) -> None:
    sender = Sender(dao.w3, STRANGER)
    fresh = add_dao(sender, deploy_market(sender, dao.rpc.second() + 60), STRANGER.address)
    assert ("FML", "DEFAULT_ADMIN_ROLE", STRANGER.address) in named(dao, fresh)
    hand_over(sender, fresh)
    hand_over(sender, fresh)
    assert not [holder for _, _, holder in named(dao, fresh) if holder == STRANGER.address]
    with pytest.raises(AccessControlUnauthorizedAccount):
        hand_over(Sender(dao.w3, SMALL), add_dao(sender, deploy_market(sender, dao.rpc.second() + 60), SMALL.address))


def test_gauges_and_marketplace_are_put_there_once_and_in_their_order(dao: Assembly) -> None:
    sender = Sender(dao.w3, STRANGER)
    for add in (add_gauges, add_marketplace):
        with pytest.raises(ValueError, match="needed none"):
            add(sender, dao.deployment)
    governed = add_dao(sender, deploy_market(sender, dao.rpc.second() + 60), STRANGER.address)
    with pytest.raises(ContractMissing, match=MODELS):
        add_gauges(sender, governed)


def test_the_deployer_can_neither_mint_nor_schedule(dao: Assembly) -> None:
    for name, function, args in (
        ("FML", "mint", (DEPLOYER.address, 1)),
        (TIMELOCK, "schedule", (DEPLOYER.address, 0, b"", bytes(32), bytes(32), TERMS.delay_s)),
        ("Emission", "setPower", (1,)),
        ("Arena", "setMinCreatorStake", (1,)),
    ):
        with pytest.raises(AccessControlUnauthorizedAccount):
            dao.bound(name, DEPLOYER).send(GAS, function, *args)


def test_a_guardian_pauses_for_a_while_and_does_nothing_else(dao: Assembly) -> None:
    brake = dao.bound(BRAKE, GUARDIAN)
    with pytest.raises(NotAllowed):
        dao.bound(BRAKE, LARGE).send(GAS, "pause")
    assert not brake.read("paused")
    brake.send(GAS, "pause")
    assert brake.read("paused")
    for function, args in (("resume", ()), ("setGuardian", (GUARDIAN.address,))):
        with pytest.raises(NotAllowed):
            brake.send(GAS, function, *args)
    with pytest.raises(Resting):
        brake.send(GAS, "pause")
    dao.wait(brake.read("PAUSE_S"))
    assert not brake.read("paused")
    with pytest.raises(Resting):
        brake.send(GAS, "pause")
    dao.wait(brake.read("REST_S") - brake.read("PAUSE_S"))
    brake.send(GAS, "pause")
    assert brake.read("paused")


def test_the_dao_ends_a_pause_and_names_another_guardian(dao: Assembly) -> None:
    dao.bound(BRAKE, GUARDIAN).send(GAS, "pause")
    dao.pass_(
        dao.call(BRAKE, "resume"), dao.call(BRAKE, "setGuardian", SMALL.address), text="Go on, with a new guardian"
    )
    brake = dao.bound(BRAKE, GUARDIAN)
    assert not brake.read("paused")
    with pytest.raises(NotAllowed):
        brake.send(GAS, "pause")
    dao.bound(BRAKE, SMALL).send(GAS, "pause")


def test_locked_fml_come_back_after_the_delay_and_vote_until_asked_back(dao: Assembly) -> None:
    votes, before = dao.by(SMALL).votes, dao.fml.balance_wei(SMALL.address)
    assert votes.votes_wei == votes.locked_wei == LOCKED[SMALL.address] * WEI_PER_FML
    for amount in (0, votes.locked_wei + 1):
        with pytest.raises(BadAmount):
            votes.request_unlock(amount)
    votes.request_unlock(WEI_PER_FML)
    assert votes.votes_wei == votes.locked_wei == (LOCKED[SMALL.address] - 1) * WEI_PER_FML
    dao.wait(TERMS.unlock_s - 100)
    votes.request_unlock(2)
    assert votes.leaving[0] == WEI_PER_FML + 2
    dao.wait(200)
    with pytest.raises(NotUnlocked):
        votes.withdraw()
    dao.wait(TERMS.unlock_s)
    assert votes.withdraw() == WEI_PER_FML + 2
    assert dao.fml.balance_wei(SMALL.address) == before + WEI_PER_FML + 2
    with pytest.raises(BadAmount):
        votes.withdraw()


def test_votes_are_delegated_and_taken_back_and_their_sum_stays(dao: Assembly) -> None:
    second, whole = dao.rpc.second(), sum(LOCKED.values()) * WEI_PER_FML
    dao.by(SMALL).votes.delegate(RIVAL.address)
    assert dao.by(RIVAL).votes.votes_wei == (LOCKED[SMALL.address] + LOCKED[RIVAL.address]) * WEI_PER_FML
    assert dao.by(SMALL).votes.votes_wei == 0
    dao.by(SMALL).votes.lock(5)
    assert dao.by(RIVAL).votes.votes_wei == (LOCKED[SMALL.address] + LOCKED[RIVAL.address]) * WEI_PER_FML + 5
    dao.by(SMALL).votes.delegate(SMALL.address)
    dao.wait(10)
    assert dao.view.all_votes_wei(second) == whole
    assert dao.view.all_votes_wei(dao.rpc.second() - 1) == whole + 5
    assert dao.view.votes_wei(SMALL.address, second) == LOCKED[SMALL.address] * WEI_PER_FML
    with pytest.raises(ERC5805FutureLookup):
        dao.view.votes_wei(SMALL.address, dao.rpc.second() + 100)


def test_the_delay_is_the_daos_and_has_a_limit(dao: Assembly) -> None:
    with pytest.raises(NotAllowed):
        dao.bound(VOTES, LARGE).send(GAS, "setUnlockDelay", 0)
    dao.pass_(dao.call(VOTES, "setUnlockDelay", 60), dao.call(DAO, "setVotingPeriod", 3_600), text="Quicker")
    assert dao.bound(VOTES).read("unlockDelayS") == 60
    assert dao.bound(DAO).read("votingPeriod") == 3_600
    assert dao.by(PROPOSER).votes.locked_wei == LOCKED[PROPOSER.address] * WEI_PER_FML
