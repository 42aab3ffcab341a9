"""What is listed, as people want to see it: prices, earnings, ratings, versions, and what is trending.

Trending is a figure that anybody computes alike from the chain: what a model earned in the last `WINDOW_S`, older
payments weighing less, times what raters think of it. Earnings count, not calls: a call may cost nothing, and earnings
cost whoever buys his own trend the part that is burned.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import GAUGES, TOKEN, Deployment
from fl_alliance.chain.listings import ModelsView
from fl_alliance.chain.revenue import Payment, RevenueView
from fl_alliance.chain.rpc import Rpc

WINDOW_S = 30 * 86_400
HALF_LIFE_S = 7 * 86_400
UNTITLED = ("?", "?", "?")
"""Title, kind and task of a model whose lineage is not in the store."""
_MEAN_STARS, _MEAN_WEIGHT = 3.0, 5
"""A model's rating is taken together with so many raters of the middle: one friend is no reputation."""


_SPEAKING = ("chat", "remote", "lm-lora")


@dataclass(frozen=True, slots=True)
class Earning:
    """What a model was paid, and when."""

    model: int
    amount_wei: int
    at: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A listed model as it stands; amounts are wei, `stars` None where nobody rated it.

    `calls` are those that vouchers tell of, `direct_calls` payments to the model's till.
    """

    model: int
    title: str
    kind: str
    host: str
    digest: str
    task: str
    listed_at: int
    follows: int
    is_closed: bool
    price_wei: int
    stake_wei: int
    earned_wei: int
    calls: int
    direct_calls: int
    raters: int
    stars: float | None
    trend: float

    @property
    def is_speaking(self) -> bool:
        """Whether it answers in words, so that its price is of a thousand tokens."""
        return self.kind in _SPEAKING


def facts_of(
    rpc: Rpc, deployment: Deployment, titles: Mapping[int, tuple[str, str, str]], now: int
) -> list[ModelFacts]:
    """Return every model that was ever listed, in order.

    Parameters
    ----------
    titles : mapping
        Model -> title, kind and task of its lineage, where the store has it.
    now : int
        Second of the chain's clock.
    """
    models, revenue = ModelsView(rpc, deployment), RevenueView(rpc, deployment)
    earnings, direct = dated(rpc, revenue.payments(deployment.block)), direct_calls(rpc, deployment)
    found = []
    for number in range(1, models.count + 1):
        mine = [earning for earning in earnings if earning.model == number]
        facts = model_facts(models, revenue, number, titles.get(number, UNTITLED))
        found.append(in_demand(facts, direct[number], mine, now))
    return found


def model_facts(models: ModelsView, revenue: RevenueView, number: int, title: tuple[str, str, str]) -> ModelFacts:
    """Return a listed model by itself, as if nobody had paid for it but by vouchers."""
    listing, rating, (earned_wei, calls) = models.listing(number), models.rating(number), revenue.earned(number)
    name, kind, task = title
    return ModelFacts(
        model=number,
        title=name,
        kind=kind,
        host=listing.host,
        digest=listing.digest.hex(),
        task=task,
        listed_at=listing.listed_at,
        follows=listing.follows,
        is_closed=listing.is_closed,
        price_wei=listing.price_wei,
        stake_wei=listing.stake_wei,
        earned_wei=earned_wei,
        calls=calls,
        direct_calls=0,
        raters=rating.raters,
        stars=rating.stars,
        trend=0.0,
    )


def in_demand(facts: ModelFacts, direct: int, earnings: Iterable[Earning], now: int) -> ModelFacts:
    """Return a model with the payments to its till, and its trend from what it earned."""
    return replace(facts, direct_calls=direct, trend=trend(earnings, facts.raters, facts.stars, now))


def trend(earnings: Iterable[Earning], raters: int, stars: float | None, now: int) -> float:
    """Return how much a model is in demand, in FML.

    A payment weighs half for every `HALF_LIFE_S` that it is old, and nothing from `WINDOW_S` on; the sum is multiplied
    by the mean rating over the middle one, 1/3 to 5/3, to which `_MEAN_WEIGHT` raters of the middle are added.
    """
    weighed = 0.0
    for earning in earnings:
        age_s = max(0, now - earning.at)
        if age_s < WINDOW_S:
            weighed += earning.amount_wei * float(0.5 ** (age_s / HALF_LIFE_S))
    weight = (stars or 0) * raters + _MEAN_STARS * _MEAN_WEIGHT
    return weighed / 1e18 * weight / (raters + _MEAN_WEIGHT) / _MEAN_STARS


def trending(facts: Sequence[ModelFacts], most: int = 10) -> list[ModelFacts]:
    """Return open models by trend, the most wanted first; what nobody pays for is not in it."""
    wanted = [one for one in facts if not one.is_closed and one.trend > 0]
    return sorted(wanted, key=lambda one: (-one.trend, one.model))[:most]


def dated(rpc: Rpc, payments: Iterable[Payment]) -> list[Earning]:
    """Return payments with the second of their blocks."""
    times: dict[int, int] = {}
    found = []
    for payment in payments:
        if payment.block not in times:
            times[payment.block] = int(rpc("eth_getBlockByNumber", hex(payment.block), False)["timestamp"], 16)
        found.append(Earning(payment.model, payment.amount_wei, times[payment.block]))
    return found


def direct_calls(rpc: Rpc, deployment: Deployment) -> Counter[int]:
    """Return how many payments came to each model's till: what x402 calls leave on the chain, settled by whomever.

    Transfers of nothing and what the gauges pay are none, nor is what was held and given back.
    """
    models, revenue = ModelsView(rpc, deployment), RevenueView(rpc, deployment)
    tills = {revenue.till(number).lower(): number for number in range(1, models.count + 1)}
    if not tills:
        return Counter()
    padded = ["0x" + "0" * 24 + till.removeprefix("0x") for till in tills]
    asked = {"address": deployment.fml, "topics": ["0x" + interface(TOKEN).event("Transfer").topic.hex(), None, padded]}
    found = rpc("eth_getLogs", asked | {"fromBlock": hex(deployment.block), "toBlock": "latest"})
    gauges = deployment.contracts.get(GAUGES)
    others = {gauges.address.lower()} if gauges else set()
    calls = (log for log in found if int(log["data"], 16) and _account(log["topics"][1]) not in others)
    paid = Counter(tills[_account(log["topics"][2])] for log in calls)
    return paid - Counter(revenue.given_back(deployment.block))


def _account(topic: str) -> str:
    return "0x" + topic[-40:].lower()


def plain_facts(facts: ModelFacts) -> dict[str, Any]:
    """Return a model for JSON: amounts as text."""
    return {name: str(value) if name.endswith("_wei") else value for name, value in asdict(facts).items()}


def unit_of(kind: str) -> str:
    """Return what the price of a model of a kind is for."""
    return "a thousand tokens" if kind in _SPEAKING else "a call"


def facts_words(facts: ModelFacts) -> list[str]:
    """Return a model in lines."""
    unit = unit_of(facts.kind)
    rating = f"{facts.stars:.1f} stars of {facts.raters}" if facts.stars is not None else "not rated"
    state = "closed" if facts.is_closed else f"{fml(facts.price_wei)} {unit}"
    calls = facts.calls + facts.direct_calls
    version = f", follows model {facts.follows}" if facts.follows else ""
    return [
        f"model {facts.model}: {facts.title} ({facts.kind}){version}; {state}",
        f"    earned {fml(facts.earned_wei)}, {calls} calls ({facts.direct_calls} by x402), {rating}, "
        f"trend {facts.trend:.2f}",
        f"    host {facts.host}, stake {fml(facts.stake_wei)}, sha256 {facts.digest[:16]}, from {facts.task or 'none'}",
    ]
