"""A consortium in a deployment: join refuses what it has not approved; no SuperNode is heard but the bound one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import Sites, add_sites
from fl_alliance.cli.main import main
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, config_digest, load_config
from fl_alliance.contracts import put_on_chain
from fl_alliance.deployment.anchoring import allowance_wei
from fl_alliance.deployment.bindings import Bindings
from fl_alliance.deployment.certificates import make_node_key
from fl_alliance.deployment.identity import IdentityRefused, Registrar, SignedBinding, sign_binding
from fl_alliance.deployment.statements import Statement
from fl_alliance.federation import DEVELOPMENT_SECRET, open_federation
from fl_alliance.records import RunFolder
from fl_alliance.strategies.digests import model_digest
from fl_alliance.yardstick import Yardstick

WORDS = ["workload=linear", "nodes=4", "rounds=1", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
RELAYER = NodeKey(DEVELOPMENT_SECRET, is_public=True)
HOSPITAL, IMPOSTOR = NodeKey(bytes.fromhex("5b" * 32)), NodeKey(bytes.fromhex("6c" * 32))


@pytest.fixture
def opened(tmp_path: Path) -> RunFolder:
    """A task, open for registration, under a consortium of the hospital alone."""
    folder, config = RunFolder(tmp_path / "run"), load_config(WORDS)
    folder.root.mkdir()
    with open_federation(config, folder, model_digest(Yardstick(config).initial_model), resume=False):
        pass
    with connected(f"file://{folder.chain.resolve()}") as w3:
        found = add_sites(Sender(w3, RELAYER), Deployment.load(folder.manifest), [HOSPITAL.address], 1)
        found.save(folder.manifest)
    return folder


@pytest.fixture
def sender(opened: RunFolder) -> Iterator[Sender]:
    """The relayer."""
    with connected(f"file://{opened.chain.resolve()}") as w3:
        yield Sender(w3, RELAYER)


@pytest.fixture
def sites(opened: RunFolder, sender: Sender) -> Sites:
    """The consortium's contract as the relayer sends to it."""
    return Sites(sender, Deployment.load(opened.manifest).sites)


def command(opened: RunFolder, tmp_path: Path, *more: str) -> list[str]:
    return [
        "join",
        "1",
        "--manifest",
        str(opened.manifest),
        "--chain",
        f"file://{opened.chain.resolve()}",
        *("--superlink", "127.0.0.1:1", "--site", "0", "--stake", "100", "--key-env", "HOSPITAL_KEY"),
        *("--home", str(tmp_path / "home")),
        *more,
    ]


def with_key(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "ca.pem").write_text("")
    if not (tmp_path / "node-key").exists():
        make_node_key(tmp_path / "node-key")
    return "--root-certificates", str(tmp_path / "ca.pem"), "--node-key", str(tmp_path / "node-key")


def refusal(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]) -> str:
    assert main(words) == 2
    assert not (tmp_path / "home").exists()
    return capsys.readouterr().err


def test_a_task_whose_bundle_is_not_approved_is_not_joined(
    opened: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)
    found = refusal(capsys, tmp_path, command(opened, tmp_path, *with_key(tmp_path)))
    assert f"code {code_digest().hex()} under settings {config_digest(load_config(WORDS)).hex()}" in found
    assert "0 of 1 members" in found


def test_without_a_key_of_its_supernode_a_hospital_joins_no_consortiums_task(
    opened: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)
    assert "needs --node-key FILE" in refusal(capsys, tmp_path, command(opened, tmp_path))


def test_a_hospital_trusts_no_other_consortium_than_it_names(
    opened: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)
    words = command(opened, tmp_path, *with_key(tmp_path), "--sites", IMPOSTOR.address)
    assert "needed that one" in refusal(capsys, tmp_path, words)


