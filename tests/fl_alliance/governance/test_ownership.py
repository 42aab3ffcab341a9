"""Everything that only the DAO may do, found by trying every function of every contract, and done by a proposal."""

from typing import Any

import pytest
from assembly import DEPLOYER, GUARDIAN, LARGE, PROPOSER, RIVAL, SMALL, STRANGER, Assembly

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import Function, interface
from fl_alliance.chain.dao import Call
from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import Decoder
from fl_alliance.governance.parameters import PARAMETERS

UNKNOWN = NodeKey.derive(77, 0)
EVERYBODY = (DEPLOYER, PROPOSER, LARGE, SMALL, RIVAL, GUARDIAN, STRANGER, UNKNOWN)
"""Accounts without code, of whom the deployer once held everything."""
REFUSALS = {"AccessControlUnauthorizedAccount", "NotAllowed", "GovernorOnlyExecutor", "TimelockUnauthorizedCaller"}
TYPED = {
    *(("Emission", name) for name in ("verify", "unverify")),
    *(("Treasury", "spend"), ("Models", "expel"), ("Documents", "remove"), ("Gauges", "withdraw"), ("Brake", "resume")),
}
"""What is no parameter, and a proposal says by an action of its own or is shown in words of its own."""
OF_CONTRACTS = {
    *(("Emission", name) for name in ("setBrake", "weigh")),
    ("FML", "setBrake"),
    *(("FML", "mint"), ("Treasury", "reward"), ("Models", "setCallers"), ("Documents", "setRevenue")),
    *(("Documents", "onShare"), ("AllianceMarket", "onReward"), ("AllianceMarket", "onAssets"), ("Arena", "onAssets")),
    *(("DelegationPool", name) for name in ("slash", "setSigma")),
    *(("Dao", name) for name in ("relay", "updateTimelock", "setProposalThreshold")),
    *(("Timelock", name) for name in ("schedule", "scheduleBatch", "execute", "executeBatch", "cancel")),
    *((name, role) for name in ("FML", "Emission", "Arena", "Timelock") for role in ("grantRole", "revokeRole")),
    ("Brake", "pause"),
}
"""What contracts do with each other, what wires them, and what gives power away, which proposals show as an alarm."""
_DEFAULTS: tuple[tuple[str, Any], ...] = (
    ("address", ZERO_ADDRESS),
    ("bool", False),
    ("string", ""),
    ("uint", 0),
    ("int", 0),
)


def of_type(field: dict[str, Any]) -> Any:
    """Return a value of an ABI type, the simplest."""
    kind = str(field["type"])
    if kind.endswith("]"):
        return []
    if kind.startswith("tuple"):
        return tuple(map(of_type, field["components"]))
    if kind.startswith("bytes"):
        return bytes(int(kind[5:] or 0))
    return next(value for start, value in _DEFAULTS if kind.startswith(start))


def changing(contract: str) -> list[tuple[Function, bytes]]:
    """Return every function of a contract that can change something, with calldata of the simplest arguments."""
    entries = [entry for entry in artifacts.load(contract).abi if entry["type"] == "function"]
    functions = zip(entries, interface(contract).by_selector.values(), strict=True)
    return [
        (function, function.encode([of_type(field) for field in entry["inputs"]]))
        for entry, function in functions
        if not function.is_view
    ]


def outcome(dao: Assembly, call: Call, by: NodeKey) -> str:
    """Return the custom error that a call from an account ends with, or how else it ends; nothing is sent."""
    request = {"from": by.address, "to": call.target, "data": "0x" + call.data.hex()}
    try:
        dao.rpc("eth_call", request, "latest")
    except RequestRefused as refused:
        known = custom_errors().get(refused.data[:4])
        return known.name if known else "reverted"
    return "done"


def test_what_is_refused_to_every_account_without_code_is_what_proposals_can_do_and_nothing_else(
    dao: Assembly,
) -> None:
    refused = set()
    for name, contract in dao.deployment.contracts.items():
        for function, data in changing(name):
            call = Call(contract.address, data)
            found = {by.address: outcome(dao, call, by) for by in EVERYBODY}
            if found[UNKNOWN.address] in REFUSALS:
                refused.add((name, function.name))
                others = {by: how for by, how in found.items() if how not in REFUSALS}
                allowed = {GUARDIAN.address: "done"} if (name, function.name) == ("Brake", "pause") else {}
                assert others == allowed, (name, function.name)
    settable = {(known.contract, known.setter) for known in PARAMETERS.values()}
    assert refused == settable | TYPED | OF_CONTRACTS


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_changed_by_a_proposal_and_by_nobody_alone(name: str, dao: Assembly) -> None:
    decoder, known = Decoder(dao.rpc, dao.deployment), PARAMETERS[name]
    text = {"guardian": STRANGER.address, "dao.review_s": "3600", "dao.vote_s": "3600"}.get(name, "3")
    *premises, call = Actions(dao.rpc, dao.deployment).set([f"{name}={text}"])
    words = decoder.words(call)
    assert words.startswith(f"sets {name} to ")
    assert words.count("sets ") == 1
    for account in EVERYBODY:
        assert outcome(dao, call, account) in REFUSALS
    before = {each: PARAMETERS[each].read(dao.bound(PARAMETERS[each].contract)) for each in PARAMETERS}
    dao.pass_(*premises, call, text="Set it")
    after = {each: PARAMETERS[each].read(dao.bound(PARAMETERS[each].contract)) for each in PARAMETERS}
    assert {each for each in PARAMETERS if before[each] != after[each]} == {name}
    assert after[name] == known.parse(text) or after[name].lower() == text.lower()
    assert decoder.words(call).endswith(", as it is now")
