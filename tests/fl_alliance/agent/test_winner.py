"""The winner of an Arena task proposes: a whole task of the kind lm-lora, tiny base, then what its winner writes."""

from collections.abc import Iterator

import pytest
import village as villages
from everyday import everyday_book
from scene import Scene

from fl_alliance.agent.agent import Agent
from fl_alliance.agent.errors import AgentError, ModelUnavailable, NotUnderstood
from fl_alliance.agent.opening import proposer_of
from fl_alliance.agent.proposers.arena import Tuned, adapter_in
from fl_alliance.arena.creator import Draft, create_task
from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.choosing import chosen
from fl_alliance.arena.kinds.lm.examples import Example
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.scoring import judge
from fl_alliance.arena.kinds.lm.tiny import pretrained, tiny
from fl_alliance.arena.kinds.lm.writing import written
from fl_alliance.arena.kinds.lm_lora import LmLora, Sizes
from fl_alliance.arena.store import open_store
from fl_alliance.arena.terms import Terms
from fl_alliance.market.keys import development_key
from fl_alliance.market.place import place_of

pytestmark = pytest.mark.slow
FML = 10**18
CALL = '{"tool":"balance","account":"me"}'
LESSON = tuple(Example(f"What do I have{mark}", CALL) for mark in "?!. ")


def lesson(_name: str, count: int, _seed: int) -> tuple[Example, ...]:
    """One call to learn by heart, which a tiny model can."""
    return tuple(LESSON[index % len(LESSON)] for index in range(count))


@pytest.fixture(scope="module")
def base() -> bytes:
    return pretrained()


@pytest.fixture(scope="module")
def played(base: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[villages.Village]:
    """A task that is over: one node learned longer than the other."""
    with villages.village(tmp_path_factory.mktemp("words")) as found:
        found.kind = LmLora(tiny(base), make=lesson, sizes=Sizes(8, 8, 8))  # type: ignore[assignment]
        desk = found.desk("creator", "creation")
        options = {"base": "tiny", "file": found.store.put(base).digest.hex()}
        terms = Terms(day_count=1, daily_wei=200 * FML)
        task = create_task(desk, found.kind, Draft("words", options, terms, Budget(4, 4, 0.01)))
        desk.journal.close()
        nodes = [found.node(task, "long", Budget(80, 8, 0.02)), found.node(task, "short", Budget(2, 4, 0.001))]
        judges = [found.validator(task, name) for name in ("first judge", "second judge")]
        run_task([found.creator(task), *nodes, *judges], found.clock)
        unfinished = found.desk("second creator", "creation")
        create_task(unfinished, found.kind, Draft("words", options, terms, Budget(4, 4, 0.01)))
        yield found


def agent_in(played: villages.Village, scene: Scene) -> Agent:
    """An agent in the market where the task was played."""
    store = open_store(played.folder / "store")
    place = place_of(played.w3, played.deployment, development_key(7), store, scene.folder)
    found = scene.agent()
    return Agent(place, found.book, found.limits, found.diary, found.confirm, found.now)


def test_the_winner_is_found_on_the_chain_and_its_words_are_done(played: villages.Village, scene: Scene) -> None:
    agent = agent_in(played, scene)
    tuned = proposer_of("arena:1", agent)
    assert isinstance(tuned, Tuned)
    digest = played.desks[0].arena.submission(1, 1, played.desks[0].arena.ranking(1, 1)[0]).digest
    assert agent.place.store.get(digest, 2**24)
    assert tuned.propose("What do I have?", ()) == CALL
    assert agent.handle("What do I have?", tuned) == f"{agent.place.me} has 0 FML"
    with pytest.raises(AgentError):
        agent.handle("zq 77", tuned)  # whatever it writes, it is a call that was not asked for, or none


def test_a_task_without_a_winner_is_refused(played: villages.Village, scene: Scene) -> None:
    with pytest.raises(ModelUnavailable, match="is active, needed a completed task"):
        proposer_of("arena:2", agent_in(played, scene))
    with pytest.raises(ModelUnavailable, match="no such file"):
        adapter_in(scene.folder / "none.safetensors", scene.book)


def test_greedy_writing_is_what_the_score_counts_as_exact(base: bytes) -> None:
    kind = LmLora(tiny(base), make=lesson, sizes=Sizes(8, 8, 8))
    adapter = kind.load(kind.train(kind.initial(0), kind.datasets(0).train, Budget(80, 8, 0.02), 0))
    examples = [*LESSON, Example("What do I have?", '{"tool":"none"}')]
    exact = sum("".join(written(kind.base, adapter, each.prompt, 96)) == each.answer for each in examples)
    with attached(kind.base.network, adapter):
        assert judge(kind.base, examples).exact == exact == len(LESSON)
    assert len(list(written(kind.base, adapter, LESSON[0].prompt, most=5))) == 5


def test_of_texts_the_one_is_chosen_that_the_model_would_write(base: bytes) -> None:
    kind = LmLora(tiny(base), make=lesson, sizes=Sizes(8, 8, 8))
    adapter = kind.load(kind.train(kind.initial(0), kind.datasets(0).train, Budget(80, 8, 0.02), 0))
    others = ['{"tool":"balance","account":"ada"}', '{"tool":"price","model":"nova"}', "[]"]
    assert chosen(kind.base, adapter, LESSON[0].prompt, [*others, CALL]) == CALL
    assert chosen(kind.base, adapter, LESSON[0].prompt, others[2:]) == "[]"
    with pytest.raises(DataUnusable, match="tokens"):
        chosen(kind.base, adapter, "much " * 2_000, [CALL])


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("yeet ada 5 fml", '{"tool":"transfer","to":"ada","amount":"5"}'),
        ("ape 300 into glucose-1", '{"tool":"stake","task":"glucose-1","amount":"300"}'),
        ("put 60 behind Ada, alliance task 2", '{"tool":"delegate","to":"Ada","task":"alliance:2","amount":"60"}'),
    ],
)
def test_where_one_tool_takes_all_that_is_named_any_model_proposes_it(base: bytes, words: str, call: str) -> None:
    kind = LmLora(tiny(base))
    tuned = Tuned(kind, kind.load(kind.initial(0)), "untrained", everyday_book())
    assert tuned.propose(words, ()) == call


def test_what_no_tool_takes_whole_is_not_proposed(base: bytes) -> None:
    kind = LmLora(tiny(base))
    tuned = Tuned(kind, kind.load(kind.initial(0)), "untrained", everyday_book())
    with pytest.raises(NotUnderstood, match="no tool takes all"):
        tuned.propose("rate nova 5 stars and vote yes on proposal 1", ())
