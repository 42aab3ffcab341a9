"""A market in which everything happens at least once that an audit has to recompute."""

from collections.abc import Sequence

from arena_town import CREATOR, DATASET_B, DELEGATOR, FML, OUTSIDER, SALT, Handle, Task, Town
from emissions import DAO

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import constructor, interface
from fl_alliance.chain.rules.arena_consensus import WORST

WEEK = 7 * 86_400
HEIR = NodeKey.derive(44, 0)
"""Gets shares of a pool from a delegator."""


def play_everything(town: Town) -> None:
    """Two tasks at once, one paid by the emission too, one that is cancelled, and one that nobody comes to."""
    town.arena.send("setMinCreatorStake", 150 * FML, by=DAO)
    town.arena.send("setLimits", (90 * FML, 90 * FML, 60, 60), by=DAO)
    brake = town.deploy("Brake", DAO.address, DAO.address)
    town.emission.send("setBrake", brake.address, by=DAO)
    town.emission.send("grantRole", town.emission.read("GAUGE_ROLE"), DAO.address, by=DAO)
    paid, own = _tasks(town)
    keeper = forwarder(town, town.arena.address)
    _first_day(town, paid, own, keeper)
    _second_day(town, paid, own, keeper)
    _last_days(town, paid, own)
    _afterwards(town, paid, own)


def forwarder(town: Town, target: str) -> str:
    """Return a contract that calls another with whatever it is called with: a keeper that is no account."""
    init = bytes.fromhex(artifacts.load("Forwarder").bytecode.removeprefix("0x")) + constructor("Forwarder", (target,))
    receipt = town.sender(OUTSIDER).send(None, init, 1_000_000, "deploy Forwarder")
    assert receipt.contract is not None
    return receipt.contract


def through(town: Town, contract: str, name: str, *args: object) -> None:
    """Call the Arena through a contract."""
    data = interface("Arena").functions[name].encode(args)
    town.sender(OUTSIDER).send(contract, data, 5_000_000, name)


def together(town: Town, artifact: str, *calls: bytes) -> None:
    """Make several calls of a contract in one transaction."""
    town.handle(artifact).send("multicall", list(calls), by=OUTSIDER)


def score_some(task: Task, day: int, scores: Sequence[int], silent: NodeKey) -> None:
    """All validators commit, all but one reveal."""
    task.to_scores(day)
    for validator in task.validators:
        task.commit_scores(day, validator, scores)
    task.to_score_reveals(day)
    for validator in task.validators:
        if validator is not silent:
            task.reveal_scores(day, validator, scores)


def _tasks(town: Town) -> tuple[Task, Task]:
    paid = Task.create(town, day_count=2, slash_bps=6_000, power_halves=3, delegated_bps=5_000, floor_bps=1_000)
    own = Task.create(town, day_count=1, first_day=2, paid_nodes=1, paid_validators=1, now_bps=0, power_halves=1)
    cancelled = Task.create(town)
    cancelled.join_nodes(100)
    cancelled.send("cancel", by=CREATOR)
    cancelled.send("unlock", CREATOR.address)
    cancelled.send("unlock", cancelled.nodes[0].address)
    town.emission.send("verify", town.arena.address, paid.number)
    idle = Task.create(town, day_count=4)
    town.emission.send("verify", town.arena.address, idle.number)
    paid.join_nodes(300, 400, lock_days=60)
    paid.join_nodes(500, 200)
    paid.join_validators(1_000, 600, 300)
    own.join_nodes(150, 100, 100)
    own.join_validators(500, 400)
    return paid, own


def _first_day(town: Town, paid: Task, own: Task, keeper: str) -> None:
    """Copies, a model over the limit, a node and a validator that do not reveal, delegators who lose with theirs."""
    first, copier, large, absent = paid.nodes
    silent = paid.validators[2]
    pool = paid.delegate(first, 700, sigma_bps=4_000)
    paid.delegate(silent, 500, sigma_bps=1_000)
    paid.at(0)
    together(town, "Emission", *(town.emission.encode("sync", town.arena.address, task) for task in (1, 4, 4)))
    model = paid.model(0, first)
    paid.commit(0, first, model)
    paid.commit(0, copier, model)
    paid.commit(0, absent)
    paid.commit(0, large, parameters=2_000_000)
    paid.to_reveals(0)
    paid.reveal(0, copier, model)
    paid.reveal(0, first, model)
    paid.reveal(0, large, parameters=2_000_000)
    pool.send("mint", 7 * 10**18 + 3, DELEGATOR.address, by=DELEGATOR)
    town.enrol(HEIR, FML)
    pool.send("transfer", HEIR.address, 5 * 10**18, by=DELEGATOR)
    score_some(paid, 0, (120_000, 1, 2, 3), silent)
    paid.to_settlement(0)
    together(town, "Arena", *(town.arena.encode("settle", paid.number, 0, count) for count in (1, 2, 1)))
    through(town, keeper, "settle", paid.number, 0, 2)
    paid.send("settle", 0, 5)
    paid.at(1)
    town.close_through(paid.params["first_day"])
    paid.send("finishDay", 0)
    paid.claim(0, first)
    paid.claim(0, paid.validators[0])


