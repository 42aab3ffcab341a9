"""The verifier on chain against the one in Python, its form without assembly, forged proofs and the gas ceiling.

VRF_MUTATIONS=10000 deepens the mutation test.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from web3.contract import Contract
from web3.exceptions import ContractCustomError, ContractLogicError

from fl_alliance.chain import vrf
from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.vrf import MAX_CANDIDATES, Proof, Tag, VrfKey

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977
MUTATIONS = int(os.environ.get("VRF_MUTATIONS", "300"))
GAS_CEILING = 20_500
WORDS = [name for name in Proof.__slots__ if name not in ("gamma_odd", "hints")]
CHECKS = ("Scalar", "HintCount", "Hint", "Line", "U", "SH", "CGamma")  # Vrf.Check
Point = tuple[int, int]


def verdicts(harness: Contract, public_x: int, alpha: bytes, proof: Proof) -> set[bytes | None]:
    """What the library, its plain form and Python say: an output, or None for a refusal."""
    return {
        contract_verdict(harness.functions.verify(public_x, alpha, proof.to_solidity())),
        contract_verdict(harness.functions.verifyPlain(public_x, alpha, proof.to_solidity())),
        python_verdict(public_x, alpha, proof),
    }


def contract_verdict(call: Any) -> bytes | None:
    try:
        return bytes(call.call())
    except ContractLogicError:
        return None


def python_verdict(public_x: int, alpha: bytes, proof: Proof) -> bytes | None:
    try:
        return vrf.verify(public_x, alpha, proof)
    except VrfInvalid:
        return None


def failed_check(call: Any) -> str:
    """The member of Vrf.Check that a call, which must not succeed, names."""
    with pytest.raises(ContractCustomError) as refusal:
        call.call()
    return CHECKS[int(str(refusal.value.data)[10:], 16)]


def cases(seed: int, count: int) -> Iterator[tuple[VrfKey, bytes, Proof]]:
    rng = Random(seed)
    for _ in range(count):
        key, alpha = VrfKey(rng.randrange(1, ORDER)), rng.randbytes(32)
        yield key, alpha, key.prove(alpha)


def with_hints(count: int) -> tuple[VrfKey, bytes, Proof]:
    return next(case for case in cases(3, 200) if len(case[2].hints) == count)


def test_contract_plain_form_and_python_agree_on_every_honest_proof(harness: Contract) -> None:
    hints: Counter[int] = Counter()
    for key, alpha, proof in cases(1, 60):
        assert verdicts(harness, key.public_x, alpha, proof) == {vrf.output(proof)}
        hints[len(proof.hints)] += 1
    assert {0, 1, 2, 3} <= set(hints)


def test_the_input_is_the_same_in_python(harness: Contract, caller: LocalAccount) -> None:
    chain_id = harness.w3.eth.chain_id
    for tag in Tag:
        fields = (tag, 2**200 + 1, 2**32 - 1, caller.address, b"\xa5" * 32)
        expected = vrf.alpha(harness.address, chain_id, *fields)
        assert harness.functions.alpha(*fields).call() == expected


def test_both_sides_stop_at_the_same_number_of_candidates(harness: Contract) -> None:
    assert harness.functions.maxCandidates().call() == MAX_CANDIDATES
    key, alpha, proof = with_hints(0)
    padded = replace(proof, hints=(0,) * MAX_CANDIDATES)
    assert verdicts(harness, key.public_x, alpha, padded) == {None}
    # the count itself is refused, before any hint is read
    for length, check in ((MAX_CANDIDATES, "HintCount"), (MAX_CANDIDATES - 1, "Hint")):
        call = harness.functions.verify(key.public_x, alpha, replace(proof, hints=(0,) * length).to_solidity())
        assert failed_check(call) == check


def test_any_changed_byte_of_the_call_is_refused(harness: Contract) -> None:
    rng, refused = Random(4), 0
    proofs = list(cases(5, 8))
    while refused < MUTATIONS:
        key, alpha, proof = proofs[refused % len(proofs)]
        data = bytearray.fromhex(harness.encode_abi("verify", [key.public_x, alpha, proof.to_solidity()])[2:])
        position = 4 + refused % (len(data) - 4)
        data[position] ^= rng.choice([1, 0x80, rng.randrange(1, 256)])
        with pytest.raises(ContractLogicError):
            harness.w3.eth.call({"to": harness.address, "data": bytes(data)})
        refused += 1


def mutations(proof: Proof, rng: Random) -> Iterator[Proof]:
    for name in WORDS:
        value = getattr(proof, name)
        other = getattr(proof, rng.choice([each for each in WORDS if each != name]))
        near = (value + 1, value - 1, value ^ 1 << rng.randrange(256), rng.randrange(2**256), other)
        modular = (value + ORDER, value + FIELD, ORDER - value, FIELD - value, 0, ORDER, FIELD, 2**256 - 1)
        changes: list[dict[str, Any]] = [{name: each} for each in (*near, *modular) if 0 <= each < 2**256]
        yield from (replace(proof, **change) for change in changes)
    yield replace(proof, gamma_odd=not proof.gamma_odd)
    yield replace(proof, u_y=FIELD - proof.u_y)
    yield replace(proof, sh_y=FIELD - proof.sh_y)
    yield replace(proof, s=ORDER - proof.s, sh_y=FIELD - proof.sh_y)
    yield replace(proof, sh_x=proof.cgamma_x, cgamma_x=proof.sh_x)
    yield replace(proof, cgamma_x=proof.sh_x)
    yield from (replace(proof, hints=hints) for hints in spoiled_hints(proof.hints))


def spoiled_hints(hints: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield (*hints, 0)
    yield (*hints, *hints, 1)
    for i, hint in enumerate(hints):
        yield hints[:i] + hints[i + 1 :]
        for other in (FIELD - hint, FIELD + hint, hint + 1):
            if other < 2**256:
                yield (*hints[:i], other, *hints[i + 1 :])


def test_any_changed_field_is_refused_alike_by_contract_plain_form_and_python(harness: Contract) -> None:
    rng, refused = Random(6), 0
    for key, alpha, proof in cases(7, max(2, MUTATIONS // 150)):
        for mutant in mutations(proof, rng):
            if mutant == proof:
                continue
            assert verdicts(harness, key.public_x, alpha, mutant) == {None}
            refused += 1
    assert refused >= MUTATIONS // 2


def test_a_proof_holds_for_its_own_key_and_input_only(harness: Contract) -> None:
    (key, alpha, proof), (other_key, other_alpha, _) = cases(10, 2)
    for public_x, given in ((other_key.public_x, alpha), (key.public_x, other_alpha), (0, alpha), (ORDER, alpha)):
        assert verdicts(harness, public_x, given, proof) == {None}
    assert verdicts(harness, key.public_x, alpha, proof) == {vrf.output(proof)}


@pytest.mark.parametrize("public_x", [0, 5, ORDER, ORDER + 1, FIELD, 2**256 - 1])
def test_what_is_no_key_verifies_nothing_on_chain(harness: Contract, public_x: int) -> None:
    _, alpha, proof = with_hints(0)
    assert verdicts(harness, public_x, alpha, proof) == {None}


class Forger:
    """Knows the secret, and builds proofs in which every equation but one holds."""

    def __init__(self, reference: Any, secret: int, rng: Random) -> None:
        self.ecvrf, self.curve, self.secret, self.rng = reference, reference.curve, secret, rng

    def forge(self, alpha: bytes, gamma_of: Callable[[Point, Point], Point], hidden: str) -> Proof:
        """A transcript of another Gamma, with a nonce of its own; `hidden` is the part that cannot be true."""
        curve, n = self.curve, self.curve.n
        y = curve.multiply(self.secret, curve.g)
        h = self.ecvrf.encode_to_curve(curve.encode(y), alpha)
        k = self.rng.randrange(1, n)
        u, v, gamma = curve.multiply(k, curve.g), curve.multiply(k, h), gamma_of(curve.multiply(self.secret, h), h)
        c = self.ecvrf.challenge(y, h, gamma, u, v)
        s = (k + c * self.secret) % n
        sh, cgamma = curve.multiply(s, h), curve.multiply(c, gamma)
        if hidden == "cGamma":
            cgamma = curve.add(sh, curve.negate(v))
        if hidden == "sH":
            sh = curve.add(v, cgamma)
        if hidden == "c":
            c = self.ecvrf.challenge(y, h, gamma, u, curve.add(sh, curve.negate(cgamma)))
            s = (k + c * self.secret) % n
        slope = (sh[1] + cgamma[1]) * pow(sh[0] - cgamma[0], -1, curve.p) % curve.p
        hints = VrfKey(self.secret).prove(alpha).hints
        return Proof(gamma[0], bool(gamma[1] % 2), s, u[0], u[1], sh[0], sh[1], cgamma[0], slope, hints)


def forged_gammas(curve: Any, rng: Random) -> Sequence[Callable[[Point, Point], Point]]:
    stray = curve.multiply(rng.randrange(1, curve.n), curve.g)
    return (
        lambda gamma, h: curve.negate(gamma),
        lambda gamma, h: curve.add(gamma, h),
        lambda gamma, h: curve.add(gamma, curve.negate(h)),
        lambda gamma, h: curve.add(gamma, gamma),
        lambda gamma, h: curve.add(gamma, curve.g),
        lambda gamma, h: h,
        lambda gamma, h: curve.g,
        lambda gamma, h: stray,
    )


def test_a_consistent_transcript_of_another_gamma_is_refused(
    harness: Contract, reference: Any, even: Callable[[int], int]
) -> None:
    rng, refused = Random(11), 0
    for _ in range(max(2, MUTATIONS // 200)):
        secret, alpha = even(rng.randrange(1, ORDER)), rng.randbytes(32)
        forger, public_x = Forger(reference, secret, rng), VrfKey(secret).public_x
        honest = forger.forge(alpha, lambda gamma, h: gamma, "nothing")
        # another nonce than ours is another proof, and never another output
        assert honest != VrfKey(secret).prove(alpha)
        assert verdicts(harness, public_x, alpha, honest) == {vrf.output(VrfKey(secret).prove(alpha))}
        for gamma_of in forged_gammas(reference.curve, rng):
            for hidden in ("nothing", "cGamma", "sH", "c"):
                assert verdicts(harness, public_x, alpha, forger.forge(alpha, gamma_of, hidden)) == {None}
                refused += 1
    assert refused >= 64


def test_library_and_plain_form_name_the_same_failed_check(
    harness: Contract, reference: Any, even: Callable[[int], int]
) -> None:
    rng, named = Random(9), Counter[str]()
    secret, alpha = even(rng.randrange(1, ORDER)), rng.randbytes(32)
    forger, key = Forger(reference, secret, rng), VrfKey(secret)
    forged = [forger.forge(alpha, lambda gamma, h: gamma, hidden) for hidden in ("sH", "cGamma")]
    forged += [forger.forge(alpha, lambda gamma, h: h, hidden) for hidden in ("sH", "cGamma")]
    proof = key.prove(alpha)
    for mutant in (*forged, *mutations(proof, rng), replace(proof, hints=(0,) * MAX_CANDIDATES)):
        arguments = (key.public_x, alpha, mutant.to_solidity())
        if python_verdict(key.public_x, alpha, mutant) is None:
            check = failed_check(harness.functions.verify(*arguments))
            assert check == failed_check(harness.functions.verifyPlain(*arguments))
            named[check] += 1
    assert set(named) == set(CHECKS)


def test_points_on_one_vertical_line_are_refused_for_any_slope(harness: Contract) -> None:
    key, alpha, proof = with_hints(1)
    for slope in (0, 1, 3 * proof.sh_x**2 * pow(2 * proof.sh_y, -1, FIELD) % FIELD, Random(12).randrange(FIELD)):
        doubled = replace(proof, cgamma_x=proof.sh_x, slope=slope)
        assert verdicts(harness, key.public_x, alpha, doubled) == {None}
        call = harness.functions.verify(key.public_x, alpha, doubled.to_solidity())
        assert failed_check(call) == "Line"


def transaction_gas(harness: Contract, caller: LocalAccount, case: tuple[VrfKey, bytes, Proof]) -> int:
    key, alpha, proof = case
    sent = harness.functions.verify(key.public_x, alpha, proof.to_solidity()).transact({"from": caller.address})
    receipt = harness.w3.eth.wait_for_transaction_receipt(sent)
    assert receipt["status"] == 1
    return receipt["gasUsed"] - 21_000


def test_verification_stays_below_the_gas_ceiling(
    harness: Contract, caller: LocalAccount, gas_figure: Callable[[str, int], None]
) -> None:
    by_hints = [transaction_gas(harness, caller, with_hints(count)) for count in range(4)]
    mean = sum(transaction_gas(harness, caller, case) for case in cases(13, 64)) / 64
    # one candidate is rejected on average; each one costs its hint
    assert mean <= GAS_CEILING
    assert max(by_hints[:3]) <= GAS_CEILING
    gas_figure("vrf_verify", by_hints[1])
    gas_figure("vrf_verify_3_hints", by_hints[3])
