"""Where the demonstration's money went, from the chain: what was paid, its parts, and that they are the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import REVENUE, Deployment
from fl_alliance.chain.rpc import Rpc


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model's calls brought in, in wei."""

    model: int
    host_wei: int
    contributors_wei: int
    burned_wei: int

    @property
    def paid_wei(self) -> int:
        """All of it."""
        return self.host_wei + self.contributors_wei + self.burned_wei


@dataclass(frozen=True, slots=True)
class Sums:
    """The parts by model, beside what left the callers' hands and what is missing from the supply."""

    models: list[Parts]
    spent_wei: int
    burned_wei: int

    @property
    def holds(self) -> bool:
        """Whether splits and burn are what was paid, to the wei."""
        paid_wei, burned_wei = sum(one.paid_wei for one in self.models), sum(one.burned_wei for one in self.models)
        return paid_wei == self.spent_wei and burned_wei == self.burned_wei

    @property
    def lines(self) -> list[str]:
        """The table."""
        head = f"{'model':>6} {'paid':>14} {'host':>14} {'contributors':>14} {'burned':>14}"
        rows = [_row(str(one.model), one) for one in self.models]
        total = Parts(0, *(sum(getattr(one, name) for one in self.models) for name in Parts.__slots__[1:]))
        verdict = "equal, to the wei" if self.holds else "DIFFERENT"
        return [
            head,
            *rows,
            _row("all", total),
            f"callers spent {self.spent_wei} wei; host {total.host_wei} + contributors {total.contributors_wei} + "
            f"burned {self.burned_wei} = {total.host_wei + total.contributors_wei + self.burned_wei}: {verdict}",
        ]


def parts_of(rpc: Rpc, deployment: Deployment, models: Iterable[int]) -> list[Parts]:
    """Return each model's parts, from the contract's events."""
    reader = ContractReader(rpc, REVENUE, deployment.address(REVENUE))
    topic, event = next((key, one) for key, one in interface(REVENUE).events.items() if one.name == "Paid")
    asked = {"address": reader.address, "topics": ["0x" + topic.hex()], "fromBlock": hex(deployment.block)}
    sums = {model: [0, 0, 0] for model in models}
    for log in rpc("eth_getLogs", asked | {"toBlock": "latest"}):
        topics = tuple(bytes.fromhex(one[2:]) for one in log["topics"])
        values = event.values(topics, bytes.fromhex(log["data"][2:]))
        for index, part in enumerate(("hostWei", "contributorsWei", "burnedWei")):
            sums[int(values["model"])][index] += int(values[part])
    return [Parts(model, *found) for model, found in sums.items()]


def _row(name: str, parts: Parts) -> str:
    amounts = (parts.paid_wei, parts.host_wei, parts.contributors_wei, parts.burned_wei)
    return f"{name:>6} " + " ".join(f"{fml(amount).removesuffix(' FML'):>14}" for amount in amounts)
