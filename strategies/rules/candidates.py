"""Candidate voting: everybody forms the same menu of models from the proposals, and voters score every entry of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from statistics import median

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from fl_alliance.chain.batches import SignedScores, VoteRecord, pack_contributions, pack_votes
from fl_alliance.chain.messages import Scores, scores_content
from fl_alliance.chain.rules.candidates import Row, ScoresInvalid, decode_menu, pack_scores, score_ppm, unpack_scores
from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.steps import RevealScores, SettleMenu
from fl_alliance.strategies import wire
from fl_alliance.strategies.contribution import points
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.guarded import guarded
from fl_alliance.strategies.menu import ConsensusRule, Menu
from fl_alliance.strategies.rules.base import Fields, Groups, Quality
from fl_alliance.strategies.rules.grouped import is_even, per_group, shared, surprised
from fl_alliance.strategies.rules.suspects import spread
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place

MENU = "menu"
NUM_EXAMPLES = "num-examples"
_PROPOSAL = "proposal-"
_SHARE_BYTES = 2


@dataclass(frozen=True, slots=True)
class CandidateMotion:
    """A menu of models.

    Attributes
    ----------
    prepared : function
        Returns the proposals as the menu takes them.
    raw : mapping of int to Arrays
        As they were proposed, which is what voters are sent.
    averages : mapping of int to int
        What each who proposed contributed on average before.
    groups : Groups or None
        Where proposals are means of groups: who they are.
    """

    prepared: Callable[[], Mapping[int, Arrays]]
    menu: Menu
    encoded: bytes
    digest: bytes
    aggregate: Arrays
    raw: Mapping[int, Arrays]
    averages: Mapping[int, int]
    asks_shares: bool
    groups: Groups | None = None

    @property
    def proposals(self) -> Mapping[int, Arrays]:
        """The proposals as the menu takes them: clipped, in the order of their commitment; a coordinator needs none."""
        return self.prepared()

    @property
    def models(self) -> tuple[Arrays, ...]:
        """The menu's entries."""
        return self.menu.models

    @property
    def names(self) -> tuple[str, ...]:
        """What the entries are, in words."""
        return self.menu.names

    @property
    def choices(self) -> int:
        """How many of the entries are candidates."""
        return len(self.menu.rows)

    @property
    def members(self) -> tuple[int, ...]:
        """All who proposed, ascending."""
        return self.menu.members

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the menu says of each candidate."""
        return self.menu.rows

    def model(self, digest: bytes) -> Arrays | None:
        """Return the candidate with this digest."""
        digests = decode_menu(self.encoded, len(self.members)).digests[: self.choices]
        return self.menu.models[digests.index(digest)] if digest in digests else None

    def ballot(self) -> Mapping[str, ArrayRecord | ConfigRecord]:
        """Return what the menu is made of: the old model, the aggregate and all proposals."""
        menu = ConfigRecord(
            {
                "order": list(self.raw),
                "members": list(self.members),
                "averages": [self.averages.get(member, 0) for member in self.members],
                **_group_fields(self.groups),
            }
        )
        models = {wire.ARRAYS: self.aggregate, wire.PREVIOUS: self.menu.models[0]}
        models |= {f"{_PROPOSAL}{member}": arrays for member, arrays in self.raw.items()}
        return {MENU: menu, **{name: wire.to_record(arrays) for name, arrays in models.items()}}

    def state(self, place: Place, found: Sequence[Quality], shares: Mapping[int, float]) -> tuple[Scores, Fields]:
        """Return the vote with a score of every entry and, where they are asked, what members contributed."""
        word = pack_scores([score_ppm(quality.loss) for quality in found])
        each = shared(shares, self.groups) if self.groups else shares
        told = points(each, self.members) if self.asks_shares else ()
        if self.groups and told:
            told = surprised(told, self.members, self.averages, self.groups)
        fields = {"scores": word.to_bytes(32, "big"), "contributions": pack_contributions(told)}
        return self._scores(place, word, told), fields

    def read(self, place: Place, member: int, record: ConfigRecord, signature: bytes) -> tuple[Scores, SignedScores]:
        """Return the vote that an answer says its member signed, and as it goes on chain; raises `BadReply`."""
        word = int.from_bytes(wire.data(record, "scores", 32), "big")
        packed = wire.data(record, "contributions", _SHARE_BYTES * len(self.members) * self.asks_shares)
        told = tuple(
            int.from_bytes(packed[at : at + _SHARE_BYTES], "big", signed=True)
            for at in range(0, len(packed), _SHARE_BYTES)
        )
        try:
            unpack_scores(word, len(self.models))
        except ScoresInvalid as error:
            raise BadReply(str(error)) from error
        if sum(map(abs, told)) > POINTS:
            raise BadReply(f"contributions of {sum(map(abs, told))} points, needed at most {POINTS}")
        if not self.is_even(told):
            raise BadReply("contributions that tell members of one group apart, by what the round cannot have shown")
        return self._scores(place, word, told), SignedScores(member, word, told, signature)

    def is_even(self, told: Sequence[int]) -> bool:
        """Return whether contributions tell members of one group apart by what the chain knew of them alone."""
        return not (self.groups and told) or is_even(told, self.members, self.averages, self.groups)

    def reveal(self, task: int, votes: Sequence[VoteRecord]) -> RevealScores:
        """Return the step that puts votes on chain before the round is settled."""
        return RevealScores(task, self.encoded, pack_votes(votes))

    def settle(self, task: int, votes: Sequence[VoteRecord]) -> SettleMenu:
        """Return the step that settles the round."""
        return SettleMenu(task, self.encoded, pack_votes(votes))

    def _scores(self, place: Place, word: int, told: tuple[int, ...]) -> Scores:
        content = scores_content(word, pack_contributions(told))
        return Scores(place.task, place.round, self.digest, content)


@dataclass(frozen=True, slots=True)
class CandidateVoting:
    """Judges by a menu of models.

    Parameters
    ----------
    consensus : ConsensusRule
        Makes the menu, the same for coordinator, voters and audit.
    asks_shares : bool
        Whether voters are asked what the members contributed.
    suspect_at : int
        Mark from which the worst member is asked about where updates are hidden; the task's `suspectAt`.
    """

    consensus: ConsensusRule
    asks_shares: bool = True
    suspect_at: int = 32

    def admit(self, old: Arrays, updates: Mapping[int, Update]) -> Mapping[int, Message]:
        """Return the replies with their updates clipped, and with at most twice the median `num-examples`."""
        prepared = self._prepare(old, {member: update.arrays for member, update in updates.items()})
        most = 2 * median(float(update.metrics[NUM_EXAMPLES]) for update in updates.values())
        return {member: _admitted(update, prepared[member], most) for member, update in updates.items()}

    def motion(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int],
        averages: Mapping[int, int],
        groups: Groups | None = None,
    ) -> CandidateMotion:
        """Return the menu of the round."""
        known = averages if self.asks_shares else {}
        prepared = cache(partial(self._prepare, old, proposals))
        with guarded(self.consensus, "menu", 0):
            if groups is None:
                menu = self.consensus.menu(old, proposals, aggregate, members, known)
            else:
                of_groups = self.consensus.menu(old, proposals, aggregate, sorted(groups), per_group(known, groups))
                menu = spread(of_groups, prepared(), groups, members, known, self.suspect_at)
            encoded = menu.encoded
        return CandidateMotion(
            prepared, menu, encoded, keccak(encoded), aggregate, proposals, averages, self.asks_shares, groups
        )

    def read(self, content: RecordDict) -> CandidateMotion:
        """Return the motion whose ballot a voter was sent; raises `BadReply`."""
        sent = content.config_records.get(MENU)
        if sent is None:
            raise BadReply(f"no {MENU!r} record in the message")
        order, members, averages = (wire.integers(sent, name) for name in ("order", "members", "averages"))
        if len(averages) != len(members) or not set(order) <= set(members) or sorted(set(members)) != members:
            raise BadReply(f"{MENU}: order, members and averages do not fit together")
        proposals = {member: wire.arrays_named(content, f"{_PROPOSAL}{member}") for member in order}
        old, aggregate = (wire.arrays_named(content, name) for name in (wire.PREVIOUS, wire.ARRAYS))
        for arrays in (aggregate, *proposals.values()):
            wire.require_form(arrays, old)
        known = dict(zip(members, averages, strict=True))
        return self.motion(old, proposals, aggregate, members, known, _read_groups(sent, order, members))

    def _prepare(self, old: Arrays, proposals: Mapping[int, Arrays]) -> Mapping[int, Arrays]:
        with guarded(self.consensus, "prepare", 0):
            return self.consensus.prepare(old, proposals)


def _group_fields(groups: Groups | None) -> dict[str, list[int]]:
    """Return who is grouped with whom as a ballot says it: every member of a group, and which it goes by."""
    if groups is None:
        return {}
    pairs = sorted((member, first) for first, group in groups.items() for member in group)
    return {"grouped": [member for member, _ in pairs], "groups": [first for _, first in pairs]}


def _read_groups(sent: ConfigRecord, order: Sequence[int], members: Sequence[int]) -> Groups | None:
    """Return the groups that a ballot names, None where it names none; raises `BadReply`."""
    if "groups" not in sent:
        return None
    grouped, firsts = wire.integers(sent, "grouped"), wire.integers(sent, "groups")
    if len(firsts) != len(grouped) or grouped != sorted(set(grouped)) or not set(grouped) <= set(members):
        raise BadReply(f"{MENU}: grouped, groups and members do not fit together")
    groups: dict[int, tuple[int, ...]] = dict.fromkeys(sorted(order), ())
    for member, first in zip(grouped, firsts, strict=True):
        if first not in groups or (not groups[first] and member != first):
            raise BadReply(f"{MENU}: groups and order do not fit together")
        groups[first] = (*groups[first], member)
    if not all(groups.values()):
        raise BadReply(f"{MENU}: groups and order do not fit together")
    return groups


def _admitted(update: Update, arrays: Arrays, most: float) -> Message:
    """Return the reply with other arrays, and its `num-examples` capped."""
    metrics = dict(update.metrics)
    if metrics[NUM_EXAMPLES] > most:
        metrics[NUM_EXAMPLES] = max(1, int(most))
    plain = wire.without_alliance(update.reply)
    (arrays_name,), (metrics_name,) = plain.content.array_records, plain.content.metric_records
    content = RecordDict({**plain.content, arrays_name: wire.to_record(arrays), metrics_name: MetricRecord(metrics)})
    return wire.with_content(plain, content)
