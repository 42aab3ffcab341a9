"""Who holds a role of a contract, read from what the chain has told since its deployment."""

from collections import defaultdict
from collections.abc import Mapping

from fl_alliance.chain import artifacts
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import read_log

_GRANTED, _REVOKED = "RoleGranted", "RoleRevoked"


def role_holders(rpc: Rpc, deployment: Deployment) -> Mapping[tuple[str, bytes], frozenset[str]]:
    """Return who holds what: (contract by artifact, role) -> accounts, of every contract that has roles."""
    held: dict[tuple[str, bytes], set[str]] = defaultdict(set)
    for name in deployment.contracts:
        events = {event.name: event for event in interface(name).events.values()}
        if _GRANTED not in events:
            continue
        topics = [["0x" + events[each].topic.hex() for each in (_GRANTED, _REVOKED)]]
        where = {"address": deployment.address(name), "fromBlock": "0x0", "toBlock": "latest", "topics": topics}
        for entry in rpc("eth_getLogs", where):
            log = read_log(entry)
            is_granted = log.topics[0] == events[_GRANTED].topic
            values = events[_GRANTED if is_granted else _REVOKED].values(log.topics, log.data)
            accounts, account = held[name, values["role"]], checksum(values["account"])
            accounts.add(account) if is_granted else accounts.discard(account)
    return {where: frozenset(accounts) for where, accounts in held.items() if accounts}


def role_name(name: str, reader: ContractReader, role: bytes) -> str:
    """Return a role as its contract calls it, DEFAULT_ADMIN_ROLE or hex where it has no name for it."""
    named = [entry["name"] for entry in artifacts.load(name).abi if entry.get("name", "").endswith("_ROLE")]
    return next((each for each in named if reader.read(each) == role), "0x" + role.hex())
