"""A member's secrets of a round: pairs agree, strangers do not, and nothing shows them."""

import numpy as np
import pytest

from fl_alliance.strategies.masking.keys import BadKey, RoundSecret, commit_own, mask, own_seed, require_key

DRAW, OTHER_DRAW = bytes(32), bytes([9]) * 32
FIRST, SECOND, THIRD = (RoundSecret(bytes([n]) * 32, DRAW) for n in (1, 2, 3))

LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
]


def test_two_members_have_one_seed_in_common_and_another_with_everybody_else() -> None:
    assert FIRST.pair(SECOND.public) == SECOND.pair(FIRST.public)
    seeds = {FIRST.pair(SECOND.public), FIRST.pair(THIRD.public), SECOND.pair(THIRD.public)}
    assert len(seeds) == 3


def test_in_another_draw_every_secret_is_another() -> None:
    again = RoundSecret(FIRST.root, OTHER_DRAW)
    assert again.public != FIRST.public
    assert again.own != FIRST.own
    assert again.entropy != FIRST.entropy
    assert again.pair(SECOND.public) != FIRST.pair(SECOND.public)


def test_a_sealed_share_is_read_by_its_reader_alone() -> None:
    sealed = FIRST.seal(SECOND.public, 1234)
    assert SECOND.unseal(FIRST.public, sealed) == 1234
    assert THIRD.unseal(FIRST.public, sealed) is None
    assert FIRST.unseal(SECOND.public, sealed) is None


@pytest.mark.parametrize("at", [0, 20, 47])
def test_a_changed_sealed_share_is_not_read(at: int) -> None:
    sealed = bytearray(FIRST.seal(SECOND.public, 1234))
    sealed[at] ^= 1
    assert SECOND.unseal(FIRST.public, bytes(sealed)) is None


@pytest.mark.parametrize("public", LOW_ORDER)
def test_a_key_that_agrees_with_everybody_on_nothing_is_refused(public: bytes) -> None:
    with pytest.raises(BadKey):
        require_key(public)
    with pytest.raises(BadKey):
        FIRST.pair(public)


def test_a_mask_is_the_key_stream_of_chacha20() -> None:
    # RFC 8439, appendix A.1, test vectors 1: key and nonce of zeros, block counter 0.
    block = bytes.fromhex(
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    )
    assert mask(bytes(32), 16).astype("<u4").tobytes() == block
    assert (mask(bytes(32), 5) == np.frombuffer(block[:20], "<u4")).all()


def test_a_commitment_fits_one_own_mask() -> None:
    assert commit_own(FIRST.own) != commit_own(FIRST.own + 1)
    assert own_seed(FIRST.own) != own_seed(FIRST.own + 1)


def test_the_secret_is_not_shown() -> None:
    assert FIRST.root.hex() not in repr(FIRST)
    assert repr(FIRST.root) not in repr(FIRST)