def _second_day(town: Town, paid: Task, own: Task, keeper: str) -> None:
    """The DAO changes the emission, stakes change, all nodes are scored, one of them by nobody."""
    town.emission.send("lower", 9_000, by=DAO)
    town.emission.send("setPower", 1, by=DAO)
    town.emission.send("weigh", town.arena.address, paid.number, 150, by=DAO)
    first = paid.nodes[0]
    paid.send("stake", 2, 200 * FML, 90, 0, by=first)
    town.fml.send("transfer", town.arena.address, 5, by=CREATOR)
    town.fml.send("transfer", town.emission.address, 6, by=CREATOR)
    town.fml.send("burn", 7, by=CREATOR)
    pool = Handle(town, "DelegationPool", paid.stake_of(first)["pool"])
    town.fml.send("transfer", pool.address, 9 * FML, by=CREATOR)
    pool.send("report", by=OUTSIDER)
    able = [node for node in paid.nodes if paid.stake_of(node)["own"] >= 100 * FML]
    for task in (paid, own):
        day = 1 if task is paid else 0
        for node in able if task is paid else task.nodes:
            task.commit(day, node)
    paid.to_reveals(1)
    for task in (paid, own):
        day = 1 if task is paid else 0
        for node in able if task is paid else task.nodes:
            task.reveal(day, node)
    # Half of the stake refuses the second submission.
    said = {
        validator: (100_000 + 20_000 * i, WORST if i < 2 else 200_000, 150_000)
        for i, validator in enumerate(paid.validators[:2])
    }
    paid.to_scores(1)
    for validator, scores in said.items():
        paid.commit_scores(1, validator, scores[: len(able)])
    for validator in own.validators:
        own.commit_scores(0, validator, (300_000, 200_000, 400_000))
    paid.to_score_reveals(1)
    for validator, scores in said.items():
        paid.reveal_scores(1, validator, scores[: len(able)])
    for validator in own.validators:
        own.reveal_scores(0, validator, (300_000, 200_000, 400_000))
    paid.to_settlement(1)
    paid.send("settle", 1, 100)
    own.send("settle", 0, 100)
    paid.at(2)
    town.close_through(paid.params["first_day"] + 1)
    paid.send("finishDay", 1)
    through(town, keeper, "finishDay", own.number, 0)


def _last_days(town: Town, paid: Task, own: Task) -> None:
    """The B day of one task pays what was held; nobody comes to the other's, which falls back."""
    able = [node for node in paid.nodes if paid.stake_of(node)["best"] != WORST]
    paid.send("revealDatasetB", DATASET_B, SALT)
    paid.send("enterFinal", [node.address for node in able])
    paid.to_scores(2)
    for validator in paid.validators[:2]:
        paid.commit_scores(2, validator, (110_000, 130_000)[: len(able)])
    paid.to_score_reveals(2)
    for validator in paid.validators[:2]:
        paid.reveal_scores(2, validator, (110_000, 130_000)[: len(able)])
    paid.to_settlement(2)
    paid.send("settle", 2, 100)
    paid.at(3)
    town.close_through(paid.params["first_day"] + 2)
    paid.send("finishDay", 2)
    own.send("finishDay", 1)
    town.emission.send("unverify", town.arena.address, paid.number)


def _afterwards(town: Town, paid: Task, own: Task) -> None:
    """Everybody is paid, delegators leave, what nobody drew lapses, a delegate sets its part anew."""
    first = paid.nodes[0]
    pool = Handle(town, "DelegationPool", paid.stake_of(first)["pool"])
    pool.send("requestRedeem", pool.read("balanceOf", DELEGATOR.address) // 2, by=DELEGATOR)
    pool.send("requestRedeem", pool.read("balanceOf", HEIR.address), by=HEIR)
    brake = town.handle("Brake")
    brake.send("pause", by=DAO)
    town.wait(WEEK)
    brake.send("resume", by=DAO)
    brake.send("setGuardian", OUTSIDER.address, by=DAO)
    pool.send("redeem", 10**24, HEIR.address, DELEGATOR.address, by=DELEGATOR)
    pool.send("withdraw", 1, HEIR.address, HEIR.address, by=HEIR)
    town.wait(WEEK)
    for day in range(town.emission.read("closedDays")):
        town.emission.send("lapse", day, by=OUTSIDER)
    own.pay_out()
    paid.pay_out()
    town.wait(30 * 86_400)
    pool.send("setSigma", 2_500, by=first)
