"""Points: stakes and pay as with FML, and nothing that moves between holders."""

import pytest
from consortium import MEMBERS, OUTSIDER, RELAYER, Consortium

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.deploy import CAP_WEI, POINTS
from fl_alliance.chain.messages import StakeTransfer, fml_domain
from fl_alliance.chain.refusals import (
    AccessControlUnauthorizedAccount,
    ERC20ExceededCap,
    ERC20InsufficientBalance,
    ERC3009InvalidSignature,
    Refused,
)
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.site_refusals import NotContract, NotTransferable
from fl_alliance.chain.vouchers import Change

GAS = 200_000
HOLDER = MEMBERS[0]


@pytest.fixture
def points(pointed: Consortium) -> BoundContract:
    """The points as their minter, who is the deployer, calls them; it and a hospital hold some."""
    bound = BoundContract(pointed.sender, POINTS, pointed.deployment.fml)
    for account in (RELAYER.address, HOLDER.address):
        bound.send(GAS, "mint", account, 100)
    return bound


class Transfer(StakeTransfer):
    """ERC-3009's other message: anybody can use it."""

    TYPE = keccak(
        b"TransferWithAuthorization(address from,address to,uint256 value,"
        b"uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    )


def authorization(
    pointed: Consortium, key: NodeKey, recipient: str, amount: int, kind: type[StakeTransfer] = Transfer
) -> tuple[object, ...]:
    until = pointed.now + 3_600
    transfer = kind(key.address, recipient, amount, 0, until, bytes(32))
    signature = transfer.sign(key, fml_domain(31_337, pointed.deployment.fml))
    tail = int.from_bytes(signature[32:], "big")
    s = (tail & ~(1 << 255)).to_bytes(32, "big")
    return key.address, recipient, amount, 0, until, bytes(32), 27 + (tail >> 255), signature[:32], s


def test_points_do_not_move_between_holders(points: BoundContract) -> None:
    with pytest.raises(NotTransferable) as refused:
        points.send(GAS, "transfer", OUTSIDER.address, 1)
    assert refused.value.values == {"from": RELAYER.address.lower(), "to": OUTSIDER.address.lower()}
    assert points.read("balanceOf", OUTSIDER.address) == 0


def test_an_allowance_moves_no_points_between_holders(points: BoundContract) -> None:
    points.send(GAS, "approve", RELAYER.address, 50)
    with pytest.raises(NotTransferable):
        points.send(GAS, "transferFrom", RELAYER.address, OUTSIDER.address, 1)


def test_a_signed_transfer_between_holders_is_refused(points: BoundContract, pointed: Consortium) -> None:
    with pytest.raises(NotTransferable):
        points.send(GAS, "transferWithAuthorization", *authorization(pointed, HOLDER, OUTSIDER.address, 1))
    with pytest.raises(NotTransferable):
        points.send(GAS, "receiveWithAuthorization", *authorization(pointed, HOLDER, RELAYER.address, 1, StakeTransfer))


def test_points_move_into_the_alliance(points: BoundContract, pointed: Consortium) -> None:
    alliance = pointed.deployment.alliance
    points.send(GAS, "transfer", alliance, 40)
    points.send(GAS, "transferWithAuthorization", *authorization(pointed, HOLDER, alliance, 60))
    assert points.read("balanceOf", alliance) == 100
    assert points.read("totalSupply") == 200


def test_who_did_not_sign_stakes_nothing(points: BoundContract, pointed: Consortium) -> None:
    fields = authorization(pointed, OUTSIDER, pointed.deployment.alliance, 1)
    with pytest.raises(ERC3009InvalidSignature):
        points.send(GAS, "transferWithAuthorization", HOLDER.address, *fields[1:])


def test_nobody_stakes_more_than_it_has(points: BoundContract, pointed: Consortium) -> None:
    with pytest.raises(ERC20InsufficientBalance):
        points.send(GAS, "transfer", pointed.deployment.alliance, 101)


def test_the_consortium_mints_by_n_of_m(points: BoundContract, pointed: Consortium) -> None:
    for member in MEMBERS[:2]:
        pointed.support(member, Change.MINT, OUTSIDER.address, 7)
    assert points.read("balanceOf", OUTSIDER.address) == 0
    pointed.support(MEMBERS[2], Change.MINT, OUTSIDER.address, 7)
    assert points.read("balanceOf", OUTSIDER.address) == 7


def test_nobody_mints_above_the_cap(points: BoundContract) -> None:
    with pytest.raises(ERC20ExceededCap):
        points.send(GAS, "mint", OUTSIDER.address, CAP_WEI - 199)
    assert points.read("CAP_WEI") == CAP_WEI


def test_who_handed_its_roles_over_neither_mints_nor_names_contracts(
    points: BoundContract, pointed: Consortium
) -> None:
    for role in ("MINTER_ROLE", "DEFAULT_ADMIN_ROLE"):
        points.send(GAS, "renounceRole", points.read(role), RELAYER.address)
    refused: list[type[Refused]] = [AccessControlUnauthorizedAccount] * 2
    for name, args in (
        ("mint", (OUTSIDER.address, 1)),
        ("grantRole", (points.read("PROTOCOL_ROLE"), pointed.deployment.sites)),
    ):
        with pytest.raises(refused.pop()):
            points.send(GAS, name, *args)


def test_a_person_is_no_contract_of_the_protocol(points: BoundContract) -> None:
    with pytest.raises(NotContract):
        points.send(GAS, "grantRole", points.read("PROTOCOL_ROLE"), OUTSIDER.address)
