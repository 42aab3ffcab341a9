"""What a demonstration came to: all that its tables, charts and bars are made of, as one JSON file. Amounts are wei."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from fl_alliance.chain import strict_json
from fl_alliance.records import write_whole

RESULTS = "results.json"


@dataclass(frozen=True, slots=True)
class Setting:
    """What was played.

    Attributes
    ----------
    kind, title : str
    options : mapping
        Of the kind.
    seed : int
    days : int
        Days on dataset A; the B day has this number.
    head : str
        Hash of the chain's last block.
    slash_bps, now_bps : int
        What a slash takes of a stake, and what of a reward is paid the same day, of 10,000.
    fee_wei : int
        Of a submission.
    base_score, base_hidden : int
        The untrained model's loss on dataset A and on the hidden set, in millionths.
    """

    kind: str
    title: str
    options: Mapping[str, Any]
    seed: int
    days: int
    head: str
    slash_bps: int
    now_bps: int
    fee_wei: int
    base_score: int
    base_hidden: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A node's day.

    Attributes
    ----------
    day : int
    name : str
    verdict : str
        `RANKED`, `WORST`, or `ABSENT`.
    score, hidden : int or None
        The consensus, and the loss on the hidden set, in millionths; None: none, or nothing that is a model.
    rank : int
        From 1; 0: not paid.
    share_wad : int
        Of what nodes share, of 10^18.
    now_wei, held_wei : int
        What the share is worth, delegators' part included: paid the same day, and held until the B day decides.
    slashed_wei, fee_wei : int
        What it lost of stake, the delegators' part included, and of fees.
    why : str
        For people.
    """

    day: int
    name: str
    verdict: str
    score: int | None
    hidden: int | None
    rank: int
    share_wad: int
    now_wei: int
    held_wei: int
    slashed_wei: int
    fee_wei: int
    why: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A validator's day; fields as in `Entry`.

    Attributes
    ----------
    scored, places : int
        How many models it scored, of how many.
    caught, bad : int
        How many bad models it gave the worst score, of how many that validators had to find out.
    weight_wei : int
        The stake that it scored with, its delegators' included.
    share_wad, now_wei, held_wei : int
        Of what validators share.
    """

    day: int
    name: str
    weight_wei: int
    scored: int
    places: int
    caught: int
    bad: int
    share_wad: int
    now_wei: int
    held_wei: int
    why: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's books over the whole task.

    Attributes
    ----------
    name, part, about, address : str
    start_wei, end_wei : int
        What it held before the task and after.
    stake_wei : int
        What it staked, or delegated.
    paid_wei : int
        Rewards that it was paid.
    from_pool_wei : int
        What came out of delegation pools beyond what it put in; negative where slashes took more.
    fees_wei, slashed_wei, fund_wei : int
        Fees and own stake that it lost, and what it paid in for rewards.
    worth : list of int
        What it held, staked and delegated at the start, after each day and at the end.
    why : str
        For people.
    """

    name: str
    part: str
    about: str
    address: str
    start_wei: int
    end_wei: int
    stake_wei: int
    paid_wei: int
    from_pool_wei: int
    fees_wei: int
    slashed_wei: int
    fund_wei: int
    worth: list[int]
    why: str

    @property
    def gained_wei(self) -> int:
        """What it has more than before, or with a minus less."""
        return self.end_wei - self.start_wei


@dataclass(frozen=True, slots=True)
class Money:
    """Where all FML came from and went.

    Attributes
    ----------
    before_wei, emitted_wei : int
        Minted at the deployment, and by the emission.
    unearned_wei, lapsed_wei, pool_wei : int
        Burned: what of the emission nobody's task could earn, what nobody drew, and what was left in the task's pool.
    to_nodes_wei, to_validators_wei, to_delegators_wei : int
        Paid: rewards to accounts by their part, and pushed into pools.
    balances : mapping
        Name or address -> what it holds in the end, by the token's transfers.
    """

    before_wei: int
    emitted_wei: int
    unearned_wei: int
    lapsed_wei: int
    pool_wei: int
    to_nodes_wei: int
    to_validators_wei: int
    to_delegators_wei: int
    balances: Mapping[str, int]

    @property
    def minted_wei(self) -> int:
        """All that was ever minted."""
        return self.before_wei + self.emitted_wei

    @property
    def burned_wei(self) -> int:
        """All that was burned."""
        return self.unearned_wei + self.lapsed_wei + self.pool_wei


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that must hold, whether it does, and the figures that say so."""

    text: str
    holds: bool
    said: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A demonstration."""

    setting: Setting
    entries: list[Entry]
    judgements: list[Judgement]
    accounts: list[Account]
    money: Money
    bars: list[Bar]

    def entries_of(self, day: int) -> list[Entry]:
        """Return a day's leaderboard: the paid first, by rank."""
        return sorted((e for e in self.entries if e.day == day), key=lambda e: (not e.rank, e.rank))

    def account(self, name: str) -> Account:
        """Return somebody's books."""
        return next(account for account in self.accounts if account.name == name)

    def save(self, folder: Path) -> None:
        """Write the results into a demonstration's folder."""
        write_whole(folder / RESULTS, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the results in a folder; raises `OSError`, `ValueError`, `TypeError` or `KeyError` without."""
        found = strict_json.parse((folder / RESULTS).read_text())
        return cls(
            Setting(**found["setting"]),
            [Entry(**entry) for entry in found["entries"]],
            [Judgement(**judgement) for judgement in found["judgements"]],
            [Account(**account) for account in found["accounts"]],
            Money(**found["money"]),
            [Bar(**bar) for bar in found["bars"]],
        )
