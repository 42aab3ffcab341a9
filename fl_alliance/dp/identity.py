"""What names a data set in its ledger: a digest of the measurements, not of how a workload cuts them."""

import hashlib

import numpy as np

from fl_alliance.workloads.base import Site


def data_digest(site: Site) -> str:
    """Return sha256 in hex of a site's data.

    Where the workload says what its examples are made from (`Site.source`), of that: a forecast at 60 minutes is about
    the same patients as one at 30. Else of all its examples in an order of their own, whatever part each is in.
    """
    if site.source:
        return hashlib.sha256(b"fl-alliance/data/source/1" + site.source).hexdigest()
    sha = hashlib.sha256(b"fl-alliance/data/examples/1")
    rows = []
    for part in (site.train, site.heldout, site.test):
        for x, y in zip(part.x, part.y, strict=True):
            rows.append(np.asarray(x, "<f4").tobytes() + np.asarray(y, "<f8").tobytes())
    for row in sorted(rows):
        sha.update(len(row).to_bytes(8, "big") + row)
    return sha.hexdigest()
