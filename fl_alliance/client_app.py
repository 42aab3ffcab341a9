"""The Flower ClientApp of a hospital: it turns messages into calls of `Node` and signs what leaves.

The same app runs in this process, in Flower's simulation and in a deployment. A message to train or evaluate that says
nothing of an Alliance is answered as any Flower client would, so that plain strategies run on the same nodes. In a
deployment the node has a folder of the hospital's: what it has agreed to, whose key it signs with, what it has signed.
"""

import logging
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import cast

from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import adaptiveclipping_mod
from flwr.supercore.differential_privacy import KEY_CLIPPING_NORM

from fl_alliance.ballots import Ballots
from fl_alliance.chain.messages import fml_domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.code_digest import code_digest
from fl_alliance.config import JobConfig, load_config
from fl_alliance.deployment.discretion import discreet
from fl_alliance.deployment.draws import require_draw
from fl_alliance.deployment.identity import kept_binding
from fl_alliance.deployment.memory import remembering
from fl_alliance.deployment.presence import CHALLENGE_BYTES, presence_record
from fl_alliance.deployment.signer import HeldKey
from fl_alliance.deployment.taken import keep
from fl_alliance.deployment.terms import Terms
from fl_alliance.dp.hospital import hospital_ledgers, simulated_ledgers
from fl_alliance.insider import Answer, Insider, Mod, enter, make_mod, make_node
from fl_alliance.journal import Journal
from fl_alliance.judging import make_rule
from fl_alliance.masks import Masks
from fl_alliance.node import Node, task_name, told
from fl_alliance.site.errors import SiteError
from fl_alliance.site.guard import Station, failed, guarded, outlet, released
from fl_alliance.site.station import hospital, simulated
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.wire import Place
from fl_alliance.training import train_config
from fl_alliance.urn import Urn

_SIGNED = "alliance.signed"


def _as_configured(message: Message, context: Context, answer: Answer) -> Message:
    """Let a malicious node's app, where the configuration makes this site one, answer in the place of the honest."""
    mod = _load_mod(_overrides(context), _partition(context), _home(context), _run_dir(context))
    return mod(message, context, answer) if mod else answer(message, context)


def _with_discretion(message: Message, context: Context, answer: Answer) -> Message:
    """In a deployment, let no exception tell the coordinator what is the site's own."""
    home = _home(context)
    return discreet(message, context, answer, Path(home)) if home else answer(message, context)


def _as_agreed(message: Message, context: Context, answer: Answer) -> Message:
    """In a deployment, act only for the task that the hospital agreed to, and remember on disk what was signed.

    The coordinator's receipts, which come beside any request, are kept where the hospital has a place for them.
    """
    home, taken = _home(context), message.content.config_records.get(wire.TAKEN)
    if home:
        Terms.load(Path(home)).require_place(wire.read_place(wire.alliance_record(message)))
    if taken is not None:
        del message.content[wire.TAKEN]
        if (kept_at := receipts_at(context)) is not None:
            keep(kept_at, taken, wire.read_place(wire.alliance_record(message)))
    return remembering(Path(home), message, context, answer) if home else answer(message, context)


def receipts_at(context: Context) -> Path | None:
    """Return where a hospital keeps receipts; None in a simulation, whose coordinator they would be kept by."""
    home = _home(context)
    return Path(home) if home else None


def _as_permitted(message: Message, context: Context, answer: Answer) -> Message:
    """Answer only what the site's own policy lets, where it has one."""
    try:
        station = _station(context)
    except SiteError:
        logging.getLogger("flwr").exception("the site does not know its policy; nothing leaves")
        return failed(message)
    return guarded(station, message, context, answer) if station else answer(message, context)


app = ClientApp(mods=[_with_discretion, _as_permitted, _as_agreed, released, _as_configured])


@app.query("join")
def join(message: Message, context: Context) -> Message:
    """Sign the registration for the task on offer."""
    offer = wire.alliance_record(message)
    place = wire.read_place(offer)
    token, stake_wei = wire.text(offer, "token"), int(wire.text(offer, "stake-wei"))
    if home := _home(context):
        Terms.load(Path(home)).require_offer(token, stake_wei)
    registration = _node(context).join(
        place.domain,
        fml_domain(place.domain.chain_id, token),
        place.task,
        stake_wei,
        wire.integer(offer, "valid-before"),
        wire.data(offer, "salt", 32),
    )
    if home and (binding := kept_binding(Path(home))):
        registration = replace(registration, binding=binding)
    return wire.reply_to(message, wire.registration_record(registration))


@app.query("here")
def here(message: Message, context: Context) -> Message:
    """Show which member this node is, after it came back under another node id."""
    request = wire.alliance_record(message)
    challenge = wire.data(request, "challenge", CHALLENGE_BYTES)
    return wire.reply_to(message, presence_record(_node(context).key, wire.read_place(request), challenge))


