"""Ballots that this process has read: nodes that share one, as in a simulation, put the same motion together once."""

import hashlib
from collections import OrderedDict

from flwr.app import RecordDict

from fl_alliance.strategies import wire
from fl_alliance.strategies.rules import Motion, Rule

MOST = 4
"""Motions that are kept: those of the rounds that a process may be asked about again."""
MOST_BYTES = 2**28
"""Of the models of kept motions, beyond which the oldest go before another is read: a menu is a dozen models."""


class Ballots:
    """Reads ballots by a rule, each once. A motion is a function of its ballot, so nobody can tell but by the time."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._read: OrderedDict[bytes, Motion] = OrderedDict()

    def read(self, content: RecordDict) -> Motion:
        """Return the motion whose ballot this is; raises `BadReply` as the rule does."""
        key = _digest(content)
        if key not in self._read:
            while len(self._read) >= MOST or sum(map(_size, self._read.values())) > MOST_BYTES:
                self._read.popitem(last=False)
            self._read[key] = self._rule.read(content)
        return self._read[key]


def _size(motion: Motion) -> int:
    """Return the bytes of a motion's models."""
    return sum(array.nbytes for model in motion.models for array in model.values())


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
