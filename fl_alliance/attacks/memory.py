"""What sites of one process have trained, so that who knows everybody's data need not train everything twice."""

import copy
import hashlib
from collections import OrderedDict

import numpy as np

from fl_alliance.workloads.base import Arrays, Site, TrainConfig, TrainResult, Workload

MOST = 512
"""Results that are kept: several rounds of a committee, whoever trains them."""

_kept: OrderedDict[bytes, TrainResult] = OrderedDict()


def remembering(workload: Workload) -> Workload:
    """Return the workload as one that trains the same model on the same data in the same way only once in this process.

    Training is a function of its arguments, so nobody can tell the difference, but for the time it takes.
    """
    kind = type(workload)

    def train(self: Workload, arrays: Arrays, site: Site, config: TrainConfig) -> TrainResult:
        """Return what `arrays` become by training, as the workload does."""
        key = _key(self, arrays, site, config)
        if key not in _kept:
            _kept[key] = kind.train(self, arrays, site, config)
            if len(_kept) > MOST:
                _kept.popitem(last=False)
        result = _kept[key]
        return TrainResult(dict(result.arrays), result.num_examples, result.metrics)

    # Of the same class, so that whatever else it can do is still found.
    twin = copy.copy(workload)
    object.__setattr__(twin, "__class__", type(kind.__name__, (kind,), {"train": train, "__slots__": ()}))
    return twin


def _key(workload: Workload, arrays: Arrays, site: Site, config: TrainConfig) -> bytes:
    sha = hashlib.blake2b(f"{workload.name} {site.node} {config}".encode(), digest_size=16)
    for array in (*arrays.values(), site.train.x, site.train.y):
        sha.update(np.ascontiguousarray(array).data)
    return sha.digest()
