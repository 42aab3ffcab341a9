"""Who was paid and who lost what, and where all FML is, from nothing but the market's events."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fl_alliance.chain.deploy import ARENA, EMISSION, POOLS, TOKEN
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.words import ZERO_ADDRESS

Key = tuple[str, int]
"""(account, day of the task)."""


@dataclass(slots=True)
class Ledger:
    """Sums over events, in wei.

    Attributes
    ----------
    paid, pushed, fees_back, slashed_own, slashed_delegated : Counter
        By account and day.
    commits : Counter
        How many models an account committed to, by account and day.
    put_in, taken_out : Counter
        By pool and delegator.
    copies : dict
        (day, place) -> digest of a submission that the contract refused as a copy.
    scores : dict
        (day, validator) -> its revealed scores, eight to a word.
    transfers : Counter
        What each address holds by the token's transfers; of nobody's address what was burned less what was minted.
    minted, emitted, unearned, lapsed, left_over : int
        All that was minted; of that by the emission; burned as unearned, as lapsed, and at the task's completion.
    """

    paid: Counter[Key] = field(default_factory=Counter)
    pushed: Counter[Key] = field(default_factory=Counter)
    fees_back: Counter[Key] = field(default_factory=Counter)
    slashed_own: Counter[Key] = field(default_factory=Counter)
    slashed_delegated: Counter[Key] = field(default_factory=Counter)
    commits: Counter[Key] = field(default_factory=Counter)
    put_in: Counter[tuple[str, str]] = field(default_factory=Counter)
    taken_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    copies: dict[tuple[int, int], bytes] = field(default_factory=dict)
    scores: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    transfers: Counter[str] = field(default_factory=Counter)
    minted: int = 0
    emitted: int = 0
    unearned: int = 0
    lapsed: int = 0
    left_over: int = 0

    @classmethod
    def of(cls, events: Iterable[MarketEvent]) -> "Ledger":
        """Return the sums over a market's events."""
        found = cls()
        takers = {ARENA: found._take_arena, EMISSION: found._take_emission, POOLS: found._take_pool}
        for event in events:
            takers.get(event.source, found._take_token)(event)
        return found

    def of_account(self, sums: Counter[Key], account: str) -> int:
        """Return one account's sum over all days."""
        return sum(amount for (found, _), amount in sums.items() if found == account)

    @property
    def burned(self) -> int:
        """All that was burned, by the token's transfers."""
        return self.transfers[ZERO_ADDRESS] + self.minted

    @property
    def balances(self) -> dict[str, int]:
        """What each address holds that holds something."""
        return {address: held for address, held in self.transfers.items() if held and address != ZERO_ADDRESS}

    def _take_arena(self, event: MarketEvent) -> None:
        values = event.values
        if event.name == "Claimed":
            key = values["account"], values["day"]
            self.paid[key] += values["paidWei"]
            self.pushed[key] += values["pushedWei"]
            self.fees_back[key] += values["feeWei"]
        elif event.name == "Slashed":
            key = values["account"], values["day"]
            self.slashed_own[key] += values["ownWei"]
            self.slashed_delegated[key] += values["delegatedWei"]
        elif event.name == "SubmissionCommitted":
            self.commits[values["node"], values["day"]] += 1
        elif event.name == "CopyRefused":
            self.copies[values["day"], values["place"]] = values["digest"]
        elif event.name == "ScoresRevealed":
            self.scores[values["day"], values["validator"]] = values["scores"]
        elif event.name == "TaskCompleted":
            self.left_over += values["burnedWei"]

    def _take_emission(self, event: MarketEvent) -> None:
        if event.name == "DayClosed":
            self.emitted += event.values["mintedWei"]
            self.unearned += event.values["burnedWei"]
        elif event.name == "DayLapsed":
            self.lapsed += event.values["burnedWei"]

    def _take_pool(self, event: MarketEvent) -> None:
        values = event.values
        if event.name == "Deposit":
            self.put_in[event.address, values["owner"]] += values["assets"]
        elif event.name == "Withdraw":
            self.taken_out[event.address, values["owner"]] += values["assets"]

    def _take_token(self, event: MarketEvent) -> None:
        if event.source != TOKEN:
            return
        sender, receiver, amount = (event.values[name] for name in ("from", "to", "value"))
        self.transfers[sender] -= amount
        self.transfers[receiver] += amount
        if sender == ZERO_ADDRESS:
            self.minted += amount
