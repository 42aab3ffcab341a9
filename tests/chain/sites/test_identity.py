"""Whose SuperNode key is whose: binding by signature both ways, rotation, revocation, and all that is refused."""

import pickle
from pathlib import Path

import pytest
from consortium import (
    AUTH_KEY,
    HOUR,
    MEMBERS,
    NEXT_KEY,
    OUTSIDER,
    PROOF,
    RELAYER,
    Consortium,
    wait,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from fl_alliance.chain.auth_keys import AuthKey, check_statement, key_digest
from fl_alliance.chain.errors import KeyUnusable, StatementInvalid
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.site_refusals import EmptyDigest, KeyNotBound, KeyUsed, VoucherExpired, VoucherInvalid
from fl_alliance.chain.sites import proof_digest
from fl_alliance.chain.vouchers import Change, Voucher, sites_domain

SITE, OTHER = MEMBERS[0], OUTSIDER


def test_a_site_binds_its_key_by_a_signature_that_somebody_else_sends(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    binding = hospitals.sites.binding(SITE.address)
    assert (binding.key, binding.proof, binding.revision) == (AUTH_KEY.digest, PROOF, 1)
    assert binding.bound_at == hospitals.now
    assert hospitals.sites.site_of(AUTH_KEY.digest) == SITE.address


def test_who_has_gas_binds_its_key_without_a_signature(hospitals: Consortium) -> None:
    hospitals.sites.bind(AUTH_KEY.digest, PROOF)
    assert hospitals.sites.site_of(AUTH_KEY.digest) == RELAYER.address


def test_a_key_belongs_to_one_address(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    for claimant in (OTHER, SITE):
        with pytest.raises(KeyUsed) as refused:
            hospitals.bind(claimant)
        assert refused.value.values == {"key": AUTH_KEY.digest, "site": SITE.address.lower()}


def test_a_rotated_key_is_the_sites_no_longer_and_comes_back_to_nobody(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    hospitals.bind(SITE, NEXT_KEY.digest, AUTH_KEY.digest)
    assert hospitals.sites.binding(SITE.address).revision == 2
    assert hospitals.sites.site_of(NEXT_KEY.digest) == SITE.address
    assert hospitals.sites.site_of(AUTH_KEY.digest) is None
    assert hospitals.sites.owner_of(AUTH_KEY.digest) == SITE.address
    for claimant in (SITE, OTHER):
        with pytest.raises(KeyUsed):
            hospitals.bind(claimant, AUTH_KEY.digest, hospitals.sites.binding(claimant.address).key)


def test_a_rotation_names_the_key_that_it_replaces(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    with pytest.raises(KeyNotBound) as refused:
        hospitals.bind(SITE, NEXT_KEY.digest)
    assert refused.value.values["bound"] == AUTH_KEY.digest


def test_a_site_revokes_its_key_for_good(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    hospitals.sites.revoke(AUTH_KEY.digest, hospitals.pen(SITE).revoke(AUTH_KEY.digest))
    assert hospitals.sites.site_of(AUTH_KEY.digest) is None
    assert hospitals.sites.binding(SITE.address).key == bytes(32)
    with pytest.raises(KeyUsed):
        hospitals.bind(SITE)
    hospitals.bind(SITE, NEXT_KEY.digest)
    assert hospitals.sites.binding(SITE.address).revision == 2


def test_nobody_else_revokes_a_key(hospitals: Consortium) -> None:
    hospitals.bind(SITE)
    with pytest.raises(KeyNotBound):
        hospitals.sites.revoke(AUTH_KEY.digest, hospitals.pen(OTHER).revoke(AUTH_KEY.digest))
    with pytest.raises(KeyNotBound):
        hospitals.sites.revoke(bytes(32), hospitals.pen(OTHER).revoke(bytes(32)))


def test_the_consortium_revokes_a_key_by_n_of_m(hospitals: Consortium) -> None:
    hospitals.bind(OTHER)
    value = int.from_bytes(AUTH_KEY.digest, "big")
    for member in MEMBERS[:2]:
        hospitals.support(member, Change.REVOKE, OTHER.address, value)
    assert hospitals.sites.site_of(AUTH_KEY.digest) == OTHER.address
    hospitals.support(MEMBERS[2], Change.REVOKE, OTHER.address, value)
    assert hospitals.sites.site_of(AUTH_KEY.digest) is None
    with pytest.raises(KeyUsed):
        hospitals.bind(OTHER)


def test_a_key_that_somebody_else_took_first_is_released_to_its_owner(hospitals: Consortium) -> None:
    hospitals.bind(OTHER)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.RELEASE, OTHER.address, int.from_bytes(AUTH_KEY.digest, "big"))
    hospitals.bind(SITE)
    assert hospitals.sites.site_of(AUTH_KEY.digest) == SITE.address


@pytest.mark.parametrize("missing", ["key", "proof"])
def test_a_binding_without_a_key_or_its_proof_is_refused(hospitals: Consortium, missing: str) -> None:
    digests = {"key": AUTH_KEY.digest, "proof": PROOF} | {missing: bytes(32)}
    with pytest.raises(EmptyDigest, match=missing):
        hospitals.sites.bind(digests["key"], digests["proof"])


def test_a_signature_counts_once(hospitals: Consortium) -> None:
    by = hospitals.pen(SITE).bind(AUTH_KEY.digest, PROOF)
    hospitals.sites.bind(AUTH_KEY.digest, PROOF, by=by)
    with pytest.raises(VoucherInvalid) as refused:
        hospitals.sites.bind(AUTH_KEY.digest, PROOF, by=by)
    assert refused.value.values["nonce"] == 1


def test_a_signature_counts_until_its_deadline(hospitals: Consortium) -> None:
    deadline = hospitals.now + HOUR
    by = hospitals.pen(SITE, deadline).bind(AUTH_KEY.digest, PROOF)
    wait(hospitals, deadline + 1)
    with pytest.raises(VoucherExpired) as refused:
        hospitals.sites.bind(AUTH_KEY.digest, PROOF, by=by)
    assert refused.value.values["deadline"] == deadline


@pytest.mark.parametrize("forgery", ["another actor", "another key", "a changed deadline", "no signature"])
def test_what_the_site_did_not_sign_is_refused(hospitals: Consortium, forgery: str) -> None:
    signed = hospitals.pen(SITE).bind(AUTH_KEY.digest, PROOF)
    key = NEXT_KEY.digest if forgery == "another key" else AUTH_KEY.digest
    forged = {
        "another actor": Voucher(OTHER.address, signed.deadline, signed.signature),
        "another key": signed,
        "a changed deadline": Voucher(SITE.address, signed.deadline + 1, signed.signature),
        "no signature": Voucher(SITE.address, signed.deadline),
    }[forgery]
    with pytest.raises(VoucherInvalid):
        hospitals.sites.bind(key, PROOF, by=forged)


def test_acting_itself_voids_what_a_site_had_signed(hospitals: Consortium) -> None:
    by = hospitals.pen(RELAYER).bind(AUTH_KEY.digest, PROOF)
    hospitals.sites.bind(NEXT_KEY.digest, PROOF)
    assert hospitals.sites.nonce(RELAYER.address) == 1
    hospitals.sites.revoke(NEXT_KEY.digest)
    assert by.signature not in {hospitals.pen(RELAYER).bind(AUTH_KEY.digest, PROOF).signature}


# the other way: what the SuperNode's key signs


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: curve.name)
def test_a_supernodes_key_signs_whose_it_is(hospitals: Consortium, curve: ec.EllipticCurve) -> None:
    key = AuthKey(ec.generate_private_key(curve))
    signature = key.sign(hospitals.sites.domain, SITE.address)
    check_statement(key.public, signature, hospitals.sites.domain, SITE.address)
    assert len(proof_digest(signature)) == 32


@pytest.mark.parametrize("wrong", ["site", "chain", "contract", "key"])
def test_a_statement_for_another_account_chain_contract_or_key_is_refused(wrong: str) -> None:
    domain = sites_domain(31_337, OTHER.address)
    signature = AUTH_KEY.sign(domain, SITE.address)
    public = NEXT_KEY.public if wrong == "key" else AUTH_KEY.public
    chain_id = 5 if wrong == "chain" else 31_337
    contract = SITE.address if wrong == "contract" else OTHER.address
    site = OTHER.address if wrong == "site" else SITE.address
    with pytest.raises(StatementInvalid, match=site):
        check_statement(public, signature, Domain(chain_id, contract), site)


def test_flowers_pem_and_der_have_one_digest() -> None:
    pem = AUTH_KEY.secret.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert key_digest(pem) == key_digest(AUTH_KEY.public) == AUTH_KEY.digest


@pytest.mark.parametrize("public", [b"", b"nonsense", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(KeyUnusable, match="public key"):
        key_digest(public)


def test_a_key_that_flower_does_not_take_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    form = serialization.PrivateFormat.PKCS8
    key = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    with pytest.raises(KeyUnusable, match="P-384"):
        AuthKey.load(path)


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.OpenSSH])
def test_a_supernodes_key_is_read_as_flower_reads_it(tmp_path: Path, form: serialization.PrivateFormat) -> None:
    path = tmp_path / "key"
    content = AUTH_KEY.secret.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(content)
    assert AuthKey.load(path).digest == AUTH_KEY.digest


@pytest.mark.parametrize("content", [None, b"PLANTED-SECRET", b"-----BEGIN OPENSSH PRIVATE KEY-----\nPLANTED\n"])
def test_an_unreadable_key_is_refused_without_quoting_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyUnusable) as refused:
        AuthKey.load(path)
    assert "PLANTED" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_supernodes_key_shows_and_sends_nothing_of_itself() -> None:
    number = AUTH_KEY.secret.private_numbers().private_value
    assert str(number) not in repr(AUTH_KEY)
    with pytest.raises(TypeError):
        pickle.dumps(AUTH_KEY)
