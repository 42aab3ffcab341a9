"""Which contracts a chain's own transactions created: ours, byte for byte as compiled, or something else.

A contract's code follows from the creation code that its transaction carries. It is compared with our artifacts; only
the places that linking and construction fill in may differ, and what stands there is checked for itself.

Of a market on the same chain it is only known that its contracts are ours, over this token and this Alliance: what they
do to tasks is in events, and what they do beside is the market's audit.
"""

from dataclasses import dataclass, field
from functools import cache

import rlp

from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.chain import artifacts
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, EMISSION, EVIDENCE, MARKET, POOLS, RULES, SITES, TOKEN
from fl_alliance.chain.deploy import TOKENS as TOKEN_OF
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.transaction import Transaction
from fl_alliance.chain.rules.words import keccak

_WORD, _ADDRESS = 32, 20
TOKENS = tuple(TOKEN_OF.values())
"""What an Alliance can pay in; a chain has one of them."""
ALLIANCES = tuple(RULES.values())
"""The contracts of the rules; a chain has one of them."""
_MARKETS = {
    EMISSION: ((TOKEN,),),
    POOLS: ((TOKEN,),),
    ARENA: ((EMISSION,), (POOLS,)),
    ALLIANCE_MARKET: (ALLIANCES, (EMISSION,), (POOLS,)),
    EVIDENCE: (ALLIANCES, TOKENS),
}
"""Contracts beside an Alliance, and what the addresses, their first arguments of construction, must be."""
SEVERAL = (EVIDENCE, SITES)
"""Contracts of which a chain can have more than one beside one Alliance."""
_CHANGED = 0.5
"""Code that shares this part of its bytes with ours is ours, changed."""


@dataclass(frozen=True, slots=True)
class Code:
    """The compiled code of one contract: before and after its construction, and where others' addresses belong."""

    name: str
    creation: bytes
    runtime: bytes
    links: tuple[tuple[int, str], ...]
    filled: tuple[tuple[int, int], ...]

    def args(self, data: bytes) -> bytes:
        """Return the constructor's arguments behind the creation code."""
        return data[len(self.creation) :]

    def differs_at(self, data: bytes) -> int | None:
        """Return the first byte in which creation code differs from this, None where none does."""
        plain = bytearray(data[: len(self.creation)])
        for at, _ in self.links:
            plain[at : at + _ADDRESS] = bytes(len(plain[at : at + _ADDRESS]))
        return _first_difference(bytes(plain), self.creation)

    def runtime_differs_at(self, code: bytes) -> int | None:
        """Return the first byte in which deployed code differs from this, None where none does."""
        plain = bytearray(code)
        for at, size in self.filled:
            plain[at : at + size] = bytes(len(plain[at : at + size]))
        return _first_difference(bytes(plain), self.runtime)


@cache
def compiled(name: str) -> Code:
    """Return our compiled contract of this name, zero where addresses and immutable values belong."""
    artifact = artifacts.load(name)
    links = _places(artifact.link_references)
    immutable = [(p["start"], p["length"]) for places in artifact.immutable_references.values() for p in places]
    deployed = [(at, _ADDRESS) for at, _ in _places(artifact.deployed_link_references)]
    # A library's code begins with PUSH20 of its own address, which its construction fills in.
    own = [(1, _ADDRESS)] if artifact.deployed_bytecode.startswith("0x73" + "00" * _ADDRESS) else []
    creation = _blank(artifact.bytecode, [(at, _ADDRESS) for at, _ in links])
    filled = tuple(sorted(immutable + deployed + own))
    return Code(name, creation, _blank(artifact.deployed_bytecode, list(filled)), links, filled)


