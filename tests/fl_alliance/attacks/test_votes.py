"""What a malicious voter says of models."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fl_alliance.attacks.votes import MOST_LOSS, told, truth
from fl_alliance.behaviour import Case, Judge
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.candidates import PART_OF, Row
from fl_alliance.insider import Insider, make_node
from fl_alliance.strategies.wire import Place
from fl_alliance.training import train_config
from fl_alliance.workloads.base import Arrays

Site = Callable[..., Insider]


def better(insider: Insider, rounds: int = 2) -> tuple[Arrays, ...]:
    """Return the untrained model and ever better ones."""
    models = [insider.workload.initial_arrays(insider.config.seed)]
    for number in range(1, rounds + 1):
        config = train_config(insider.config, insider.workload, number)
        models.append(insider.workload.train(models[-1], insider.data, config).arrays)
    return tuple(models)


def a_case(insider: Insider, **more: object) -> Case:
    place = Place(Domain(1, "0x" + "11" * 20), 1, 1)
    return Case(place, better(insider), committee=tuple(range(8)), **more)  # type: ignore[arg-type]


def judge_of(insider: Insider) -> Judge:
    return make_node(insider).judge


def losses(insider: Insider, case: Case) -> list[float]:
    return [score.loss for score in judge_of(insider).assess(case)]


def test_always_yes_finds_everything_new_perfect(site: Site) -> None:
    insider = site("attack/vote=always-yes")
    scores = judge_of(insider).assess(a_case(insider))
    assert [score.loss for score in scores] == [MOST_LOSS, 0, 0]
    assert [score.score for score in scores] == [0, 1, 1]


def test_a_lazy_voter_says_the_same_of_every_model(site: Site) -> None:
    insider = site("attack/vote=lazy")
    case = a_case(insider)
    old, *new = losses(insider, case)
    assert old == pytest.approx(0.3, abs=0.01)
    assert new == pytest.approx([0.25, 0.25], abs=0.01)


def test_who_votes_by_the_prior_tells_what_the_last_round_found_entry_by_entry(site: Site) -> None:
    insider, accomplice = site("attack/vote=prior"), site("attack/vote=prior", position=1)
    case = a_case(insider)
    first = losses(insider, case)
    assert first == pytest.approx([0.3, 0.25, 0.25], abs=0.01)
    later = replace(case, at=replace(case.at, round=2), models=case.models[::-1])
    assert losses(accomplice, later) == [truth(insider, model) for model in case.models]
    assert losses(insider, case) == first


def test_guesses_differ_by_voter_and_are_repeated_when_asked_again(site: Site) -> None:
    first, second = site("attack/vote=random"), site("attack/vote=random", position=1)
    case = a_case(first)
    assert losses(first, case) == losses(first, case) != losses(second, case)


def test_a_copyist_says_what_the_first_honest_voter_says(site: Site) -> None:
    insider = site("attack/vote=copy")
    case = a_case(insider)
    victim = next(each for each in range(8) if each not in insider.coalition)
    expected = insider.workload.load(victim, 8, insider.config.seed)
    assert losses(insider, case) == [insider.workload.score(model, expected).loss for model in case.models]


def test_a_saboteur_by_majority_refuses_what_is_better_and_lifts_what_is_worse(site: Site) -> None:
    insider = site("attack/vote=sabotage")
    case = a_case(insider)
    assert truth(insider, case.models[1]) < truth(insider, case.models[0])
    old, new = judge_of(insider).assess(Case(case.at, case.models[:2]))
    assert (old.score, new.score) == (1, 0)
    new, old = judge_of(insider).assess(Case(case.at, case.models[1::-1]))
    assert (new.score, old.score) == (0, 1)


def test_collusion_lifts_the_candidate_with_most_accomplices_and_clears_the_suspects(site: Site) -> None:
    insider = site("attack/vote=collusion")
    ours, theirs = insider.coalition[0], next(each for each in range(8) if each not in insider.coalition)
    members = tuple(sorted((ours, theirs)))
    rows = [Row(bytes(2)), *(Row(bytes(PART_OF * (member == part) for member in members)) for part in (theirs, ours))]
    models = (*better(insider, 2), better(insider, 1)[1])
    case = Case(a_case(insider).at, models, members=members, rows=rows)
    assert losses(insider, case) == [MOST_LOSS, MOST_LOSS, 0, 0]
    shares = judge_of(insider).contributions(case, 2)
    assert shares[ours] > 0 > shares[theirs]


def test_a_veto_sinks_the_best_candidate_and_tells_the_truth_of_the_others(site: Site) -> None:
    insider = site("attack/vote=veto")
    case = a_case(insider)
    old, worse, best = losses(insider, case)
    assert best == MOST_LOSS
    assert (old, worse) == tuple(insider.workload.score(model, insider.data).loss for model in case.models[:2])


def test_only_so_many_voters_lie_as_the_coalition_lets(site: Site) -> None:
    scores = [
        tuple(losses(insider, a_case(insider)))
        for insider in (site("attack/vote=always-yes", "attack.voters=0.25", position=n) for n in range(4))
    ]
    assert scores.count((MOST_LOSS, 0.0, 0.0)) == 2


def test_a_loss_out_of_range_is_told_as_the_limit() -> None:
    assert told(99.0, 3).loss == MOST_LOSS
    assert told(-1.0, 3).score == 1
