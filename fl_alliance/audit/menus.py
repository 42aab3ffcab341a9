"""Forming every round's menu again from the proposals that a run folder keeps, and comparing it with the voted one.

The chain shows which menu was voted on and what came of it, but of the models in it only digests. With the proposals,
whose digests are on chain too, everything follows: the clipped updates, the inner strategy's aggregate, the menu, and
so every adopted model from the task's first. Who coordinated and put another menu to the vote is thereby named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flwr.app import ConfigRecord
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import Strategy

from fl_alliance.archive import MaskArchive, ProposalArchive, ProposalDamaged
from fl_alliance.audit.facts import EndedRound
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.candidates import MenuDigest, decode_menu
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.config import JobConfig
from fl_alliance.judging import make_rule, make_strategy
from fl_alliance.masks import secure_aggregation
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import inner, wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.exchange import Exchange
from fl_alliance.strategies.masking.rounds import SecureAggregation
from fl_alliance.strategies.motions import put_to_the_vote
from fl_alliance.strategies.rules import Groups, Motion, Rule
from fl_alliance.strategies.rules.candidates import CandidateMotion
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class Menus:
    """How far what was put to the vote could be formed again: of how many rounds, and why not of the rest.

    `aggregates` are the digests of what the strategy made of the updates, by round.
    """

    verified: int
    note: str = ""
    aggregates: Mapping[int, bytes] = field(default_factory=dict)


def check_menus(
    config: JobConfig,
    archive: ProposalArchive,
    initial: Arrays,
    model: TaskModel,
    rounds: Sequence[EndedRound],
    masks: MaskArchive,
) -> Menus:
    """Form the menus of a task's rounds again, from its first model on.

    Raises
    ------
    DoesNotHold
        A kept proposal is not the one on chain, or a menu is not the one that follows from the proposals.
    """
    reenactment = _Reenactment(config, archive, initial, model, masks)
    aggregates: dict[int, bytes] = {}
    for ended in rounds:
        if ended.account.get("motion") is None and not reenactment.is_unjudged(ended):
            continue
        if (note := reenactment.take(ended)) is not None:
            return Menus(len(aggregates), note, aggregates)
        aggregates[ended.number] = reenactment.aggregate
    return Menus(len(aggregates), "", aggregates)


class _Reenactment:
    """Goes through the rounds as the coordinator did, with the proposals in the place of the nodes."""

    def __init__(
        self, config: JobConfig, archive: ProposalArchive, initial: Arrays, model: TaskModel, masks: MaskArchive
    ) -> None:
        self._archive, self._task, self._relayer = archive, model, model.params.relayer
        self._masks = secure_aggregation(config.privacy, masks)
        self._strategy: Strategy = make_strategy(config)
        self._rule: Rule = make_rule(config)
        # No node is asked for anything: the grid is there for what a strategy reads from it.
        grid = LocalGrid(ClientApp(), len(model.roster.nodes), {})
        self._nodes = Exchange(grid, list(grid.get_node_ids()), 0.0)
        self._model = initial
        self.aggregate = bytes(32)

    def is_unjudged(self, ended: EndedRound) -> bool:
        """Return whether the round was accepted without voters."""
        return ended.outcome is Outcome.ACCEPTED and not ended.committee.voters

    def take(self, ended: EndedRound) -> str | None:
        """Verify one round; return why it cannot be, where that is nobody's fault."""
        where = f"round {ended.number} (block {ended.block})"
        updates, missing = self._updates(ended)
        groups: Groups | None = None
        if self._masks:
            if not self._is_kept(self._masks, ended):
                return f"{where}: no transcript of its masks, so no menu from there on was verified"
            updates, groups = self._sums(self._masks, ended, updates)
        before = inner.snapshot(self._strategy)
        motion = self._motion(ended, updates, groups)
        if motion is None or not self._follows(motion, ended):
            if missing:
                return f"{where}: no file of the proposal of member {missing[0]}, so no menu from there on was verified"
            if motion is not None and self._is_random(ended, updates, groups, before, motion):
                return f"{where}: the strategy's aggregate is random, so no menu from there on was verified"
            raise DoesNotHold(where, self._difference(ended, motion), Check.AGGREGATE)
        self._require_even(where, motion, ended)
        if ended.outcome is not Outcome.ACCEPTED:
            inner.restore(self._strategy, before)
        adopted = motion.model(ended.model)
        if adopted is None:
            raise DoesNotHold(where, f"the model {ended.model.hex()} is none that was put to the vote", Check.MODEL)
        self._model, self.aggregate = adopted, model_digest(motion.aggregate)
        return None

    def _follows(self, motion: Motion, ended: EndedRound) -> bool:
        """Return whether what was voted on is this; without voters, whether it was adopted."""
        voted: str | None = ended.account["motion"]
        if voted is None:
            return model_digest(motion.aggregate) == ended.model
        return motion.digest.hex() == voted

    def _require_even(self, where: str, motion: Motion, ended: EndedRound) -> None:
        """Refuse a round in which most voters tell members of a group apart as the chain's averages do not.

        One voter can lie, for as much as its word weighs; most of them were sent other averages.
        """
        if not isinstance(motion, CandidateMotion):
            return
        told = ended.committee.contributions
        uneven = sorted(voter for voter, points in told.items() if not motion.is_even(points))
        if 2 * len(uneven) > len(told):
            what = f"members {', '.join(map(str, uneven))} tell members of one group apart, not as the chain knew them"
            raise DoesNotHold(where, f"{what}: the relayer {self._relayer} sent other averages", Check.MESSAGES)

    def _updates(self, ended: EndedRound) -> tuple[Mapping[int, Update], Sequence[int]]:
        """Return the kept proposals in the order of their commitment, and whose are missing."""
        found, missing = {}, []
        for member, digest in ended.committee.updates.items():
            try:
                kept = self._archive.get(digest)
            except ProposalDamaged as damage:
                where = f"round {ended.number}, proposal of member {member}"
                raise DoesNotHold(where, str(damage), Check.PROPOSALS) from damage
            if kept is None:
                missing.append(member)
            else:
                found[member] = Update(self._nodes.reply_of(member, *kept), kept[0], digest, b"")
        return found, missing

    def _sums(
        self, masks: SecureAggregation, ended: EndedRound, updates: Mapping[int, Update]
    ) -> tuple[Mapping[int, Update], Groups]:
        """Read the groups' sums again, as the chain's seed groups the proposers."""
        place = Place(self._task.domain, self._task.task, ended.number)
        members = {member: self._task.roster.nodes[member].address for member in ended.committee.proposers}
        shown, sums = masks.begin(self._nodes, place, ended.committee.seed, members).sums(self._model, updates)
        return shown, sums.members

    def _is_kept(self, masks: SecureAggregation, ended: EndedRound) -> bool:
        """Return whether a round's transcript of masks is here; refuse one that cannot be read."""
        try:
            return masks.kept(ended.number) is not None
        except ValueError as damage:
            raise DoesNotHold(f"round {ended.number}, its masks", str(damage)) from damage

    def _motion(self, ended: EndedRound, updates: Mapping[int, Update], groups: Groups | None) -> Motion | None:
        members = sorted(ended.committee.updates)
        committee, arrays = self._nodes.committee(ended.committee.proposers), wire.to_record(self._model)
        list(self._strategy.configure_train(ended.number, arrays, ConfigRecord(), committee))
        averages = {member: ended.averages.get(member, 0) for member in members}
        motion, _ = put_to_the_vote(
            self._strategy, self._rule, ended.number, self._model, updates, members, averages, groups
        )
        return motion

    def _is_random(
        self,
        ended: EndedRound,
        updates: Mapping[int, Update],
        groups: Groups | None,
        before: list[dict[str, Any]],
        first: Motion,
    ) -> bool:
        """Return whether the strategy makes something else of the same updates when it is asked again."""
        inner.restore(self._strategy, before)
        again = self._motion(ended, updates, groups)
        return again is None or again.digest != first.digest

    def _difference(self, ended: EndedRound, motion: Motion | None) -> str:
        """Say in what the voted menu, or candidate, is not the one that follows from the proposals."""
        if not isinstance(motion, CandidateMotion):
            formed = f"formed is {model_digest(motion.aggregate).hex()}" if motion else "there is none"
            head = f"the candidate that the relayer {self._relayer} put to the vote does not follow from the proposals"
            return f"{head}: it is {ended.account['named']}, {formed}"
        voted = decode_menu(ended.menu or b"", len(ended.committee.updates))
        head = f"the menu that the relayer {self._relayer} put to the vote does not follow from the proposals"
        return f"{head}: {_unequal(voted, motion.menu.digest, motion.menu.names)}"


def _unequal(voted: MenuDigest, formed: MenuDigest, names: Sequence[str]) -> str:
    if (len(voted.digests), len(voted.rows)) != (len(formed.digests), len(formed.rows)):
        return (
            f"it has {len(voted.rows)} candidates of {len(voted.digests)} entries, formed are {len(formed.rows)} of "
            f"{len(formed.digests)}"
        )
    for index, (found, needed) in enumerate(zip(voted.digests, formed.digests, strict=True)):
        if found != needed:
            return f"entry {index} ({names[index]}) is {found.hex()}, formed is {needed.hex()}"
    for index, (row, expected) in enumerate(zip(voted.rows, formed.rows, strict=True)):
        if row != expected:
            return f"the marks or the question of entry {index} ({names[index]}) are others"
    return "its bytes are others"