@dataclass(slots=True)
class Contracts:
    """Our contracts as far as the chain has created them, by the bytes of their address.

    Attributes
    ----------
    names : dict of bytes to str
    unknown : dict of bytes to int
        The blocks that created contracts which are none of ours, by address.
    supply_wei : int
        What the construction of FML minted.
    """

    names: dict[bytes, str] = field(default_factory=dict)
    unknown: dict[bytes, int] = field(default_factory=dict)
    supply_wei: int = 0

    def address(self, name: str | None) -> str | None:
        """Return the checksummed address of a contract, None where there is none yet."""
        return next((checksummed(address) for address, known in self.names.items() if known == name), None)

    def addresses(self, name: str) -> tuple[str, ...]:
        """The checksummed addresses of all contracts of this name."""
        return tuple(checksummed(address) for address, known in self.names.items() if known == name)

    @property
    def token(self) -> str | None:
        """The address of what the Alliance pays in, or will: FML or points; None as long as there is neither."""
        return next((found for name in TOKENS if (found := self.address(name)) is not None), None)

    @property
    def alliance(self) -> str | None:
        """Which Alliance there is, by artifact: one of `ALLIANCES`; None as long as there is none."""
        return next((name for name in self.names.values() if name in ALLIANCES), None)

    def created(self, block: Block, transaction: Transaction, where: Where) -> str | None:
        """Take note of a successful creation; return the contract's name, None where it is not one of ours.

        Raises
        ------
        DoesNotHold
            It is one of ours with other code, or linked to or constructed with something else.
        """
        address, names = created_address(transaction), set(self.names.values())
        for name in _ours():
            code = compiled(name)
            if code.differs_at(transaction.data) is None:
                known = any(name in kind and set(kind) & names for kind in (TOKENS, ALLIANCES)) or (
                    name in names and name not in SEVERAL
                )
                if known or not self._belongs(code, transaction.data):
                    if name not in _MARKETS:  # another market is none of an Alliance's business
                        self.unknown[address] = block.number
                    return None
                self._check_parts(code, transaction.data, where)
                self.names[address] = name
                return name
        self._refuse_changed(transaction.data, address, where)
        self.unknown[address] = block.number
        return None

    def require_known(self, transaction: Transaction, where: Where) -> None:
        """Refuse a call of one of the Alliance's functions on a contract that is not our Alliance."""
        selectors = (interface(name).by_selector.get(transaction.data[:4]) for name in ALLIANCES)
        function = next((found for found in selectors if found is not None), None)
        block = self.unknown.get(transaction.to)
        if block is not None and function is not None:
            raise DoesNotHold(
                where,
                f"calls {function.name} of the contract at {checksummed(transaction.to)}, which block {block} created "
                "from other code than this version compiles",
            )

    def _belongs(self, code: Code, data: bytes) -> bool:
        """Return whether what a market's contract is constructed with is ours; true of others, see `_check_parts`."""
        args = code.args(data)
        addresses = (args[at + _WORD - _ADDRESS : at + _WORD] for at in range(0, len(args), _WORD))
        return all(
            self.names.get(address) in names
            for address, names in zip(addresses, _MARKETS.get(code.name, ()), strict=False)
        )

    def _check_parts(self, code: Code, data: bytes, where: Where) -> None:
        for at, library in code.links:
            linked = data[at : at + _ADDRESS]
            if self.names.get(linked) != library:
                raise DoesNotHold(
                    where, f"{code.name} is linked to {checksummed(linked)}, which is not our {library} library"
                )
        args = code.args(data)
        if code.name in (*_MARKETS, SITES):  # who a consortium's members are is for them to know
            return
        if code.name == TOKEN and len(args) == _WORD:
            self.supply_wei = int.from_bytes(args, "big")
        elif code.name in ALLIANCES and len(args) == _WORD:
            token = args[-_ADDRESS:]
            if self.names.get(token) not in TOKENS:
                raise DoesNotHold(
                    where, f"the Alliance pays in {checksummed(token)}, which is not our FML token or points"
                )
        elif args:
            raise DoesNotHold(where, f"{code.name} was created with {len(args)} unknown bytes behind its code")

    def _refuse_changed(self, data: bytes, address: bytes, where: Where) -> None:
        likeness, code = max(((_likeness(data, compiled(name).creation), name) for name in _ours()), default=(0.0, ""))
        if likeness < _CHANGED:
            return
        at = compiled(code).differs_at(data) or 0
        found, needed = data[at : at + 1].hex() or "nothing", compiled(code).creation[at : at + 1].hex()
        raise DoesNotHold(
            where,
            f"the contract created at {checksummed(address)} is not {code} as this version compiles it: byte {at} is "
            f"0x{found}, needed 0x{needed}",
        )


def created_address(transaction: Transaction) -> bytes:
    """Return the address of the contract that a transaction creates."""
    return keccak(bytes(rlp.encode([transaction.sender, transaction.nonce])))[-_ADDRESS:]


def _ours() -> tuple[str, ...]:
    mains = (*ALLIANCES, *MARKET, ALLIANCE_MARKET, SITES, EVIDENCE)
    libraries = {library for name in mains for _, library in compiled(name).links}
    return (*TOKENS, *sorted(libraries), *mains)


def _places(references: dict[str, dict[str, list[dict[str, int]]]]) -> tuple[tuple[int, str], ...]:
    return tuple(
        sorted(
            (place["start"], name) for unit in references.values() for name, places in unit.items() for place in places
        )
    )


def _blank(code: str, places: list[tuple[int, int]]) -> bytes:
    """Return hexadecimal code as bytes, zero in these places."""
    text = code.removeprefix("0x")
    for at, size in places:
        text = text[: 2 * at] + "00" * size + text[2 * (at + size) :]
    return bytes.fromhex(text)


def _first_difference(found: bytes, needed: bytes) -> int | None:
    if found == needed:
        return None
    pairs = enumerate(zip(found, needed, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(found), len(needed)))


def _likeness(found: bytes, needed: bytes) -> float:
    """Return the share of `needed` that stands in `found` at the same place."""
    return sum(left == right for left, right in zip(found, needed, strict=False)) / len(needed)