@app.query("prove")
def prove(message: Message, context: Context) -> Message:
    """Lead a draw: return the VRF proof over the chain's seed."""
    request = wire.alliance_record(message)
    tag, seed, place = Tag(wire.integer(request, "tag")), wire.data(request, "seed", 32), wire.read_place(request)
    _journal(context).admit_proof(place, tag.name.lower(), seed)
    proof = _node(context).prove(place, tag, seed)
    return wire.reply_to(message, ConfigRecord({"proof": proof}))


@app.query("mask_key")
def mask_key(message: Message, context: Context) -> Message:
    """Show a key for the masks of this round, signed."""
    return wire.reply_to(message, _masks(message, context).advertise(_journal(context)))


@app.query("mask_agree")
def mask_agree(message: Message, context: Context) -> Message:
    """Sign whose updates the group's sum is of, where somebody's is missing."""
    return wire.reply_to(message, _masks(message, context).agree(_journal(context)))


@app.query("mask_reveal")
def mask_reveal(message: Message, context: Context) -> Message:
    """Tell what is needed to read the group's sum."""
    return wire.reply_to(message, _masks(message, context).reveal(_journal(context)))


@app.train()
def train(message: Message, context: Context) -> Message:
    """Train on the site's own data and sign the update, as it leaves: after any clipping that the strategy asks for."""
    masks = _masks(message, context) if _site(context).config.privacy.masks else None
    asked = message.content.config_records.get(wire.ALLIANCE)
    answer = partial(_trained, wire.read_committee(message), _task(message))
    if masks:
        masks.require_group()
    if asked is not None:
        _admit_training(message, context, wire.read_place(asked))
    for name in {wire.ALLIANCE, wire.COMMITTEE, wire.MASKS} & set(message.content):
        del message.content[name]  # Flower's mods expect a plain request
    asks_clipping = KEY_CLIPPING_NORM in message.content.config_records.get("config", {})
    # The adaptive mod clips as the fixed one does and adds the bit that adaptive clipping learns from.
    reply = adaptiveclipping_mod(message, context, answer) if asks_clipping else answer(message, context)
    node = _node(context)
    if node.outlet and not reply.has_error():
        _tell_less(node, reply)
    if asked is None or reply.has_error():
        return reply
    place = wire.read_place(asked)
    arrays: Arrays = wire.to_arrays(wire.single_arrays(reply))
    metrics = {name: value for name, value in wire.single_metrics(reply).items() if not isinstance(value, list)}
    sealed: dict[str, bytes] = {}
    if masks:
        old = wire.to_arrays(wire.single_arrays(message))
        hidden, sealed = masks.hide(_journal(context), old, arrays)
        metrics = {"num-examples": 1}  # every update weighs the same, and nothing else is told of it
        content = RecordDict({wire.ARRAYS: wire.to_record(hidden), wire.METRICS: MetricRecord(dict(metrics))})
        arrays, reply = hidden, Message(content, reply_to=message)
    digest, signature = node.sign_update(place, arrays, metrics)
    _journal(context).admit(place, "proposal", digest)
    receipt = _node(context).receipt(place, digest)
    spent = {wire.RECEIPT: receipt.to_json()} if receipt else {}
    reply.content[wire.ALLIANCE] = ConfigRecord({"update": digest, "signature": signature, **sealed, **spent})
    return reply


def _tell_less(node: Node, reply: Message) -> None:
    """Leave of a reply's metrics what may leave, before anything is signed."""
    for name, record in reply.content.metric_records.items():
        single = {key: value for key, value in record.items() if not isinstance(value, list)}
        reply.content[name] = MetricRecord(dict(node.tell(single)))


def _masks(message: Message, context: Context) -> Masks:
    """Return this node's masks; raises `PermissionError` where the request would have its update in the clear."""
    site, record = _site(context), message.content.config_records.get(wire.MASKS)
    if not site.config.privacy.masks or record is None:
        raise PermissionError("privacy.masks: an update leaves this node behind masks or not at all")
    place, home = wire.read_place(wire.alliance_record(message)), _home(context)
    masks = Masks(site.key, site.config.privacy, context, place, record, is_deployed=bool(home))
    if home:
        require_draw(Path(home), place.round, masks.member.draw.seed, masks.member.draw.members)
    return masks


def _admit_training(message: Message, context: Context, place: Place) -> None:
    """Where training spends a privacy budget, refuse a second model in a round before it is spent on in vain."""
    if _site(context).config.dp.unit != "none":
        model = model_digest(wire.to_arrays(wire.single_arrays(message)))
        _journal(context).admit(place, "training", model)


