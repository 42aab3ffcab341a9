"""Delegating to nodes and validators: weight, pay in two transfers, slashes, and what the emission sees."""

from arena_town import CREATOR, DELEGATOR, FML, OUTSIDER, Handle, Task, Town
from federation import Refusal

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import paid
from fl_alliance.chain.rules.delegation import delegate_keeps


def test_who_has_a_stake_opens_one_pool(task: Task) -> None:
    node = task.nodes[0]
    assert task.refusal("openPool", 0, by=OUTSIDER) == Refusal("WrongRole", (task.number, OUTSIDER.address, 0))
    event = task.arena.events(task.send("openPool", 4_000, by=node), "PoolOpened")[0]
    pool = Handle(task.town, "DelegationPool", event["pool"])
    assert (pool.read("task"), pool.read("sigmaBps")) == (task.number, 4_000)
    assert pool.read("market").lower() == task.arena.address.lower()
    assert task.refusal("openPool", 4_000, by=node) == Refusal("PoolExists", (task.number, node.address, pool.address))
    task.send("openPool", 0, by=CREATOR)


def test_only_its_pool_tells_what_is_delegated_to_an_account(task: Task) -> None:
    node = task.nodes[0]
    pool = task.delegate(node, 500)
    assert task.stake_of(node)["delegated"] == 500 * FML
    assert task.refusal("onAssets", node.address, 0, by=OUTSIDER) == Refusal(
        "NotAllowed", (OUTSIDER.address, pool.address)
    )


def test_delegated_stake_weighs_from_the_next_day_on_by_its_factor(town: Town) -> None:
    task = Task.create(town, delegated_bps=5_000)
    (node,) = task.join_nodes(1_000)
    task.at(0)
    task.delegate(node, 500)
    assert task.stake_of(node)["weight"] == 1_000 * 10**9
    task.at(1)
    assert task.stake_of(node)["weight"] == 1_250 * 10**9
    assert task.read("stakeWei") == 2_500 * FML


def test_a_claim_pays_the_node_and_its_delegators_in_two_transfers(task: Task) -> None:
    node = task.nodes[0]
    pool = task.delegate(node, 1_000, sigma_bps=4_000)
    task.play(0, 100, 200, 300)
    before = task.town.balance(node), task.town.balance(pool.address)
    receipt = task.send("claim", 0, node.address, by=OUTSIDER)
    earned = paid(task.day_state(0)["nodes_now"], task.submission(0, node)["share"])
    keeps = delegate_keeps(earned, 4_000, 1_000 * FML, 1_000 * FML)
    (event,) = task.arena.events(receipt, "Claimed")
    assert (event["paidWei"], event["pushedWei"]) == (keeps, earned - keeps)
    assert round(keeps / earned, 6) == 0.7  # sigma + (1 - sigma) / 2
    assert task.town.balance(node) == before[0] + keeps + 2 * FML
    assert task.town.balance(pool.address) == before[1] + earned - keeps
    assert len(task.town.fml.events(receipt, "Transfer")) == 2
    assert task.stake_of(node)["delegated"] == 1_000 * FML + earned - keeps


def test_delegators_of_a_validator_are_paid_alike(task: Task) -> None:
    validator = task.validators[1]
    task.delegate(validator, 3_000, sigma_bps=0)
    task.play(0, 100, 200, 300)
    event = task.claim(0, validator)
    earned = event["paidWei"] + event["pushedWei"]
    assert event["paidWei"] == delegate_keeps(earned, 0, 1_000 * FML, 3_000 * FML)
    assert event["pushedWei"] > 0


def test_a_pool_without_shares_gets_nothing(task: Task) -> None:
    """Who delegated has left before the claim: its part would be nobody's."""
    node = task.nodes[0]
    pool = task.delegate(node, 1_000)
    task.play(0, 100, 200, 300)
    pool.send("requestRedeem", pool.read("balanceOf", DELEGATOR.address), by=DELEGATOR)
    task.town.wait_until(task.town.now + 7 * 86_400)
    pool.send("redeem", pool.read("balanceOf", DELEGATOR.address), DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    assert task.stake_of(node)["delegated"] == 0
    assert task.claim(0, node)["pushedWei"] == 0


def test_a_slash_takes_own_stake_first_and_then_the_delegated(town: Town) -> None:
    task = Task.create(town, slash_bps=3_000)
    (node,) = task.join_nodes(200)
    task.join_validators(1_000)
    pool = task.delegate(node, 800)
    task.submit(0)
    task.score_alike(0, WORST)
    task.to_settlement(0)
    (event,) = task.arena.events(task.send("settle", 0, 100), "Slashed")
    assert (event["ownWei"], event["delegatedWei"]) == (200 * FML, 100 * FML)
    stake = task.stake_of(node)
    assert (stake["own"], stake["delegated"]) == (0, 700 * FML)
    assert town.balance(pool.address) == 700 * FML
    assert task.state["pool"] == 302 * FML


def test_pools_take_no_deposits_when_the_days_on_dataset_a_are_over(task: Task) -> None:
    """Who saw the ranks on dataset B could else join the winner's pool before it is paid."""
    pool = task.delegate(task.nodes[0], 100)
    assert task.read("endsAt") == task.begins(5)
    task.just_before(5)
    pool.send("deposit", FML, DELEGATOR.address, by=DELEGATOR)
    task.at(5)
    assert pool.refusal("deposit", FML, DELEGATOR.address, by=DELEGATOR).name == "ERC4626ExceededMaxDeposit"
    task.complete_idle()
    shares = pool.read("balanceOf", DELEGATOR.address)
    pool.send("requestRedeem", shares, by=DELEGATOR)
    task.town.wait_until(task.town.now + 7 * 86_400)
    pool.send("redeem", shares, DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
    assert task.state["staked"] == task.state["own"]
