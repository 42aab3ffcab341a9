"""Models as pages show them; what they earned is summed up from the index, which has the second of each payment."""

from collections import Counter, defaultdict
from contextlib import suppress

from fl_alliance.chain import strict_json
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import DOCUMENTS, GAUGES, MODELS, REVENUE, TOKEN
from fl_alliance.chain.documents import Document
from fl_alliance.console.fair import Fair
from fl_alliance.marketplace.errors import PackageDamaged
from fl_alliance.marketplace.lineage import title_of
from fl_alliance.marketplace.shelf import UNTITLED, WINDOW_S, Earning, ModelFacts, in_demand, model_facts


def count(fair: Fair) -> int:
    """Return how many models were ever listed."""
    models = fair.models
    return fair.kept("models", lambda: models.count, subjects=(MODELS,)) if models else 0


def model(fair: Fair, number: int) -> ModelFacts:
    """Return a model by itself, without what it is in demand."""
    models, revenue = fair.models, fair.revenue
    assert models is not None  # noqa: S101  there are models
    assert revenue is not None  # noqa: S101  they come with it

    def read() -> ModelFacts:
        title = UNTITLED
        with suppress(PackageDamaged):
            title = title_of(fair.store, models.listing(number))
        return model_facts(models, revenue, number, title)

    return fair.kept(("model", number), read, subjects=(f"{MODELS}:{number}", f"{REVENUE}:{number}"))


def shelf(fair: Fair) -> list[ModelFacts]:
    """Return every model that was ever listed, in order; trends are of today by the chain's clock."""
    now = fair.now()
    subjects = (MODELS, REVENUE, TOKEN)
    return fair.kept("shelf", lambda: _shelf(fair, now), now // DAY_S, subjects)


def _shelf(fair: Fair, now: int) -> list[ModelFacts]:
    numbers = range(1, count(fair) + 1)
    earned, direct = _earnings(fair, now), _direct_calls(fair)
    given_back = Counter(event.values["model"] for event in fair.events(REVENUE, "GivenBack"))
    return [
        in_demand(model(fair, number), direct.get(_till(fair, number), 0) - given_back[number], earned[number], now)
        for number in numbers
    ]


def _till(fair: Fair, number: int) -> str:
    revenue = fair.revenue
    assert revenue is not None  # noqa: S101  as above
    return fair.kept(("till", number), lambda: revenue.till(number), subjects=())


def _earnings(fair: Fair, now: int) -> defaultdict[int, list[Earning]]:
    """Return what models were paid of late; older payments weigh nothing."""
    query = "SELECT task, timestamp, fields FROM event WHERE source = ? AND name = 'Paid' AND timestamp > ?"
    found = defaultdict[int, list[Earning]](list)
    with fair.index.reading() as db:
        for number, at, fields in db.execute(query, (REVENUE, now - WINDOW_S)):
            told = strict_json.parse(fields)
            amount_wei = told["hostWei"] + told["contributorsWei"] + told["burnedWei"]
            found[number].append(Earning(number, amount_wei, at))
    return found


def _direct_calls(fair: Fair) -> dict[str, int]:
    """Return how many payments came to which account; what the gauges pay is none, nor is nothing."""
    gauges = fair.deployment.contracts.get(GAUGES)
    query = (
        "SELECT account, count(*) FROM event WHERE source = ? AND name = 'Transfer' "
        "AND json_extract(fields, '$.from') != ? AND json_extract(fields, '$.value') != 0 GROUP BY account"
    )
    with fair.index.reading() as db:
        return dict(map(tuple, db.execute(query, (TOKEN, gauges.address if gauges else ""))))


def documents(fair: Fair, number: int) -> list[tuple[int, Document]]:
    """Return the documents of a model's knowledge base, the newest first."""
    return fair.kept(("documents", number), lambda: _documents(fair, number), subjects=(DOCUMENTS,))


def _documents(fair: Fair, number: int) -> list[tuple[int, Document]]:
    view = fair.documents
    if view is None:
        return []
    numbers = [event.values["document"] for event in fair.events(DOCUMENTS, "Contributed", number)]
    return [(each, view.document(each)) for each in reversed(numbers)]