def _trained(committee: tuple[int, ...], task: str, message: Message, context: Context) -> Message:
    """Return a plain Flower reply to a plain Flower training message."""
    settings = message.content.config_records.get("config", ConfigRecord())
    proximal_mu = cast(float | None, settings.get("proximal-mu"))
    site, round_number = _site(context), int(cast(int, settings["server-round"]))
    config = replace(train_config(site.config, site.workload, round_number, proximal_mu), task=task)
    arrays, metrics = _node(context).train(wire.to_arrays(wire.single_arrays(message)), config, committee)
    content = RecordDict({"arrays": wire.to_record(arrays), "metrics": MetricRecord(dict(metrics))})
    return Message(content, reply_to=message)


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    """Score the models that are put to the vote on held-out data; send only the commitment to the vote."""
    if wire.ALLIANCE not in message.content.config_records:
        return _evaluated(message, context)
    place = wire.read_place(wire.alliance_record(message))
    motion = _load_ballots(_overrides(context)).read(message.content)
    ballot = _node(context).vote(place, motion, wire.read_committee(message))
    _journal(context).admit_vote(place, ballot.motion, ballot.commitment)
    Urn(context.state).keep(place, ballot)
    words = {"motion": ballot.motion, "commitment": ballot.commitment, "signature": ballot.commitment_signature}
    return wire.reply_to(message, ConfigRecord(dict(words)))


def _evaluated(message: Message, context: Context) -> Message:
    """Return a plain Flower reply to a plain Flower evaluation message."""
    site = _site(context)
    if site.config.rule.score_epsilon:
        raise PermissionError("rule.score_epsilon: of its held-out data this node tells nothing but blurred votes")
    scored = _node(context).tell(told(site.workload.score(wire.to_arrays(wire.single_arrays(message)), site.data)))
    return Message(RecordDict({"metrics": MetricRecord(dict(scored))}), reply_to=message)


@app.query("reveal")
def reveal(message: Message, context: Context) -> Message:
    """Reveal the vote of this round, once the commitments are locked."""
    request = wire.alliance_record(message)
    vote, metrics = Urn(context.state).promised(wire.read_place(request), wire.data(request, "commitments"))
    return wire.reply_to(message, vote, metrics=metrics)


def _task(message: Message) -> str:
    """Return the name of the task that a request is part of; empty where it says nothing of an Alliance."""
    asked = message.content.config_records.get(wire.ALLIANCE)
    return task_name(wire.read_place(asked)) if asked is not None else ""


def _journal(context: Context) -> Journal:
    return Journal(context.state.config_records.setdefault(_SIGNED, ConfigRecord()))


def _partition(context: Context) -> int:
    return int(context.node_config.get("partition-id", wire.OWN_DATA))


def _overrides(context: Context) -> str:
    return str(context.run_config.get("overrides", ""))


def _home(context: Context) -> str:
    """Return the hospital's folder in a deployment; empty in a simulation."""
    return str(context.node_config.get("home", ""))


def _station(context: Context) -> Station | None:
    """Return where the site's policy and log are, None where it has none; raises `SiteError`."""
    home = _home(context)
    if home:
        return hospital(Path(home), lambda: _load_config(_overrides(context)), lambda: _site(context).data.train)
    config = _load_config(_overrides(context))
    if not config.runtime.policy:
        return None
    return simulated(config, _run_dir(context), _partition(context), lambda: _site(context).data.train)


def _run_dir(context: Context) -> str:
    """Return the run's folder in a simulation that says where it is; what a hospital's home is nobody else says."""
    return str(context.run_config.get("run-dir", ""))


def _site(context: Context) -> Insider:
    return _load_site(_overrides(context), _partition(context), _home(context), _run_dir(context))


def _node(context: Context) -> Node:
    node = _load_node(_overrides(context), _partition(context), _home(context), _run_dir(context))
    return replace(node, outlet=outlet())


@lru_cache(maxsize=1)
def _load_config(overrides: str) -> JobConfig:
    return load_config(overrides)


@lru_cache(maxsize=1)
def _load_ballots(overrides: str) -> Ballots:
    return Ballots(make_rule(_load_config(overrides)))


@lru_cache(maxsize=1024)
def _load_node(overrides: str, partition: int, home: str, run_dir: str) -> Node:
    return make_node(_load_site(overrides, partition, home, run_dir))


@lru_cache(maxsize=1024)
def _load_mod(overrides: str, partition: int, home: str, run_dir: str) -> Mod | None:
    return make_mod(_load_site(overrides, partition, home, run_dir))


@lru_cache(maxsize=1024)
def _load_site(overrides: str, partition: int, home: str, run_dir: str) -> Insider:
    config = _load_config(overrides)
    if not home:
        return enter(config, partition, ledgers=simulated_ledgers(run_dir, partition))
    terms = Terms.load(Path(home))
    terms.require_config(config)
    terms.require_code(code_digest())
    key = HeldKey(Path(home))
    terms.require_key(key.address)
    ledgers = hospital_ledgers(Path(home), terms.address)
    return enter(config, terms.site, key, Path(terms.data) if terms.data else None, ledgers)
