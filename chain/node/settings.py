"""What a chain is created with, and the accounts it starts with."""

import json
from dataclasses import asdict, dataclass

from fl_alliance.chain import strict_json
from fl_alliance.chain.node.engine import GAS_CAP_OSAKA

ETHER = 10**18
HARDFORKS = ("prague", "osaka")
_FORMAT = 1

# The ten accounts of the mnemonic "test test test test test test test test test test test junk", the one every
# development chain funds; their keys are public, so they may hold value on no other chain.
DEV_ACCOUNTS = tuple(
    bytes.fromhex(address)
    for address in (
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "976ea74026e726554db657fa54763abd0c3a0aa9",
        "14dc79964da2c08b23698b3d3cc7ca32193d9955",
        "23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        "a0ee7a142d267c1f36714e4a8f75612f20a79720",
    )
)
DEV_BALANCE_WEI = 10_000 * ETHER


@dataclass(frozen=True, slots=True)
class Settings:
    """Fixed at creation and stored with the chain.

    The base fee (wei per gas) never moves, so what a transaction costs depends on nothing before it; 1 gwei is
    what anvil starts from. `genesis_time` is 2025-01-01T00:00:00Z unless given: no clock enters a chain.
    """

    chain_id: int = 31337
    hardfork: str = "prague"
    genesis_time: int = 1_735_689_600
    gas_limit: int = 60_000_000
    base_fee: int = 1_000_000_000

    @property
    def transaction_gas_cap(self) -> int:
        """The largest gas limit of one transaction: the block's, or EIP-7825's from Osaka on."""
        return min(self.gas_limit, GAS_CAP_OSAKA) if self.hardfork == "osaka" else self.gas_limit

    def encode(self) -> bytes:
        return json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":")).encode()

    @staticmethod
    def decode(encoded: bytes) -> "Settings":
        """Raise ValueError where the bytes are not settings of this format."""
        fields = strict_json.parse(encoded)
        if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
            raise ValueError(f"chain settings {encoded[:200]!r}, needed format {_FORMAT}")
        try:
            settings = Settings(**fields)
        except TypeError as unknown:
            raise ValueError(f"chain settings: {unknown}") from unknown
        if settings.hardfork not in HARDFORKS or settings.encode() != encoded:
            raise ValueError(f"chain settings {encoded[:200]!r} are not in canonical form")
        return settings
