"""The demonstration from beginning to end: a market is deployed, a task played in it day by day, and accounted for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.sandbox import Limits
from fl_alliance.arena.scoring import Scorer
from fl_alliance.arena.store import open_store
from fl_alliance.arena.task import Task
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.emission import DRAW_S
from fl_alliance.chain.market_events import arena_events
from fl_alliance.market.demo.bars import bars_of
from fl_alliance.market.demo.books import accounts_of, money_of
from fl_alliance.market.demo.cast import CAST, HONEST
from fl_alliance.market.demo.casting import create, roles_of
from fl_alliance.market.demo.days import Days
from fl_alliance.market.demo.ledger import Ledger
from fl_alliance.market.demo.outcome import Entry, Judgement, Outcome, Setting
from fl_alliance.market.demo.scoring import SharedScorer
from fl_alliance.market.demo.stage import Stage, stage
from fl_alliance.market.demo.subject import Subject, choose
from fl_alliance.market.demo.witness import Witness
from fl_alliance.market.settings import STATE, STORE

HIDDEN = "hidden.bin"
"""The yardstick, which anybody can score the models with afterwards."""

DayTold = Callable[[Setting, list[Entry], list[Judgement]], None]
"""Hears of a day that is over, what every node and every validator made of it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be played.

    Attributes
    ----------
    kind : str
        `classify`, `tabular` or `lm-lora`.
    base : str
        The base model of `lm-lora`: tiny or smollm2.
    seed : int
        Decides everything, to the last block's hash.
    scorer : callable or None
        Instead of the kind's own in a sandbox.
    """

    kind: str = "classify"
    base: str = "tiny"
    seed: int = 0
    scorer: Scorer | None = None


def play(choice: Choice, folder: Path, told: DayTold) -> Outcome:
    """Play the demonstration in an empty folder, and leave there its chain, store, journals and results.

    Raises
    ------
    SettingRefused, KindError
        The kind is unknown, or lacks something that is not installed.
    ArenaError, ChainError
        A role could not go on, such as a scorer that this machine cannot keep from the network.
    """
    subject = choose(choice.kind, choice.base, choice.seed, open_store(folder / STORE), folder / STATE)
    (folder / HIDDEN).write_bytes(subject.hidden)
    scorer = choice.scorer or subject.trade.scorer(Limits())
    with stage(folder, CAST, choice.seed) as market, SharedScorer(scorer) as shared:
        task = create(market, subject)
        roles = roles_of(market, task, subject, shared)
        judge = roles[HONEST]
        assert isinstance(judge, Validator)  # noqa: S101  the cast says so
        days, setting = Days(market, task, subject, judge), _setting(choice, market, task, subject)
        entries: list[Entry] = []
        judgements: list[Judgement] = []

        def finished(day: int) -> None:
            ledger = _ledger(market)
            todays, judged = days.entries(day, ledger), days.judgements(day, ledger)
            entries.extend(todays)
            judgements.extend(judged)
            told(setting, todays, judged)

        witness = Witness(market.desks[0], task, market, finished)
        run_task([*roles.values(), witness], market.clock)
        _lapse(market)
        ledger, setting = _ledger(market), replace(setting, head=_head(market))
        accounts = accounts_of(market, task, ledger, witness.worth, entries, judgements)
        money = money_of(market, task, ledger)
    bars = bars_of(setting, entries, judgements, accounts, money)
    outcome = Outcome(setting, entries, judgements, accounts, money, bars)
    outcome.save(folder)
    return outcome


def _ledger(market: Stage) -> Ledger:
    rpc = market.bank.rpc
    return Ledger.of(arena_events(rpc, market.deployment, 0, rpc.number("eth_blockNumber")))


def _setting(choice: Choice, market: Stage, task: Task, subject: Subject) -> Setting:
    kind = subject.trade.kind
    base = kind.load(market.store.get(task.spec.base_model))
    return Setting(
        kind=choice.kind,
        title=subject.title,
        options=dict(subject.options),
        seed=choice.seed,
        days=task.params.day_count,
        head=_head(market),
        slash_bps=task.params.slash_bps,
        now_bps=task.params.now_bps,
        fee_wei=task.params.submission_fee_wei,
        base_score=kind.score(base, subject.datasets.a),
        base_hidden=kind.score(base, subject.hidden),
    )


def _head(market: Stage) -> str:
    return str(market.bank.rpc("eth_getBlockByNumber", "latest", False)["hash"])


def _lapse(market: Stage) -> None:
    """Burn what nobody drew of the emission's days, as anybody may a week after each was closed."""
    emission = market.emission
    for day in range(emission.closed_days):
        market.clock.wait_until(emission.day(day).closed_at + DRAW_S)
        emission.lapse(day)
