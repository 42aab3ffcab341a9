"""The coordinator's side of secure aggregation: it carries keys and shares between members and reads groups' sums."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flwr.app import ConfigRecord, Message, RecordDict

from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.exchange import Exchange, Replies
from fl_alliance.strategies.masking import records
from fl_alliance.strategies.masking.fixed_point import FixedPoint
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.member import is_agreed
from fl_alliance.strategies.masking.sums import GroupSums, read_sums
from fl_alliance.strategies.masking.transcript import Transcript, TranscriptStore
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place

Read = Callable[[ConfigRecord], Any]


@dataclass(frozen=True, slots=True)
class SecureAggregation:
    """What a job asks for where updates are hidden.

    Parameters
    ----------
    size : int
        Members of a group.
    absent : int
        How many of a group may be missing from its sum.
    clip : float
        Largest change of a coordinate; see `FixedPoint`.
    store : TranscriptStore, optional
        Keeps what an interrupted round, and an audit, need.
    """

    size: int = 4
    absent: int = 1
    clip: float = 2.0
    store: TranscriptStore | None = None

    @property
    def numbers(self) -> FixedPoint:
        """How updates become whole numbers."""
        return FixedPoint(self.clip)

    def kept(self, number: int) -> Transcript | None:
        """Return what is kept of a round, None where nothing is; raises ValueError where that cannot be read."""
        return self.store.get(number) if self.store else None

    def begin(self, nodes: Exchange, place: Place, seed: bytes, members: Mapping[int, str]) -> "MaskedRound":
        """Return a round whose proposers, index -> address, were drawn from `seed`."""
        return MaskedRound(self, nodes, place, Draw(seed, dict(members), self.size, self.absent))


class MaskedRound:
    """One round: `prepared` before training, `keep` after it, `read` when proposals are closed."""

    def __init__(self, settings: SecureAggregation, nodes: Exchange, place: Place, draw: Draw) -> None:
        self._settings, self._nodes, self._place, self._draw = settings, nodes, place, draw
        self._transcript = settings.kept(place.round) or Transcript()
        self._member_of = {nodes.node_ids[member]: member for member in draw.members}

    def prepared(
        self, messages: Iterable[Message], within: float | None = None
    ) -> tuple[list[Message], dict[int, str]]:
        """Return the requests to train of who can be masked, with all that it needs, and why others are not asked.

        Keys are waited for `within` seconds, where that is given.
        """
        asked = {self._member_of[message.metadata.dst_node_id]: message for message in messages}
        if not self._transcript.adverts:
            self._transcript.adverts = self._adverts(sorted(asked), within)
            self._save()
        ready, left = [], {}
        for member, message in asked.items():
            group = self._draw.group_of(member)
            adverts = self._of(group)
            if member not in adverts or len(adverts) < self._draw.least(group):
                left[member] = f"{len(adverts)} of the {len(group)} members of its group showed a key"
                continue
            content = {**message.content, wire.MASKS: records.request_record(self._request(group))}
            ready.append(wire.with_content(message, RecordDict(content)))
        return ready, left

    def keep(self, updates: Mapping[int, Update]) -> dict[int, str]:
        """Keep the sealed shares that came with masked updates; return whose are not there, and why."""
        bad = {}
        for member, update in updates.items():
            others = set(self._of(self._draw.group_of(member))) - {member}
            try:
                self._transcript.sealed[member] = records.read_sealed(wire.alliance_record(update.reply), others)
            except BadReply as error:
                bad[member] = str(error)
        self._save()
        return bad

    def read(
        self, old: Arrays, updates: Mapping[int, Update], within: float | None = None
    ) -> tuple[dict[int, Update], GroupSums]:
        """Let members unmask the sums; return an update for each group that can be read, by its lowest member.

        Parameters
        ----------
        updates : mapping of int to Update
            All that are on chain and here: whose is not among them is left out of its group's sum, if it may be.
        within : float, optional
            Seconds for which members are waited for.
        """
        each = None if within is None else within / 2  # they are asked twice
        there = [tuple(member for member in group if member in updates) for group in self._draw.groups]
        self._reveal(self._agreed(list(filter(None, map(self._due, self._draw.groups, there))), each), each)
        self._save()
        return self.sums(old, updates)

    def sums(self, old: Arrays, updates: Mapping[int, Update]) -> tuple[dict[int, Update], GroupSums]:
        """Return what `read` does, from what members have told so far."""
        hidden = {member: update.arrays for member, update in updates.items()}
        numbers = self._settings.numbers
        sums = read_sums(self._place, self._draw, self._transcript, numbers, old, hidden)
        return {first: self._update(first, len(sums.members[first]), sums.models[first]) for first in sums.models}, sums

    def _due(self, group: Sequence[int], survivors: tuple[int, ...]) -> records.Request | None:
        """Return what a group's survivors are still to be asked, None where its sum may not, or can, be read."""
        if len(survivors) < self._draw.least(group) or all(m in self._transcript.reveals for m in survivors):
            return None
        return replace(self._request(group), survivors=survivors)

    def _agreed(self, requests: Sequence[records.Request], within: float | None) -> list[records.Request]:
        """Return the requests that survivors may act on: where somebody is missing, with all their signatures."""
        short = [request for request in requests if request.missing]
        asked = {member: request for request in short for member in request.survivors}
        answers = self._ask(wire.MASK_AGREE, asked, within)
        for request in short:
            for member in request.survivors:
                signature = _read(answers.get(member), lambda found: wire.data(found, "signature", 64))
                if signature and is_agreed(self._place, self._draw, member, request.survivors, signature):
                    self._transcript.agreements[member] = signature
        known = self._transcript.agreements
        return [
            replace(request, agreements={m: known[m] for m in request.survivors}) if request.missing else request
            for request in requests
            if not request.missing or set(request.survivors) <= set(known)
        ]

    def _reveal(self, requests: Sequence[records.Request], within: float | None) -> None:
        """Ask survivors for what sums need; what does not come is missed when they are read."""
        sealed = self._transcript.sealed
        asked = {
            reader: replace(
                request, sealed={s: sealed[s][reader] for s in request.survivors if reader in sealed.get(s, {})}
            )
            for request in requests
            for reader in request.survivors
        }
        for member, record in self._ask(wire.MASK_REVEAL, asked, within).items():
            request = asked[member]
            others = [survivor for survivor in request.survivors if survivor != member]
            reveal = _read(record, partial(records.read_reveal, others=others, missing=request.missing))
            if reveal is not None:
                self._transcript.reveals[member] = reveal

    def _adverts(self, members: Sequence[int], within: float | None) -> dict[int, Any]:
        request = records.Request(self._draw.seed, self._draw.members)
        answers = self._ask(wire.MASK_KEY, dict.fromkeys(members, request), within)
        found = {member: _read(record, records.read_advert) for member, record in answers.items()}
        return {
            member: advert
            for member, advert in found.items()
            if advert is not None and advert.is_of(self._draw.members[member], self._place, self._draw)
        }

    def _ask(
        self, action: str, requests: Mapping[int, records.Request], within: float | None
    ) -> dict[int, ConfigRecord]:
        """Return the words with which members answer a request; who answers with an error is not in it."""
        if not requests:
            return {}
        contents = {
            member: RecordDict(
                {wire.ALLIANCE: wire.place_record(self._place), wire.MASKS: records.request_record(request)}
            )
            for member, request in requests.items()
        }
        return _words(self._nodes.query_each(action, contents, within))

    def _request(self, group: Sequence[int]) -> records.Request:
        return records.Request(self._draw.seed, self._draw.members, self._of(group))

    def _of(self, group: Sequence[int]) -> dict[int, Any]:
        return {member: self._transcript.adverts[member] for member in group if member in self._transcript.adverts}

    def _update(self, member: int, count: int, arrays: Arrays) -> Update:
        """Return a group's mean as the update of one node that has as many examples as the group has members."""
        reply = self._nodes.reply_of(member, arrays, {"num-examples": count})
        return Update(reply, arrays, b"", b"")

    def _save(self) -> None:
        if self._settings.store:
            self._settings.store.put(self._place.round, self._transcript)


def _words(replies: Replies) -> dict[int, ConfigRecord]:
    found = {}
    for member, reply in replies.items():
        if not reply.has_error() and wire.ALLIANCE in reply.content.config_records:
            found[member] = reply.content.config_records[wire.ALLIANCE]
    return found


def _read(record: ConfigRecord | None, read: Read) -> Any:
    """Return what a member's words say, None where they say nothing that can be read."""
    try:
        return None if record is None else read(record)
    except BadReply:
        return None
