"""What calls do is told from their bytes: a stranger's contract, unreadable bytes and powers given away stand out."""

import pytest
from assembly import LARGE, STRANGER, Assembly

from fl_alliance.chain.dao import Call
from fl_alliance.chain.deploy import ARENA, DAO, DOCUMENTS, EMISSION, GAUGES, MODELS, TIMELOCK, TOKEN, TREASURY
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import ALARM, Decoder


@pytest.fixture
def decoder(dao: Assembly) -> Decoder:
    return Decoder(dao.rpc, dao.deployment)


def test_what_nobody_can_read_is_an_alarm(dao: Assembly, decoder: Decoder) -> None:
    emission = dao.deployment.emission
    for call in (
        Call(STRANGER.address, b"\x01\x02"),
        Call(emission, b""),
        Call(emission, b"\xff\xff\xff\xff"),
        Call(emission, dao.call(EMISSION, "lower", 1).data[:10]),
    ):
        words = decoder.words(call)
        assert words.startswith(ALARM)
        assert "0x" + call.data.hex() in words


def test_power_given_away_is_an_alarm(dao: Assembly, decoder: Decoder) -> None:
    role = bytes(32)
    for call in (
        dao.call(TOKEN, "grantRole", role, LARGE.address),
        dao.call(TIMELOCK, "grantRole", role, LARGE.address),
        dao.call(TOKEN, "transfer", LARGE.address, 1),
        dao.call(TOKEN, "approve", LARGE.address, 1),
        dao.call(DAO, "updateTimelock", LARGE.address),
    ):
        assert decoder.words(call).startswith(ALARM)
        assert LARGE.address.lower() in decoder.words(call).lower()


def test_calls_within_a_call_are_told_one_by_one_and_one_that_needs_a_look_is_an_alarm(
    dao: Assembly, decoder: Decoder
) -> None:
    harmless, grab = dao.call(EMISSION, "lower", 9_000), dao.call(EMISSION, "grantRole", bytes(32), LARGE.address)
    both = dao.call(EMISSION, "multicall", [harmless.data, grab.data])
    words = decoder.words(both)
    assert words.startswith(ALARM)
    assert "sets emission.schedule_bps to 90 % (now 100 %), and calls Emission.grantRole" in words
    assert not decoder.words(dao.call(EMISSION, "multicall", [harmless.data])).startswith(ALARM)
    nested = harmless
    for _ in range(200):
        nested = dao.call(EMISSION, "multicall", [nested.data])
    assert decoder.words(nested).startswith(ALARM + "calls Emission with calls in calls")


def test_an_amount_that_four_decimals_would_not_tell_is_told_to_its_last_digit(dao: Assembly, decoder: Decoder) -> None:
    *_, call = Actions(dao.rpc, dao.deployment).set(["arena.node_stake=0.000000002"])
    assert decoder.words(call) == "sets arena.node_stake to 0.000000002 FML (now 0.000000001 FML)"
    paid = dao.call(TREASURY, "spend", dao.deployment.fml, LARGE.address, 10**18 + 1)
    assert decoder.words(paid).startswith("pays 1.000000000000000001 FML from the treasury")


def test_a_premise_is_told_with_the_parameters_that_it_is_about(dao: Assembly, decoder: Decoder) -> None:
    actions = Actions(dao.rpc, dao.deployment)
    premise, _ = actions.set(["dao.stake=1"])
    terms = "dao.stake, dao.reward, dao.presence_bps, dao.flag_bps, dao.floor"
    assert decoder.words(premise) == f"does the rest only if Dao.reviewTerms ({terms}) is as when it was proposed"
    premise, _ = actions.set(["market.host_stake=1"])
    assert "only if Models.releaseS (market.release_s) is as" in decoder.words(premise)


def test_a_payment_in_another_token_and_coins_are_told_as_such(dao: Assembly, decoder: Decoder) -> None:
    words = decoder.words(dao.call(TREASURY, "spend", STRANGER.address, LARGE.address, 5))
    assert f"5 of the token {STRANGER.address}" in words
    call = dao.call(TREASURY, "spend", dao.deployment.fml, LARGE.address, 5)
    assert "and sends it 9 wei" in decoder.words(Call(call.target, call.data, 9))
    verified = dao.call(EMISSION, "verify", STRANGER.address, 4)
    assert f"task 4 of {STRANGER.address}, none of the contracts" in decoder.words(verified)
    assert "task 4 of Arena" in decoder.words(dao.call(EMISSION, "verify", dao.deployment.address(ARENA), 4))


def test_gauges_and_models_are_told_by_what_becomes_of_them(dao: Assembly, decoder: Decoder) -> None:
    gauges = dao.deployment.address(GAUGES)
    assert decoder.words(dao.call(DOCUMENTS, "remove", 7)) == "takes document 7 out of its model's knowledge base"
    assert decoder.words(dao.call(MODELS, "expel", 7)) == "closes model 7 and burns its host's stake"
    budget = dao.call(TREASURY, "spend", dao.deployment.fml, gauges, 10**18)
    assert f"pays 1.0000 FML from the treasury to Gauges at {gauges}" in decoder.words(budget)
    back = dao.call(GAUGES, "withdraw", LARGE.address, 10**18)
    assert decoder.words(back) == f"takes 1.0000 FML of the gauges' budget to {LARGE.address}"
