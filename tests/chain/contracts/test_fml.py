"""The token: cap, releases, permits, votes by timestamp, transfers by signature."""

from federation import DEPLOYER, FML, FORTUNE_TELLER, ONLOOKER, Chain, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.messages import StakeTransfer, fml_domain
from fl_alliance.chain.rules.words import hash_words, keccak
from fl_alliance.chain.sender import Sender

CAP = 10**9 * FML
HOLDER = NodeKey.derive(7, 500)
PERMIT = keccak(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")


def read(chain: Chain, name: str, *args: object) -> object:
    return chain.read(name, *args, contract="FML")


def refused(chain: Chain, name: str, *args: object, by: NodeKey = DEPLOYER) -> Refusal:
    return chain.refusal(name, *args, by=by, contract="FML")


def released(chain: Chain, supply_wei: int) -> Chain:
    """Return the contracts deployed anew with this initial supply."""
    return Chain(chain.w3, deploy(Sender(chain.w3, DEPLOYER), supply_wei))


def test_what_is_not_released_is_not_minted(chain: Chain) -> None:
    fresh = released(chain, 0)
    assert read(fresh, "totalSupply") == 0
    assert refused(fresh, "mint", ONLOOKER.address, 1).name == "AccessControlUnauthorizedAccount"


def test_only_the_minter_releases_and_never_above_the_cap(chain: Chain) -> None:
    fresh = released(chain, CAP - 5)
    role = read(fresh, "MINTER_ROLE")
    assert refused(fresh, "grantRole", role, ONLOOKER.address, by=ONLOOKER).name == "AccessControlUnauthorizedAccount"
    fresh.fml("grantRole", role, ONLOOKER.address)
    fresh.fml("mint", HOLDER.address, 5, by=ONLOOKER)
    assert (read(fresh, "totalSupply"), read(fresh, "balanceOf", HOLDER.address)) == (CAP, 5)
    assert refused(fresh, "mint", HOLDER.address, 1, by=ONLOOKER) == Refusal("ERC20ExceededCap", (CAP + 1, CAP))
    assert read(fresh, "CAP_WEI") == read(fresh, "cap") == CAP


def test_the_initial_supply_is_the_deployers(chain: Chain) -> None:
    fresh = released(chain, 7 * FML)
    assert read(fresh, "balanceOf", DEPLOYER.address) == 7 * FML


def test_votes_are_counted_by_timestamp(chain: Chain) -> None:
    assert read(chain, "CLOCK_MODE") == "mode=timestamp"
    assert read(chain, "clock") == chain.now
    chain.fml("transfer", ONLOOKER.address, 3 * FML)
    chain.fml("delegate", ONLOOKER.address, by=ONLOOKER)
    delegated_at = chain.now
    chain.wait_until(delegated_at + 100)
    chain.fml("transfer", HOLDER.address, FML, by=ONLOOKER)
    chain.wait_until(chain.now + 1)
    assert read(chain, "getVotes", ONLOOKER.address) == 2 * FML
    assert read(chain, "getPastVotes", ONLOOKER.address, delegated_at + 50) == 3 * FML


def test_a_permit_allows_once(chain: Chain) -> None:
    deadline = chain.now + 1_000
    struct = hash_words(PERMIT, HOLDER.address, ONLOOKER.address, 5, 0, deadline)
    separator = fml_domain(chain.chain_id, chain.deployment.fml).separator
    assert read(chain, "DOMAIN_SEPARATOR") == separator
    signature = HOLDER.sign_digest(keccak(b"\x19\x01" + separator + struct))
    tail = int.from_bytes(signature[32:], "big")
    call = (HOLDER.address, ONLOOKER.address, 5, deadline, 27 + (tail >> 255), signature[:32], _low(tail))
    chain.fml("permit", *call, by=ONLOOKER)
    assert read(chain, "allowance", HOLDER.address, ONLOOKER.address) == 5
    assert refused(chain, "permit", *call).name == "ERC2612InvalidSigner"


def authorization(chain: Chain, nonce: bytes, to: str, before: int = 2**40) -> tuple[object, ...]:
    message = StakeTransfer(HOLDER.address, to, 5, 0, before, nonce)
    signature = message.sign(HOLDER, fml_domain(chain.chain_id, chain.deployment.fml))
    tail = int.from_bytes(signature[32:], "big")
    return (HOLDER.address, to, 5, 0, before, nonce, 27 + (tail >> 255), signature[:32], _low(tail))


def test_authorisations_have_random_nonces_and_work_once_each(chain: Chain) -> None:
    """In any order: a node may have several outstanding."""
    chain.fml("transfer", HOLDER.address, 20)
    late, early = (authorization(chain, keccak(name), ONLOOKER.address) for name in (b"late", b"early"))
    for call in (early, late):
        chain.fml("receiveWithAuthorization", *call, by=ONLOOKER)
        assert refused(chain, "receiveWithAuthorization", *call, by=ONLOOKER).name == "ERC3009UsedAuthorization"
    assert read(chain, "balanceOf", HOLDER.address) == 10


def test_only_the_receiver_uses_an_authorisation_to_receive(chain: Chain) -> None:
    chain.fml("transfer", HOLDER.address, 20)
    call = authorization(chain, keccak(b"nonce"), ONLOOKER.address)
    assert refused(chain, "receiveWithAuthorization", *call, by=FORTUNE_TELLER).name == "ERC20InvalidReceiver"


def test_an_authorisation_expires(chain: Chain) -> None:
    chain.fml("transfer", HOLDER.address, 20)
    call = authorization(chain, keccak(b"nonce"), ONLOOKER.address, before=chain.now)
    assert refused(chain, "receiveWithAuthorization", *call, by=ONLOOKER).name == "ERC3009InvalidAuthorizationTime"


def _low(tail: int) -> bytes:
    return (tail & ~(1 << 255)).to_bytes(32, "big")
