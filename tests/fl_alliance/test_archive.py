"""Every proposal of a run can be read again, and none that was changed passes for the one on chain."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from fl_alliance.archive import ProposalArchive, ProposalDamaged
from fl_alliance.strategies.digests import update_digest

ARRAYS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([0.1], dtype=np.float32)}
METRICS = {"num-examples": 7, "train_loss": 0.1 + 0.2}
DIGEST = update_digest(ARRAYS, METRICS)


@pytest.fixture
def archive(tmp_path: Path) -> ProposalArchive:
    kept = ProposalArchive(tmp_path / "proposals")
    kept.put(DIGEST, ARRAYS, METRICS)
    return kept


def test_a_proposal_comes_back_to_the_bit_in_its_order(archive: ProposalArchive) -> None:
    found = archive.get(DIGEST)
    assert found is not None
    arrays, metrics = found
    assert update_digest(arrays, metrics) == DIGEST
    assert list(arrays) == ["w", "b"]
    assert metrics == METRICS
    assert 0 < archive.size_bytes < 1000


def test_what_was_never_put_is_not_there(archive: ProposalArchive) -> None:
    assert archive.get(bytes(32)) is None


def test_no_changed_byte_passes(archive: ProposalArchive) -> None:
    path = archive.path(DIGEST)
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with suppress(ProposalDamaged):  # where only the file's own padding differs, the proposal is the same
            found = archive.get(DIGEST)
            assert found is not None
            assert update_digest(*found) == DIGEST
    path.write_bytes(good[:-3])
    with pytest.raises(ProposalDamaged, match="cannot be read"):
        archive.get(DIGEST)


def test_a_proposal_under_anothers_name_is_named(archive: ProposalArchive) -> None:
    archive.path(DIGEST).rename(archive.path(bytes(32)))
    with pytest.raises(ProposalDamaged, match=f"a proposal of digest {DIGEST.hex()}"):
        archive.get(bytes(32))