def test_what_a_hospital_says_is_signed_off_line_and_relayed(
    opened: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands in the order in which a hospital without gas needs them."""
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)
    monkeypatch.setenv("RELAYER_KEY", DEVELOPMENT_SECRET.hex())
    chain = ("--chain", f"file://{opened.chain.resolve()}")
    where = (*chain, "--sites", Deployment.load(opened.manifest).sites)
    task = ("--task", "1", "--manifest", str(opened.manifest))
    own = ("--key-env", "HOSPITAL_KEY", "--sign-only")
    key = str(tmp_path / "node-key")
    with_key(tmp_path)
    auth = AuthKey.load(Path(key)).digest.hex()

    assert main(["sites", "approve", *where, *task, *own, str(tmp_path / "yes.json")]) == 0
    assert "not approved, 1 are needed" in told(capsys, ["sites", "status", *where, *task])
    assert main(["sites", "approved", str(tmp_path / "list.json"), *where, *task]) == 2
    relay = (*chain, "--key-env", "RELAYER_KEY")
    assert main(["sites", "relay", str(tmp_path / "yes.json"), *relay]) == 0
    assert ": approved; 1 approve it" in told(capsys, ["sites", "status", *where, *task])
    assert "1 bundles may run here" in told(capsys, ["sites", "approved", str(tmp_path / "list.json"), *where, *task])
    assert main(["sites", "relay", str(tmp_path / "yes.json"), *relay]) == 2, "it counts once"

    assert main(["sites", "bind", *where, "--node-key", key, *own, str(tmp_path / "bind.json")]) == 0
    assert main(["sites", "relay", str(tmp_path / "bind.json"), *relay]) == 0
    assert f"{HOSPITAL.address}: SuperNode key {auth} (its 1.)" in told(capsys, ["sites", "status", *where])
    assert main(["sites", "revoke", *where, *own, str(tmp_path / "revoke.json")]) == 0
    assert main(["sites", "relay", str(tmp_path / "revoke.json"), *relay]) == 0
    assert "no key bound" in told(capsys, ["sites", "status", *where])

    admit = ["sites", "propose", "admit", IMPOSTOR.address, *where, *own, str(tmp_path / "admit.json")]
    assert main(admit) == 0
    assert main(["sites", "relay", str(tmp_path / "admit.json"), *relay]) == 0
    assert "2 members" in told(capsys, ["sites", "status", *where])
    for path in tmp_path.glob("*.json"):
        assert "5b" * 32 not in path.read_text()


def told(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    capsys.readouterr()
    assert main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["propose", "admit"], "needs ADDRESS"),
        (["propose", "threshold"], "needs --value N"),
        (["propose", "revoke", IMPOSTOR.address], "needs --node-key-digest"),
        (["propose", "threshold", IMPOSTOR.address, "--value", "1"], "takes no ADDRESS"),
        (["approve"], "needs --task N and --manifest FILE, or --code"),
        (["revoke"], "there is nothing to revoke"),
    ],
)
def test_a_command_says_what_it_needs(
    opened: RunFolder,
    words: list[str],
    found: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)
    where = ["--chain", f"file://{opened.chain.resolve()}", "--sites", Deployment.load(opened.manifest).sites]
    assert main(["sites", *words, *where, "--key-env", "HOSPITAL_KEY"]) == 2
    assert found in capsys.readouterr().err


def test_a_run_names_a_consortium_that_is_there(opened: RunFolder, sender: Sender, sites: Sites) -> None:
    config = load_config([*WORDS, f"chain.sites='{sites.address}'"])
    assert put_on_chain(sender, config).sites == sites.address
    for wrong in (IMPOSTOR.address, Deployment.load(opened.manifest).alliance, "0x12"):
        with pytest.raises(ConfigError, match=r"chain\.sites="):
            put_on_chain(sender, load_config([*WORDS, f"chain.sites='{wrong}'"]))


# what the ServerApp takes in


def now(sites: Sites) -> int:
    return int(sites.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


@pytest.fixture
def auth() -> AuthKey:
    return AuthKey(ec.generate_private_key(ec.SECP384R1()))


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def registrar(sites: Sites, auth: AuthKey | None, clock: Seconds | None = None) -> Registrar:
    """Return who knows that node 7 is known to the SuperLink by this key."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = auth.secret.public_key().public_bytes(*form) if auth else b"no key"
    nodes = [NodeInfo(node_id=7, public_key=pem)]
    return Registrar(sites, cast(Grid, SimpleNamespace(get_nodes=lambda: nodes)), clock=clock or Seconds())


def test_a_node_whose_key_signed_is_bound_and_heard(sites: Sites, auth: AuthKey) -> None:
    taken, binding = registrar(sites, auth), sign_binding(HOSPITAL, auth, sites, now(sites))
    assert not taken.is_registered(7, HOSPITAL.address)
    taken.admit(7, HOSPITAL.address, binding.encode())
    assert sites.site_of(auth.digest) == HOSPITAL.address
    assert taken.is_registered(7, HOSPITAL.address)
    assert not taken.is_registered(7, IMPOSTOR.address)
    assert not taken.is_registered(8, HOSPITAL.address)


def test_a_node_that_comes_again_needs_no_second_binding(sites: Sites, auth: AuthKey) -> None:
    taken = registrar(sites, auth)
    taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
    again = sign_binding(HOSPITAL, auth, sites, now(sites))
    assert again.signature == ""
    taken.admit(7, HOSPITAL.address, again.encode())


def test_a_hospital_that_comes_with_a_new_key_has_rotated(sites: Sites, auth: AuthKey) -> None:
    registrar(sites, auth).admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
    newer = AuthKey(ec.generate_private_key(ec.SECP256R1()))
    taken = registrar(sites, newer)
    taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, newer, sites, now(sites)).encode())
    assert sites.binding(HOSPITAL.address).key == newer.digest
    assert not registrar(sites, auth).is_registered(7, HOSPITAL.address)


