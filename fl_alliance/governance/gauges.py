"""Where gauge votes go and what they move: facts, their words, and what is due when an epoch is over."""

from collections.abc import Iterator
from dataclasses import dataclass

from fl_alliance.arena.events import fml
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, EMISSION, MODELS, Deployment
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.gauges import GaugeKind, Gauges, GaugesView
from fl_alliance.chain.listings import ModelsView
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.gauges import task_percent
from fl_alliance.chain.sender import read_log
from fl_alliance.market.place import Place
from fl_alliance.market.units import duration

_VERIFIED = "TaskVerified"
_NAMES = {ARENA: "arena", ALLIANCE_MARKET: "alliance", MODELS: "model"}


@dataclass(frozen=True, slots=True)
class GaugeFacts:
    """A gauge as it stands.

    Attributes
    ----------
    name : str
        As a person gives it, such as alliance:1; the source's address where that is none of the market's.
    votes_wei : int
        In the running epoch.
    running_bps : int
        Its share of the running epoch so far, of 10,000 of its kind.
    former_wei, former_bps : int
        Its votes in the epoch before, and the share that counts of it; 0 in the first.
    percent : int or None
        What a task's stake weighs now, of 100; None of a model.
    is_due : bool
        Whether anybody can apply the former epoch's votes: the task weighs something else, or the model is not paid.
    """

    name: str
    source: str
    number: int
    kind: GaugeKind
    votes_wei: int
    running_bps: int
    former_wei: int
    former_bps: int
    percent: int | None
    is_due: bool


def gauges_of(view: GaugesView, emission: EmissionView, rpc: Rpc, deployment: Deployment) -> Iterator[GaugeFacts]:
    """Yield every gauge that can be voted for: verified tasks in the order of their verification, then open models."""
    epoch, terms = view.epoch, view.terms
    names = {deployment.address(name): said for name, said in _NAMES.items() if name in deployment.contracts}
    for source, task in verified_tasks(emission, rpc, deployment):
        share = view.share_bps(epoch - 1, source, task) if epoch else 0
        percent = emission.percent(source, task, emission.today)
        yield GaugeFacts(
            name=f"{names.get(source, source)}:{task}",
            source=source,
            number=task,
            kind=view.kind(source, task),
            votes_wei=view.votes_wei(epoch, source, task),
            running_bps=view.share_bps(epoch, source, task),
            former_wei=view.votes_wei(epoch - 1, source, task) if epoch else 0,
            former_bps=share,
            percent=percent,
            is_due=bool(epoch) and percent != task_percent(share, terms),
        )
    models = ModelsView(rpc, deployment)
    for number in (each for each in range(1, models.count + 1) if not models.listing(each).is_closed):
        share = view.share_bps(epoch - 1, models.address, number) if epoch else 0
        yield GaugeFacts(
            name=f"model:{number}",
            source=models.address,
            number=number,
            kind=GaugeKind.MODEL,
            votes_wei=view.votes_wei(epoch, models.address, number),
            running_bps=view.share_bps(epoch, models.address, number),
            former_wei=view.votes_wei(epoch - 1, models.address, number) if epoch else 0,
            former_bps=share,
            percent=None,
            is_due=bool(epoch) and view.due_wei(epoch - 1, number) > 0,
        )


def verified_tasks(emission: EmissionView, rpc: Rpc, deployment: Deployment) -> list[tuple[str, int]]:
    """Return source and number of the tasks whose stake counts now, in the order of their first verification."""
    event = interface(EMISSION).event(_VERIFIED)
    where = {"address": emission.address, "topics": ["0x" + event.topic.hex()]}
    logs = rpc("eth_getLogs", where | {"fromBlock": hex(deployment.block), "toBlock": "latest"})
    told = [event.values(log.topics, log.data) for log in map(read_log, logs)]
    found = dict.fromkeys((checksum(values["source"]), int(values["task"])) for values in told)
    return [task for task in found if emission.is_verified(*task)]


def gauge_words(found: GaugeFacts, cast_wei: int) -> str:
    """Return a gauge in one line."""
    share = f", {100 * found.votes_wei / cast_wei:.1f} % of its kind" if cast_wei else ""
    moves = f"last week {found.former_bps / 100:g} % counted"
    moves += f"; its stake weighs {found.percent} %" if found.percent is not None else ""
    due = "; apply what is due: fl-alliance dao gauge --apply" if found.is_due else ""
    return f"{found.name}: {fml(found.votes_wei)} this week{share}; {moves}{due}"


def apply_due(place: Place, gauges: Gauges) -> Iterator[str]:
    """Do what the last epoch's votes move and nobody has done yet, and yield each step in words."""
    for found in list(gauges_of(gauges, place.emission, place.rpc, place.market)):
        if not found.is_due:
            continue
        if found.percent is None:
            yield f"{found.name} was paid {fml(gauges.pay(found.number))} into its till"
        else:
            yield f"{found.name} weighs {gauges.weigh(found.source, found.number)} % of its stake"


def epoch_words(view: GaugesView, voter: str, now: int) -> str:
    """Return the running epoch in one line."""
    epoch = view.epoch
    said = "you have voted" if view.has_voted(epoch, voter) else "you have not voted"
    return f"week {epoch + 1} of gauge votes, for {duration(view.ends_at(epoch) - now)} more; {said}"
