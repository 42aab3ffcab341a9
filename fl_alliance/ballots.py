"""Ballots that this process has read: nodes that share one, as in a simulation, put the same motion together once."""

import hashlib
from collections import OrderedDict

from flwr.app import RecordDict

from fl_alliance.strategies import wire
from fl_alliance.strategies.rules import Motion, Rule

MOST = 4
"""Motions that are kept: those of the rounds that a process may be asked about again."""


class Ballots:
    """Reads ballots by a rule, each once. A motion is a function of its ballot, so nobody can tell but by the time."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._read: OrderedDict[bytes, Motion] = OrderedDict()

    def read(self, content: RecordDict) -> Motion:
        """Return the motion whose ballot this is; raises `BadReply` as the rule does."""
        key = _digest(content)
        if key not in self._read:
            self._read[key] = self._rule.read(content)
            if len(self._read) > MOST:
                self._read.popitem(last=False)
        return self._read[key]


def _digest(content: RecordDict) -> bytes:
    """Return a digest of every record but the words that are said to one node or of one request."""
    sha = hashlib.blake2b(digest_size=32)
    for name, record in content.array_records.items():
        for part, array in record.items():
            sha.update(repr((name, part, array.dtype, array.shape, len(array.data))).encode())
            sha.update(array.data)
    told = {name: sorted(record.items()) for name, record in content.config_records.items() if name not in _OTHER}
    sha.update(repr(sorted(told.items())).encode())
    return sha.digest()


_OTHER = (wire.ALLIANCE, wire.COMMITTEE)