@pytest.mark.parametrize("wrong", ["another SuperNode", "no key", "another account", "no statement", "nothing", "junk"])
def test_a_node_that_is_not_the_accounts_own_is_refused(sites: Sites, auth: AuthKey, wrong: str) -> None:
    other = AuthKey(ec.generate_private_key(ec.SECP384R1()))
    binding = sign_binding(HOSPITAL, auth, sites, now(sites))
    address = IMPOSTOR.address if wrong == "another account" else HOSPITAL.address
    known = {"another SuperNode": other, "no key": None}.get(wrong, auth)
    content = {
        "no statement": replace(binding, statement=other.sign(sites.domain, HOSPITAL.address).hex()).encode(),
        "nothing": b"",
        "junk": b"[" * 4_000,
    }.get(wrong, binding.encode())
    with pytest.raises(IdentityRefused):
        registrar(sites, known).admit(7, address, content)
    assert sites.site_of(auth.digest) is None


def test_a_revoked_node_is_heard_no_longer(sites: Sites, auth: AuthKey) -> None:
    clock = Seconds()
    taken = registrar(sites, auth, clock)
    taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
    assert taken.is_registered(7, HOSPITAL.address)
    signed = Statement("revoke", (auth.digest,)).sign(HOSPITAL, sites, now(sites))
    signed.statement.send(sites, signed.voucher)
    clock.now += 4
    assert not taken.is_registered(7, HOSPITAL.address)
    with pytest.raises(IdentityRefused, match="needed a new one"):
        sign_binding(HOSPITAL, auth, sites, now(sites))


def test_a_key_that_is_anothers_is_not_signed_for(sites: Sites, auth: AuthKey) -> None:
    registrar(sites, auth).admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
    with pytest.raises(IdentityRefused, match=HOSPITAL.address):
        sign_binding(IMPOSTOR, auth, sites, now(sites))


def test_a_binding_comes_back_as_it_was_sent(sites: Sites, auth: AuthKey) -> None:
    binding = sign_binding(HOSPITAL, auth, sites, now(sites))
    assert SignedBinding.decode(binding.encode()) == binding
    assert (binding.key, len(binding.proof)) == (auth.digest, 32)


# what stays beside the run


def test_what_both_signed_stays_beside_the_run_and_is_checked_again(
    opened: RunFolder, tmp_path: Path, auth: AuthKey, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Bindings(opened.identities)
    with connected(f"file://{opened.chain.resolve()}") as w3:
        sites = Sites(Sender(w3, RELAYER), Deployment.load(opened.manifest).sites)
        taken = registrar(sites, auth)
        first = taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
        kept.keep(HOSPITAL.address, first, sites)
        again = taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
        kept.keep(HOSPITAL.address, again, sites)
        (path,) = opened.identities.iterdir()
        assert SignedBinding.decode(path.read_bytes()) == first != again, "that of which the chain has the digest"
        assert list(kept.checked(sites)) == [
            (f"{path.name}: signed by key and account, bound now; the contract has this signature's digest", True)
        ]
    where = ["--chain", f"file://{opened.chain.resolve()}", "--sites", Deployment.load(opened.manifest).sites]
    status = ["sites", "status", *where, "--identities", str(opened.identities)]
    assert main(status) == 0
    path.rename(path.with_name(f"{IMPOSTOR.address}-0.json"))
    (opened.identities / f"{HOSPITAL.address}-1.json").write_bytes(b'{"a":' * 1_000)
    assert main(status) == 1
    assert capsys.readouterr().out.count("BAD ") == 2
    assert main([*status[:-1], str(tmp_path / "none")]) == 2


def test_a_hospital_is_given_gas_for_its_anchors_once(sites: Sites, auth: AuthKey) -> None:
    taken = Registrar(sites, registrar(sites, auth)._grid, anchors=5)
    for _ in range(2):
        taken.admit(7, HOSPITAL.address, sign_binding(HOSPITAL, auth, sites, now(sites)).encode())
    held = sites.rpc.number("eth_getBalance", HOSPITAL.address, "latest")
    assert held == allowance_wei(sites.sender, 5) > 0
