"""A market with a long history, played by real transactions: what the console's pages are measured over.

    python tests/bench/long_market.py FOLDER [PROPOSALS] [MODELS] [PAYMENTS] [DAYS]

Leaves a chain file, a manifest and a store in FOLDER.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chain" / name) for name in ("dao", "market", "marketplace")]

import assembly  # noqa: E402
import bazaar  # noqa: E402
import fair  # noqa: E402

from fl_alliance.arena.kinds.base import Budget  # noqa: E402
from fl_alliance.arena.store import Store, open_store  # noqa: E402
from fl_alliance.arena.task import TaskSpec  # noqa: E402
from fl_alliance.chain.arena_types import Role  # noqa: E402
from fl_alliance.chain.dao import Appearance, Support  # noqa: E402
from fl_alliance.chain.deploy import EMISSION, MODELS  # noqa: E402
from fl_alliance.chain.fml import Fml  # noqa: E402
from fl_alliance.chain.gauges import Choice, Gauges, GaugesView  # noqa: E402
from fl_alliance.chain.rules.words import keccak  # noqa: E402
from fl_alliance.chain.stages import Stage  # noqa: E402
from fl_alliance.chain.types import WEI_PER_FML  # noqa: E402
from fl_alliance.marketplace.lineage import Lineage  # noqa: E402

AUTHORS = (assembly.PROPOSER, assembly.RIVAL, assembly.SMALL, assembly.LARGE)
SPEC = TaskSpec(
    title="Blood glucose, half an hour ahead",
    kind=fair.PARAMS.kind,
    options={"workload": "glucose"},
    train=keccak(b"train"),
    dataset_a=fair.PARAMS.dataset_a,
    dataset_b=fair.PARAMS.dataset_b,
    base_model=fair.PARAMS.base_model,
    budget=Budget(steps=10, batch_size=8, learning_rate=0.1),
    max_parameters=fair.PARAMS.max_parameters,
    max_bytes=1_000_000,
)


def play_arena(town: "assembly.Assembly", store: Store, days: int) -> None:
    """A task of two nodes and two validators for so many days; half of what it pays is claimed."""
    market = fair.Fair(
        town.w3,
        town.deployment,
        fair.Emission(fair.Sender(town.w3, assembly.DEPLOYER), town.deployment.emission).start_at,
    )
    store.put(SPEC.encode())
    sender = market.sender(assembly.DEPLOYER)
    for key in fair.EVERYBODY:
        sender.send(key.address, b"", 21_000, "gas", 10**18)
        Fml(sender, town.deployment.fml).transfer(key.address, 1_000_000 * WEI_PER_FML)
    task = fair.Task.created(market, replace(fair.PARAMS, spec_digest=SPEC.digest, day_count=days))
    market.arena(fair.NODES[0]).open_pool(task.number, 4_000)
    for day in range(days - 1):
        task.submit(day)
        task.score(day, 13_000 + day, 14_500)
        task.settle(day)
        task.close(day)
        if day % 2:
            market.arena(fair.OUTSIDER).claim(task.number, day, fair.NODES[0].address)
    assert market.arena(fair.NODES[0]).stake_of(1, fair.NODES[0].address).role is Role.NODE


def play_dao(town: "assembly.Assembly", count: int) -> None:
    """Proposals by four authors in turn; of four one is executed, one taken back, two fail."""
    for start in range(0, count, len(AUTHORS)):
        made = []
        for place, author in enumerate(AUTHORS[: count - start]):
            call = town.call(EMISSION, "setPower", 1 + (start // len(AUTHORS)) % 2)
            made.append(town.propose(call, text=f"Proposal {start + place + 1}", by=author))
        town.by(AUTHORS[0]).cancel(made[0])
        for proposal in made[1:]:
            town.by(assembly.LARGE).appear(proposal.number, Appearance.PRESENT)
        town.wait(assembly.TERMS.review_s)
        for place, proposal in enumerate(made[1:]):
            town.by(assembly.LARGE).vote(proposal.number, Support.AGAINST if place else Support.FOR)
        town.wait(assembly.TERMS.vote_s)
        for proposal in made[1:]:
            if town.view.stage(proposal.number) is Stage.SUCCEEDED:
                town.by(assembly.STRANGER).queue(proposal)
                town.wait(assembly.TERMS.delay_s)
                town.by(assembly.STRANGER).execute(proposal)
        for proposal in made:
            town.by(assembly.STRANGER).settle_stake(proposal.number)
    town.propose(town.call(EMISSION, "setPower", 1), text="The last", by=AUTHORS[0])


def play_marketplace(town: "assembly.Assembly", store: Store, count: int, payments: int) -> None:
    """Models of one host, payments to them by x402, and a week's ballot."""
    shop = bazaar.Bazaar(town.w3, town.deployment)
    card = store.put(b"# card\n").digest
    host, payer = shop.models(), Fml(shop.sender(bazaar.CALLER), town.deployment.fml)
    for number in range(count):
        lineage = Lineage("tabular", {"workload": "glucose", "options": {}}, f"glucose {number + 1}", "", {})
        digest = store.put(lineage.encode()).digest
        host.list(keccak(b"%d" % number), card, digest, bazaar.PRICE_WEI, bazaar.TERMS.host_stake_wei)
    shop.accepted(1)
    for number in range(payments):
        model = 1 + number * number % count
        payer.transfer(shop.revenue().till(model), bazaar.PRICE_WEI)
        shop.revenue().sweep(model)
        if number % 50 == 0:
            shop.wait(bazaar.DAY)
    view, models = GaugesView(town.rpc, town.deployment), town.deployment.address(MODELS)
    town.wait(view.ends_at(view.epoch) - town.rpc.second())
    Gauges(shop.sender(assembly.LARGE), town.deployment).vote(
        [Choice(models, number, 300) for number in range(1, min(30, count) + 1)]
    )


def main(folder: Path, proposals: int = 300, models: int = 300, payments: int = 2_000, days: int = 300) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(str(folder / "store"), {})
    with assembly.assembled(f"file://{folder / 'chain.db'}") as town:
        town.deployment.save(folder / "market.json")
        for name, play in (
            (f"{days} days of the Arena", lambda: play_arena(town, store, days)),
            (f"{models} models, {payments:,} payments", lambda: play_marketplace(town, store, models, payments)),
            (f"{proposals} proposals", lambda: play_dao(town, proposals)),
        ):
            began = time.perf_counter()
            play()
            took, block = time.perf_counter() - began, town.rpc.number("eth_blockNumber")
            print(f"{name:<32} played in {took:6.1f} s, block {block:,}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
