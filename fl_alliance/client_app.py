"""The Flower ClientApp of a hospital: it turns messages into calls of `Node` and signs what leaves.

The same app runs in this process, in Flower's simulation and in a deployment. A message to train or evaluate that says
nothing of an Alliance is answered as any Flower client would, so that plain strategies run on the same nodes.
"""

from functools import lru_cache
from typing import cast

from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import adaptiveclipping_mod
from flwr.supercore.differential_privacy import KEY_CLIPPING_NORM

from fl_alliance.chain.messages import commitment, fml_domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.config import JobConfig, load_config
from fl_alliance.insider import Answer, Insider, Mod, enter, make_mod, make_node
from fl_alliance.journal import Journal
from fl_alliance.node import Ballot, Node, told
from fl_alliance.strategies import wire
from fl_alliance.training import train_config

_BALLOT, _SIGNED = "alliance.ballot", "alliance.signed"


def _as_configured(message: Message, context: Context, answer: Answer) -> Message:
    """Let a malicious node's app, where the configuration makes this site one, answer in the place of the honest."""
    mod = _load_mod(_overrides(context), _partition(context))
    return mod(message, context, answer) if mod else answer(message, context)


app = ClientApp(mods=[_as_configured])


@app.query("join")
def join(message: Message, context: Context) -> Message:
    """Sign the registration for the task on offer."""
    offer = wire.alliance_record(message)
    place = wire.read_place(offer)
    registration = _node(context).join(
        place.domain,
        fml_domain(place.domain.chain_id, wire.text(offer, "token")),
        place.task,
        int(wire.text(offer, "stake-wei")),
        wire.integer(offer, "valid-before"),
        wire.data(offer, "salt", 32),
    )
    return wire.reply_to(message, wire.registration_record(registration))


@app.query("prove")
def prove(message: Message, context: Context) -> Message:
    """Lead a draw: return the VRF proof over the chain's seed."""
    request = wire.alliance_record(message)
    tag, seed, place = Tag(wire.integer(request, "tag")), wire.data(request, "seed", 32), wire.read_place(request)
    _journal(context).admit_proof(place, tag.name.lower(), seed)
    proof = _node(context).prove(place, tag, seed)
    return wire.reply_to(message, ConfigRecord({"proof": proof}))


@app.train()
def train(message: Message, context: Context) -> Message:
    """Train on the site's own data and sign the update, as it leaves: after any clipping that the strategy asks for."""
    asked = message.content.config_records.get(wire.ALLIANCE)
    if asked is not None:
        del message.content[wire.ALLIANCE]
    asks_clipping = KEY_CLIPPING_NORM in message.content.config_records.get("config", {})
    # The adaptive mod clips as the fixed one does and adds the bit that adaptive clipping learns from.
    reply = adaptiveclipping_mod(message, context, _trained) if asks_clipping else _trained(message, context)
    if asked is None or reply.has_error():
        return reply
    place = wire.read_place(asked)
    arrays = wire.to_arrays(wire.single_arrays(reply))
    metrics = {name: value for name, value in wire.single_metrics(reply).items() if not isinstance(value, list)}
    digest, signature = _node(context).sign_update(place, arrays, metrics)
    _journal(context).admit(place, "proposal", digest)
    reply.content[wire.ALLIANCE] = ConfigRecord({"update": digest, "signature": signature})
    return reply


def _trained(message: Message, context: Context) -> Message:
    """Return a plain Flower reply to a plain Flower training message."""
    settings = message.content.config_records.get("config", ConfigRecord())
    proximal_mu = cast(float | None, settings.get("proximal-mu"))
    site, round_number = _site(context), int(cast(int, settings["server-round"]))
    config = train_config(site.config, site.workload, round_number, proximal_mu)
    arrays, metrics = _node(context).train(wire.to_arrays(wire.single_arrays(message)), config)
    content = RecordDict({"arrays": wire.to_record(arrays), "metrics": MetricRecord(dict(metrics))})
    return Message(content, reply_to=message)


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    """Score the old model and the candidate on held-out data; send only the commitment to the vote."""
    candidate = wire.to_arrays(message.content.array_records[wire.ARRAYS])
    if wire.ALLIANCE not in message.content.config_records:
        site = _site(context)
        scored = told(site.workload.score(candidate, site.data))
        return Message(RecordDict({"metrics": MetricRecord(dict(scored))}), reply_to=message)
    place = wire.read_place(wire.alliance_record(message))
    previous = wire.to_arrays(message.content.array_records[wire.PREVIOUS])
    ballot = _node(context).vote(place, previous, candidate)
    _journal(context).admit(place, "vote", ballot.commitment, about=ballot.vote.candidate)
    _keep(context, ballot)
    return wire.reply_to(
        message,
        ConfigRecord(
            {
                "motion": ballot.vote.candidate,
                "commitment": ballot.commitment,
                "signature": ballot.commitment_signature,
            }
        ),
    )


@app.query("reveal")
def reveal(message: Message, context: Context) -> Message:
    """Reveal the vote of this round, once the commitments are locked."""
    request = wire.alliance_record(message)
    place = wire.read_place(request)
    kept = context.state.config_records.get(_BALLOT)
    if kept is None or (kept["task"], kept["round"]) != (place.task, place.round):
        raise LookupError(f"no vote was cast in round {place.round} of task {place.task}")
    # Whoever sees a vote can submit it only where its commitment is listed; otherwise revealing gives it away.
    if commitment(cast(bytes, kept["signature"])) not in wire.data(request, "commitments"):
        raise LookupError(f"this node's commitment is not among those of round {place.round}")
    names = ("motion", "score-old", "score-new", "signature")
    record = ConfigRecord({name: kept[name] for name in names})
    return wire.reply_to(message, record, metrics=context.state.metric_records[_BALLOT + ".metrics"])


def _keep(context: Context, ballot: Ballot) -> None:
    context.state[_BALLOT] = ConfigRecord(
        {
            "task": ballot.vote.task,
            "round": ballot.vote.round,
            "motion": ballot.vote.candidate,
            "score-old": ballot.vote.score_old,
            "score-new": ballot.vote.score_new,
            "signature": ballot.signature,
        }
    )
    context.state[_BALLOT + ".metrics"] = MetricRecord(dict(ballot.metrics))


def _journal(context: Context) -> Journal:
    return Journal(context.state.config_records.setdefault(_SIGNED, ConfigRecord()))


def _partition(context: Context) -> int:
    return int(context.node_config["partition-id"])


def _overrides(context: Context) -> str:
    return str(context.run_config.get("overrides", ""))


def _site(context: Context) -> Insider:
    return _load_site(_overrides(context), _partition(context))


def _node(context: Context) -> Node:
    return _load_node(_overrides(context), _partition(context))


@lru_cache(maxsize=1)
def _load_config(overrides: str) -> JobConfig:
    return load_config(overrides)


@lru_cache(maxsize=1024)
def _load_node(overrides: str, partition: int) -> Node:
    return make_node(_load_site(overrides, partition))


@lru_cache(maxsize=1024)
def _load_mod(overrides: str, partition: int) -> Mod | None:
    return make_mod(_load_site(overrides, partition))


@lru_cache(maxsize=1024)
def _load_site(overrides: str, partition: int) -> Insider:
    return enter(_load_config(overrides), partition)
