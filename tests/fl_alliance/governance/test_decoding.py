"""What calls do is told from their bytes: a stranger's contract, unreadable bytes and powers given away stand out."""

from collections.abc import Iterator

import pytest
from assembly import LARGE, STRANGER, Assembly, assembled

from fl_alliance.chain.dao import Call
from fl_alliance.chain.deploy import ARENA, DAO, EMISSION, TIMELOCK, TOKEN, TREASURY
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import ALARM, Decoder
from fl_alliance.governance.parameters import PARAMETERS


@pytest.fixture(scope="module")
def deployed() -> Iterator[Assembly]:
    with assembled() as found:
        yield found


@pytest.fixture
def dao(deployed: Assembly) -> Iterator[Assembly]:
    mark = deployed.rpc("evm_snapshot")
    yield Assembly(deployed.w3, deployed.deployment)
    deployed.rpc("evm_revert", mark)


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
        dao.call(DAO, "updateTimelock", LARGE.address),
    ):
        assert decoder.words(call).startswith(ALARM)
        assert LARGE.address.lower() in decoder.words(call).lower()


def test_a_payment_in_another_token_and_coins_are_told_as_such(dao: Assembly, decoder: Decoder) -> None:
    words = decoder.words(dao.call(TREASURY, "spend", STRANGER.address, LARGE.address, 5))
    assert f"5 of the token {STRANGER.address}" in words
    call = dao.call(TREASURY, "spend", dao.deployment.fml, LARGE.address, 5)
    assert "and sends it 9 wei" in decoder.words(Call(call.target, call.data, 9))
    verified = dao.call(EMISSION, "verify", STRANGER.address, 4)
    assert f"task 4 of {STRANGER.address}, none of the contracts" in decoder.words(verified)
    assert "task 4 of Arena" in decoder.words(dao.call(EMISSION, "verify", dao.deployment.address(ARENA), 4))


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_can_be_set_and_is_told_by_its_name(name: str, dao: Assembly, decoder: Decoder) -> None:
    text = STRANGER.address if name == "guardian" else "3"
    [call] = Actions(dao.rpc, dao.deployment).set([f"{name}={text}"])
    words = decoder.words(call)
    assert words.startswith(f"sets {name} to ")
    assert words.count("sets ") == 1
    dao.pass_(call, text="Set it")
    known = PARAMETERS[name]
    value = known.read(dao.bound(known.contract))
    assert value == known.parse(text) or value.lower() == text.lower()
    assert "to what they are now" in decoder.words(call)
