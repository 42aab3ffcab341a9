"""A small share of `tests/bench/fuzz.py`: malformed input never ends in a traceback and never changes a ledger."""

import pytest
from fuzz import fuzz, shares
from fuzz_kinds import TARGETS

COUNTS = {"overrides": 10, "settings": 20, "folders": 6, "messages": 60, "manifests": 40, "transcripts": 60}


@pytest.mark.parametrize("kind", TARGETS)
def test_malformed_input_is_refused_in_words(kind: str) -> None:
    result = fuzz(kind, COUNTS.get(kind, 100), seed=11)
    assert not result.defects, result.defects[0]
    assert result.counts["refused"] > 0


def test_every_kind_has_its_share() -> None:
    found = shares(10_000, list(TARGETS))
    assert sum(found.values()) == 10_000
    assert min(found.values()) >= 200
