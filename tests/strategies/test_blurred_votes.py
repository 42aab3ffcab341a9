"""What leaves a site of its held-out data where voters' scores are blurred: all of it is looked at, in a whole run."""

from collections.abc import Callable
from typing import Any

from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance.behaviour import Case
from fl_alliance.chain.rules.candidates import SCORE_WORST, score_ppm, unpack_scores
from fl_alliance.chain.rules.words import keccak
from fl_alliance.dp.judge import BoundedJudge
from fl_alliance.dp.units import Unit
from fl_alliance.insider import enter
from fl_alliance.judging import make_rule
from fl_alliance.privacy import STEP, blurred
from fl_alliance.strategies import wire
from fl_alliance.strategies.events import RoundSettled

EPSILON = 4.0
WORDS = ("rule=candidates", "rule.reward=stake", f"rule.score_epsilon={EPSILON}", "workload=digits", "rounds=2")
WORDS += ("nodes=6", "alliance.proposers=3", "alliance.voters=3")
VOTING = ("evaluate", "query.reveal")


def test_nothing_of_held_out_data_leaves_but_clipped_rounded_losses_with_the_noise_that_was_paid_for(
    alliance: Callable[..., Any],
) -> None:
    asked: dict[tuple[int, int], Message] = {}
    left: dict[tuple[int, int, str], Message] = {}

    def listening(message: Message, context: Context, app: ClientApp) -> Message:
        reply, kind = app(message, context), message.metadata.message_type
        if kind in VOTING:
            where = int(context.node_config["partition-id"]), wire.read_place(wire.alliance_record(message)).round
            left[*where, kind] = reply
            asked.setdefault(where, message)
        return reply

    task = alliance(*WORDS, behave=listening)
    task.run(FedAvg())
    assert len(task.told(RoundSettled)) == 2
    assert len(left) == 2 * 3 * len(VOTING)
    for (number, round_number), message in asked.items():
        promised, revealed = (left[number, round_number, kind].content for kind in VOTING)
        assert {name: set(record) for name, record in promised.items()} == {
            "alliance": {"motion", "commitment", "signature"}
        }
        assert {name: set(record) for name, record in revealed.items()} == {
            "alliance": {"scores", "contributions", "motion", "signature"},
            "metrics": {"num-examples", "loss"},
        }
        exact, motion, secret = truth_of(task, number, message)
        told = [score_ppm(score.loss) for score in blurred(exact, EPSILON, secret)]
        vote = revealed.config_records["alliance"]
        assert vote["contributions"] == b""
        assert list(unpack_scores(int.from_bytes(wire.data(vote, "scores", 32), "big"), len(told))) == told
        assert all(0 <= score <= SCORE_WORST for score in told)
        assert sum(one != score_ppm(score.loss) for one, score in zip(told, exact, strict=True)) >= len(told) - 1
        best = min(range(1, motion.choices), key=lambda entry: told[entry])
        metrics = revealed.metric_records["metrics"]
        assert metrics["loss"] == told[best] * STEP
        assert metrics["num-examples"] == exact[best].num_examples


def truth_of(task: Any, number: int, message: Message) -> tuple[Any, Any, bytes]:
    """Return a site's exact bounded losses of a ballot's models, the motion, and what its noise follows from."""
    site = enter(task.config, number)
    motion = make_rule(task.config).read(message.content)
    case = Case(wire.read_place(wire.alliance_record(message)), tuple(map(dict, motion.models)))
    exact = BoundedJudge(site.workload, site.data, Unit.RECORD).assess(case)
    return exact, motion, site.key.sign_digest(keccak(b"FL Alliance noise" + motion.digest))
