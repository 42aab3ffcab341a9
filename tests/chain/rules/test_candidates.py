"""Candidate voting's integers: menus, scores, medians, the winner and evidence."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import (
    DEFAULT,
    MARK_LIMIT,
    MAX_ENTRIES,
    MAX_EVIDENCE,
    OLD,
    PART_OF,
    SCORE_WORST,
    MenuDigest,
    MenuInvalid,
    Row,
    ScoresInvalid,
    convict,
    decide,
    decode_menu,
    encode_menu,
    lower_median,
    medians,
    next_evidence,
    pack_scores,
    score_ppm,
    unpack_scores,
)

SCORE = st.integers(0, SCORE_WORST)
TERMS = {"offset": 40, "forgive": 16, "slash_above": 112}


@st.composite
def ballots(draw: st.DrawFn) -> tuple[list[list[int]], list[int], int]:
    """Scores that often tie, weights that may be 0 but not all, and the number of candidates."""
    candidates = draw(st.integers(2, 6))
    voters = draw(st.integers(1, 7))
    score = st.one_of(st.integers(0, 5), SCORE)
    scores = draw(st.lists(st.lists(score, min_size=candidates, max_size=candidates), min_size=voters, max_size=voters))
    weights = draw(st.lists(st.integers(0, 9), min_size=voters, max_size=voters).filter(any))
    return scores, weights, candidates


@st.composite
def menus(draw: st.DrawFn) -> tuple[MenuDigest, int]:
    entries = draw(st.integers(2, MAX_ENTRIES))
    candidates, proposals = draw(st.integers(2, entries)), draw(st.integers(0, 5))
    digests = tuple(draw(st.binary(min_size=32, max_size=32)) for _ in range(entries))
    entry = st.integers(0, entries - 1)
    marks = st.binary(min_size=proposals, max_size=proposals)
    rows = tuple(Row(draw(marks), draw(entry), draw(entry)) for _ in range(candidates))
    return MenuDigest(digests, rows), proposals


def test_a_loss_becomes_a_score_and_a_diverged_model_the_worst() -> None:
    assert [score_ppm(loss) for loss in (-1.0, 0.0, 1.0, 4.0, 99.0)] == [0, 0, 250_000, SCORE_WORST, SCORE_WORST]
    assert [score_ppm(loss) for loss in (float("nan"), float("inf"), float("-inf"))] == [SCORE_WORST] * 3


@given(st.lists(SCORE, min_size=1, max_size=MAX_ENTRIES))
def test_scores_survive_being_packed(scores: list[int]) -> None:
    word = pack_scores(scores)
    assert word < 1 << 240
    assert unpack_scores(word, len(scores)) == tuple(scores)


@pytest.mark.parametrize("word", [-1, 1 << 40, SCORE_WORST + 1], ids=["negative", "third entry", "above the worst"])
def test_a_word_that_is_no_scores_of_two_entries_is_refused(word: int) -> None:
    with pytest.raises(ScoresInvalid):
        unpack_scores(word, 2)


@pytest.mark.parametrize("scores", [[], [0] * 13, [-1], [SCORE_WORST + 1]], ids=["none", "many", "below", "above"])
def test_scores_out_of_range_are_not_packed(scores: list[int]) -> None:
    with pytest.raises(ScoresInvalid):
        pack_scores(scores)


def has_weight(pairs: list[tuple[int, int]]) -> bool:
    return any(weight for _, weight in pairs)


@given(menus())
def test_a_menu_survives_being_encoded(case: tuple[MenuDigest, int]) -> None:
    menu, proposals = case
    data = encode_menu(menu)
    assert len(data) == 2 + 32 * len(menu.digests) + (2 + proposals) * len(menu.rows)
    assert decode_menu(data, proposals) == menu
    for other in (data[:-1], data + b"\0"):
        with pytest.raises(MenuInvalid):
            decode_menu(other, proposals)


@pytest.mark.parametrize(("candidates", "entries", "question"), [(1, 2, 0), (3, 2, 0), (2, 13, 0), (2, 2, 2)], ids=str)
def test_a_menu_that_the_contract_could_not_judge_is_refused(candidates: int, entries: int, question: int) -> None:
    data = bytes([candidates, entries]) + bytes(32 * entries) + bytes([0, question, 0]) * candidates
    with pytest.raises(MenuInvalid):
        decode_menu(data, 1)


@pytest.mark.parametrize("data", [b"", b"\2"], ids=len)
def test_too_few_bytes_are_no_menu(data: bytes) -> None:
    with pytest.raises(MenuInvalid):
        decode_menu(data, 0)


def test_rows_of_different_length_are_not_encoded() -> None:
    with pytest.raises(MenuInvalid):
        encode_menu(MenuDigest((bytes(32), bytes(32)), (Row(b"\0\0"), Row(b""))))


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 9)), min_size=1, max_size=9).filter(has_weight))
def test_the_median_is_the_middle_one_of_each_unit_of_weight(pairs: list[tuple[int, int]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    spread = sorted(value for value, weight in pairs for _ in range(weight))
    assert lower_median(values, weights) == spread[(len(spread) - 1) // 2]


def test_a_median_without_any_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        lower_median([1, 2], [0, 0])


def slow_winner(scores: list[list[int]], weights: list[int], candidates: int, override_bps: int) -> int:
    """The definition, read literally."""

    def middle(a: int, b: int) -> int:
        gaps = sorted({s[b] - s[a] for s in scores})
        total = sum(weights)
        held = {g: sum(w for s, w in zip(scores, weights, strict=True) if s[b] - s[a] <= g) for g in gaps}
        return next(g for g in gaps if 2 * held[g] >= total)

    values = {a: min(middle(a, b) for b in range(candidates) if b != a) for a in range(candidates)}
    leaders = [a for a, value in values.items() if value == max(values.values())]
    best = DEFAULT if DEFAULT in leaders else min(leaders)
    if best == DEFAULT:
        return best
    backing = sum(w for s, w in zip(scores, weights, strict=True) if s[best] < s[DEFAULT])
    return best if Fraction(backing, sum(weights)) >= Fraction(override_bps, 10_000) else DEFAULT


@given(ballots(), st.integers(0, 10_000))
def test_the_winner_is_the_one_of_the_definition(case: tuple[list[list[int]], list[int], int], bps: int) -> None:
    assert decide(*case, bps).winner == slow_winner(*case, bps)


@given(ballots(), st.randoms())
def test_the_order_of_the_voters_does_not_matter(case: tuple[list[list[int]], list[int], int], random: object) -> None:
    scores, weights, candidates = case
    order = list(range(len(scores)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = decide([scores[i] for i in order], [weights[i] for i in order], candidates, 6667)
    assert shuffled == decide(scores, weights, candidates, 6667)


@given(ballots(), st.integers(2, 1000))
def test_only_the_proportion_of_the_stakes_matters(case: tuple[list[list[int]], list[int], int], times: int) -> None:
    scores, weights, candidates = case
    assert decide(scores, [w * times for w in weights], candidates, 6667).winner == decide(*case, 6667).winner


@given(ballots())
def test_a_minority_moves_a_median_only_between_the_scores_of_the_others(
    case: tuple[list[list[int]], list[int], int],
) -> None:
    scores, weights, candidates = case
    honest, total = scores, sum(weights)
    extreme = [0 if entry == OLD else SCORE_WORST for entry in range(candidates)]
    matrix = medians([*honest, extreme], [*weights, total - 1], candidates) if total > 1 else medians(*case)
    for a in range(candidates):
        for b in range(candidates):
            gaps = [s[b] - s[a] for s, w in zip(scores, weights, strict=True) if w] if a != b else [0]
            assert min(gaps) <= matrix[a][b] <= max(gaps)


def test_the_best_candidate_needs_two_thirds_against_the_default() -> None:
    scores = [[9, 5, 1], [9, 5, 1], [9, 1, 5]]
    assert decide(scores, [1, 1, 1], 3, 6666).winner == 2
    held = decide(scores, [1, 1, 1], 3, 6667)
    assert (held.winner, held.best, held.backing, held.weight) == (DEFAULT, 2, 2, 3)


def test_ties_go_to_the_default_and_then_to_the_first() -> None:
    assert decide([[5, 5, 5]], [1], 3, 6667).winner == DEFAULT
    assert decide([[1, 5, 1]], [1], 3, 6667).winner == OLD


def test_the_old_model_stays_when_everyone_finds_it_best() -> None:
    assert decide([[1, 5, 9]] * 3, [1, 1, 1], 3, 6667).winner == OLD


def test_suspects_are_convicted_by_three_quarters_of_the_stake() -> None:
    row = Row(bytes([PART_OF, 56, 55, PART_OF | 96]), reference=1, question=2)
    assert row.suspects(56) == (1, 3)
    assert row.parts() == (0, 3)
    scores = [[0, 1, 2], [0, 2, 2]]
    assert convict(row, scores, [3, 1], 7500)
    assert not convict(row, scores, [2, 1], 7500)


def test_a_row_without_a_question_convicts_nobody() -> None:
    assert not convict(Row(b"\x60"), [[9, 0, 0]], [1], 0)


def test_evidence_grows_by_what_a_mark_exceeds_and_is_forgiven_otherwise() -> None:
    assert next_evidence(10, 56, True, **TERMS) == (26, False)
    assert next_evidence(10, PART_OF | 56, False, **TERMS) == (0, False)
    assert next_evidence(40, 0, False, **TERMS) == (24, False)


def test_a_slash_needs_more_than_one_round_and_leaves_the_evidence_at_the_limit() -> None:
    rounds, evidence, is_slashed = 0, 0, False
    while not is_slashed:
        evidence, is_slashed = next_evidence(evidence, MARK_LIMIT, True, **TERMS)
        rounds += 1
    assert (rounds, evidence) == (3, 112)
    assert next_evidence(evidence, 56, True, **TERMS) == (112, True)


@given(st.integers(0, MAX_EVIDENCE), st.integers(0, 255), st.booleans())
def test_evidence_stays_in_its_range_and_only_the_convicted_are_slashed(
    before: int, mark: int, convicted: bool
) -> None:
    after, is_slashed = next_evidence(before, mark, convicted, **TERMS)
    assert 0 <= after <= MAX_EVIDENCE
    assert convicted or not is_slashed
    assert after >= before or not convicted or is_slashed
