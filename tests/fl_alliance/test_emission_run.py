"""A real run whose task the emission pays, and one of whose members has a delegator; the chain file holds up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fl_alliance.audit import audit
from fl_alliance.bookkeeping import read_books
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_market import DAY_S, AllianceMarket
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import ALLIANCE_MARKET, Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.market import MarketTerms, add_alliance_market, add_market
from fl_alliance.chain.rules.alliance_pay import delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.emission import POOL_WEI, daily_wei, split, task_share
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, Phase
from fl_alliance.config import load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, RoundSettled

DEADLINES = [f"alliance.{name}_s={20 * DAY_S}" for name in ("leader", "propose", "commit", "reveal")]
WORDS = [
    *("workload=linear", "rounds=3", "nodes=5", "alliance.proposers=2", "alliance.voters=2", "baselines=false"),
    *DEADLINES,
]
CREATOR = NodeKey(DEVELOPMENT_SECRET)
DELEGATOR = NodeKey(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
DELEGATED_WEI, SIGMA_BPS, DELAY_S = 60 * WEI_PER_FML, 2_500, DAY_S


class Stopped(Exception):
    """Somebody stopped the run."""


def go_on(folder: RunFolder, words: list[str], until: int | None = None) -> None:
    """Begin the run or go on with it, to its end or until a round is settled."""

    def listener(event: Event) -> None:
        if isinstance(event, RoundSettled) and event.round == until:
            raise Stopped

    config, resume = load_config(words), folder.chain.is_file()
    if until is None:
        run(config, folder, listener=listener, overrides=words, resume=resume)
        return
    with pytest.raises(Stopped):
        run(config, folder, listener=listener, overrides=words, resume=resume)


@contextmanager
def chain_of(folder: RunFolder) -> Iterator[tuple[Alliance, Sender]]:
    """The run's chain while the run is stopped, and the account that created its task."""
    with connected(f"file://{folder.chain.resolve()}") as w3:
        ledger = Alliance(w3, Deployment.load(folder.manifest), CREATOR)
        yield ledger, ledger.sender


@pytest.mark.parametrize("rule", ["rule=candidates", "rule=majority"])
def test_the_emission_pays_a_run_and_a_delegator_and_the_audit_recomputes_both(rule: str, tmp_path: Path) -> None:
    folder, words, task = RunFolder(tmp_path / "run"), [*WORDS, rule], 1
    go_on(folder, words, until=1)

    # A market over the run's own token; the DAO, here the deployer, verifies the task; a member takes a delegator.
    with chain_of(folder) as (ledger, sender):
        BoundContract(sender, "FML", ledger.token).send(200_000, "burn", POOL_WEI)  # what the cap must leave
        start_at = ledger.now() + 60
        deployed = add_market(sender, ledger.deployment, start_at, MarketTerms(withdrawal_delay_s=DELAY_S))
        deployed = add_alliance_market(sender, deployed)
        at = deployed.address(ALLIANCE_MARKET)
        Emission(sender, deployed.emission).verify(at, task)
        delegate = ledger.members(task)[0].address
        seed = load_config(words).seed
        key = next(key for site in range(5) if (key := NodeKey.derive(seed, site)).address == delegate)
        sender.send(delegate, b"", 21_000, "gas money", WEI_PER_FML)
        ledger.transfer(DELEGATOR.address, DELEGATED_WEI)
        pool = AllianceMarket(Sender(ledger.w3, key), at).open_pool(task, 0, SIGMA_BPS)
        delegator = AllianceMarket(Sender(ledger.w3, DELEGATOR), at).pool(task, delegate)
        assert delegator is not None
        assert delegator.address == pool
        delegator.deposit(DELEGATED_WEI)
        ledger.advance_to(start_at)

    go_on(folder, words, until=2)

    # The day ends; anybody notes the accepted round, closes the day and draws.
    with chain_of(folder) as (ledger, sender):
        market = AllianceMarket(sender, at)
        assert ledger.state(task).accepted_at > start_at
        market.note(task)
        staked = market.stake_wei(task)
        assert staked == sum(member.balance_gwei for member in ledger.members(task)) * WEI_PER_GWEI + DELEGATED_WEI
        advance_to(ledger.w3, start_at + DAY_S)
        before = ledger.state(task).pool_gwei
        [told] = market.keep(task, ledger.now())
        released = task_share(split(daily_wei(0), 0, staked)[1], staked, staked) // WEI_PER_GWEI * WEI_PER_GWEI
        weight = delegated_weight(DELEGATED_WEI, SIGMA_BPS)
        parts = reward_parts(released, staked // WEI_PER_GWEI, weight)
        assert (told.day, told.amount_wei) == (0, released)
        assert (told.funded_wei, told.delegated_wei) == (parts.pool_wei, parts.delegated_wei)
        grown_gwei = ledger.state(task).pool_gwei - before
        assert grown_gwei * WEI_PER_GWEI == parts.pool_wei
        assert ledger.model(task).pool_gwei == ledger.state(task).pool_gwei
        earned = delegators_share(parts.delegated_wei, weight, weight)
        assert earned == parts.delegated_wei > 0
        assert market.claimable_wei(task, delegate) == 0
        assert Fml(sender, ledger.token).balance_wei(pool) == DELEGATED_WEI + earned

    go_on(folder, words)

    with chain_of(folder) as (ledger, _):
        assert ledger.state(task).phase is Phase.FINISHED
        delegator = AllianceMarket(Sender(ledger.w3, DELEGATOR), at).pool(task, delegate)
        assert delegator is not None
        delegator.request_redeem(delegator.shares)
        advance_to(ledger.w3, ledger.now() + DELAY_S)
        redeemed = delegator.redeem()
        assert DELEGATED_WEI + earned - 1_000_000 <= redeemed <= DELEGATED_WEI + earned

    books = read_books(folder)
    assert books.flows.is_even
    assert books.flows.funded_gwei == 1_000 * 10**9 + grown_gwei
    verdict = audit(folder.root)
    assert verdict.audited.addresses[ALLIANCE_MARKET] == at
    assert verdict.audited.models.tasks[task].accepted_at > start_at
