"""Where keys come from, what they refuse, and that they never show."""

import json
import pickle
from pathlib import Path

import pytest
from eth_account import Account

from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN, WELL_KNOWN, NodeKey, authorize_stake
from fl_alliance.chain.errors import ChainError, DevelopmentKey, KeyUnusable
from fl_alliance.chain.messages import CURVE_ORDER, StakeTransfer, fml_domain, recover, stake_nonce

SECRET = b"\x07" * 32
TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ALLIANCE = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "node.json"
    path.write_text(json.dumps(Account.encrypt(SECRET, "right", kdf="pbkdf2", iterations=10)))
    return path


def test_the_address_is_the_one_that_eth_account_gives() -> None:
    assert NodeKey(SECRET).address == Account.from_key(SECRET).address


def test_a_signature_is_recovered_to_the_address() -> None:
    key = NodeKey(SECRET)
    assert recover(b"\x01" * 32, key.sign_digest(b"\x01" * 32)) == key.address


def test_a_derived_key_depends_on_the_seed_and_the_index_and_nothing_else() -> None:
    addresses = {NodeKey.derive(seed, index).address for seed in range(5) for index in range(20)}
    assert len(addresses) == 100
    assert NodeKey.derive(1, 11).address != NodeKey.derive(11, 1).address
    assert NodeKey.derive(3, 4) == NodeKey.derive(3, 4)


def test_the_vrf_key_follows_from_the_secret() -> None:
    assert NodeKey(SECRET).vrf.public_x == NodeKey(SECRET).vrf.public_x != NodeKey(b"\x08" * 32).vrf.public_x


@pytest.mark.parametrize("secret", [b"", bytes(32), CURVE_ORDER.to_bytes(32, "big"), b"\x01" * 31])
def test_a_secret_out_of_range_is_refused(secret: bytes) -> None:
    with pytest.raises(KeyUnusable):
        NodeKey(secret)


def test_a_secret_never_shows_in_text() -> None:
    assert SECRET.hex() not in repr(NodeKey(SECRET)) + str(vars(NodeKey(SECRET)).keys())
    assert repr(SECRET) not in repr(NodeKey(SECRET))


def test_a_key_does_not_travel_to_another_process() -> None:
    with pytest.raises(TypeError, match="does not travel"):
        pickle.dumps(NodeKey.derive(0, 0))


def test_a_keystore_opens_with_its_password(keystore: Path) -> None:
    assert NodeKey.from_keystore(keystore, "right").secret == SECRET
    with pytest.raises(KeyUnusable, match=r"nowhere\.json: found no such file, needed a readable keystore"):
        NodeKey.from_keystore(keystore.with_name("nowhere.json"), "right")


def test_a_wrong_password_is_named_and_neither_it_nor_the_key_is_shown(keystore: Path) -> None:
    with pytest.raises(KeyUnusable, match="password") as caught:
        NodeKey.from_keystore(keystore, "hunter2")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_no_keystore_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not json")
    (tmp_path / "other").write_text('{"version": 3}')
    for name in ("text", "other", "missing"):
        with pytest.raises(KeyUnusable, match=name):
            NodeKey.from_keystore(tmp_path / name, "right")


def test_an_environment_variable_holds_hex_or_a_keystores_path(monkeypatch: pytest.MonkeyPatch, keystore: Path) -> None:
    monkeypatch.setenv("NODE_KEY", "0x" + SECRET.hex())
    assert NodeKey.from_env("NODE_KEY").secret == SECRET
    monkeypatch.setenv("NODE_KEY", str(keystore))
    monkeypatch.setenv("NODE_KEY_PASSWORD", "right")
    assert NodeKey.from_env("NODE_KEY").secret == SECRET


def test_an_unusable_environment_variable_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODE_KEY", raising=False)
    with pytest.raises(KeyUnusable, match="unset"):
        NodeKey.from_env("NODE_KEY")
    monkeypatch.setenv("NODE_KEY", "zz" * 32)
    with pytest.raises(KeyUnusable, match="NODE_KEY_PASSWORD") as caught:
        NodeKey.from_env("NODE_KEY")
    assert "zz" * 32 not in str(caught.value)


def test_the_well_known_accounts_are_those_of_the_development_mnemonic() -> None:
    Account.enable_unaudited_hdwallet_features()
    words = "test test test test test test test test test test test junk"
    paths = [f"m/44'/60'/0'/0/{index}" for index in range(10)]
    assert {Account.from_mnemonic(words, account_path=path).address for path in paths} == WELL_KNOWN


def test_a_key_that_everybody_knows_signs_on_the_development_chain_only() -> None:
    anvil = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
    for key in (anvil, NodeKey.derive(0, 0)):
        key.check_chain(DEVELOPMENT_CHAIN)
        with pytest.raises(DevelopmentKey, match="chain 1"):
            key.check_chain(1)
    NodeKey(SECRET).check_chain(1)


def test_a_stake_authorization_is_a_token_transfer_bound_to_the_task_and_the_vrf_key() -> None:
    key, fml = NodeKey(SECRET), fml_domain(31337, TOKEN)
    stake = authorize_stake(key, fml, ALLIANCE, 5, 10**18, 2**40, b"\x09" * 32)
    nonce = stake_nonce(5, key.vrf.public_x, b"\x09" * 32)
    transfer = StakeTransfer(key.address, ALLIANCE, 10**18, 0, 2**40, nonce)
    assert transfer.recover(fml, stake.signature) == key.address


def test_every_key_error_is_a_chain_error() -> None:
    assert issubclass(KeyUnusable, ChainError)
    assert issubclass(DevelopmentKey, ChainError)
