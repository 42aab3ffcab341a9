"""What the contracts say of themselves at the end, compared with the books: state that no event told is found here."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import Any

from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.market.alliance_state import Fact, alliance_facts
from fl_alliance.audit.market.books import Day, Place, Pool, Seat, Task, best_score
from fl_alliance.audit.market.contracts import check_brake, check_clone
from fl_alliance.audit.market.dao_state import dao_facts
from fl_alliance.audit.market.delegators import REDEEM_S
from fl_alliance.audit.market.emission import ALLIANCE, at
from fl_alliance.audit.market.emission import ARENA as ARENA_KIND
from fl_alliance.audit.market.poll_state import lock_facts, poll_facts
from fl_alliance.audit.market.roles import ROLES
from fl_alliance.audit.market.settling import pass_silent
from fl_alliance.audit.market.source import Source, view
from fl_alliance.audit.market.stakes import pool_of
from fl_alliance.audit.market.step import Books
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.arena_view import read_params
from fl_alliance.chain.deploy import ARENA, BRAKE, EMISSION, POOLS, TIMELOCK, TOKEN
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import ZERO_ADDRESS


def check_state(source: Source, books: Books, where: Where) -> None:
    """Compare every figure that a market's contracts hold with the books.

    Raises
    ------
    DoesNotHold
        Naming the first that differs.
    """
    check = _Check(source, books, where)
    parts = (check.tasks(), check.alliance(), check.pools(), check.emission(), check.roles(), check.money())
    for facts in (*parts, check.governance()):
        for name, found, needed in facts:
            if _plain(found) != _plain(needed):
                raise DoesNotHold(where, f"{name}: the contract says {_shown(found)}, the rules give {_shown(needed)}")


class _Check:
    """Yields facts of one market at its chain's end."""

    def __init__(self, source: Source, books: Books, where: Where) -> None:
        self._source, self._books, self._where = source, books, where
        self._now = source.head[2]

    def _arena(self, name: str, *args: Any) -> Any:
        return view(self._source, self._where, ARENA, self._books.addresses.arena, name, *args)

    def _emission(self, name: str, *args: Any) -> Any:
        return view(self._source, self._where, EMISSION, self._books.addresses.emission, name, *args)

    def _timelock(self, name: str, *args: Any) -> Any:
        dao = self._books.addresses.dao
        return view(self._source, self._where, TIMELOCK, dao.timelock if dao is not None else "", name, *args)

    def tasks(self) -> Iterator[Fact]:
        books = self._books
        yield "number of tasks", self._arena("taskCount"), len(books.tasks)
        if books.min_creator_stake_wei:
            yield "least stake of a creator", self._arena("minCreatorStakeWei"), books.min_creator_stake_wei
        yield "limits of creators", tuple(self._arena("limits")), astuple(books.limits)
        for task in books.tasks.values():
            yield from self._task(task)

    def _task(self, task: Task) -> Iterator[Fact]:
        name = f"task {task.number}"
        yield f"parameters of {name}", read_params(self._arena("params", task.number)), task.params
        for number, day in sorted(task.days.items()):
            yield from self._day(task, number, day)
        found = self._arena("state", task.number)
        needed = {
            "phase": int(task.phase),
            "creator": task.creator,
            "finished days": task.finished_days,
            "dataset B": task.dataset_b,
            "falling back": task.fell_back,
            "staked": task.staked_wei,
            "own stakes": task.own_wei,
            "pool": task.pool_wei,
            "fund": task.fund_wei,
            "owed": task.owed_wei,
            "held for nodes": task.held_nodes_wei,
            "held for validators": task.held_validators_wei,
        }
        yield from _facts(name, found, needed)
        for address in task.accounts:
            yield from self._account(task, address)

    def _account(self, task: Task, address: str) -> Iterator[Fact]:
        account = task.account(address)
        score, day, place = best_score(account)
        role, own, delegated, lock_days, until, _, pool, vrf_x, *best = self._arena("stakeOf", task.number, address)
        needed = {
            "role": int(account.role),
            "own stake": account.own_wei,
            "delegated stake": account.delegated_wei,
            "lock in days": account.lock_days,
            "lock until": account.locked_until,
            "pool": pool_of(task, address),
            "VRF key": account.vrf_x,
            "best score": score,
            "day of the best": day,
            "place of the best": place,
        }
        found = (role, own, delegated, lock_days, until, pool, vrf_x, *best)
        yield from _facts(f"{address} in task {task.number}", found, needed)

    def _day(self, task: Task, number: int, day: Day) -> Iterator[Fact]:
        name = f"day {number} of task {task.number}"
        found = self._arena("dayState", task.number, number)
        self._follow(task, number, day, settled=found[1], judged=found[4])
        needed = {
            "submissions": len(day.places),
            "settled": day.settled,
            "validators": len(day.seats),
            "revealed": sum(seat.is_revealed for seat in day.seats),
            "judged": day.judged,
            "finished": day.is_finished,
            "digest": day.digest,
            "nodes now": day.nodes_now_wei,
            "nodes held": day.nodes_held_wei,
            "validators now": day.validators_now_wei,
            "validators held": day.validators_held_wei,
        }
        yield from _facts(name, found, needed)
        yield f"ranking of {name}", tuple(self._arena("ranking", task.number, number)), day.ranking
        for index, place in enumerate(day.places):
            given = self._arena("submission", task.number, number, index)
            yield from _facts(f"place {index} of {name}", given, _place(place))
        for index, seat in enumerate(day.seats):
            given = self._arena("validation", task.number, number, index)
            yield from _facts(f"validator {index} of {name}", given, _seat(seat, len(day.places)))

    def _follow(self, task: Task, number: int, day: Day, settled: int, judged: int) -> None:
        """Go past what a contract settled and no event told of: places and validators that changed nothing else."""
        if settled > day.settled:
            pass_silent(task, number)
        while day.judged < min(judged, len(day.seats)) and day.seats[day.judged].is_revealed:
            day.judged += 1

    def alliance(self) -> Iterator[Fact]:
        alliance = self._books.alliance
        if alliance is not None:
            yield from alliance_facts(self._source, alliance, self._books.addresses.rule, self._where)

    def pools(self) -> Iterator[Fact]:
        for pool in self._books.pools.values():
            check_clone(self._source, pool.address, self._books.addresses.pools, self._where)
            yield from self._pool(pool)

    def _pool(self, pool: Pool) -> Iterator[Fact]:
        name = f"pool of {pool.delegate} in task {pool.task.number}"

        def told(function: str, *args: Any) -> Any:
            return view(self._source, self._where, POOLS, pool.address, function, *args)

        yield f"task of the {name}", told("task"), pool.task.number
        yield f"delegate of the {name}", told("delegate"), pool.delegate
        yield f"market of the {name}", told("market"), pool.market
        yield f"assets of the {name}", told("totalAssets"), self._books.money.held(pool.address)
        yield f"shares of the {name}", told("totalSupply"), pool.supply
        yield f"sigma of the {name}", told("sigmaBps"), pool.sigma_bps
        for owner, shares in pool.shares.items():
            yield f"shares of {owner} in the {name}", told("balanceOf", owner), shares
        for owner, (shares, from_at) in pool.requests.items():
            until = from_at + REDEEM_S
            open_ = shares and self._now < until
            needed = (shares, from_at, until) if open_ else (0, 0, 0)
            yield f"request of {owner} in the {name}", tuple(told("requestOf", owner)), needed

    def emission(self) -> Iterator[Fact]:
        emission = self._books.emission
        today = emission.today(self._now)
        books = (emission.minted_wei, emission.paid_wei, emission.burned_wei)
        yield "the emission's books: minted, paid, burned", tuple(self._emission("books")), books
        brake = self._books.brake
        yield "the brake", self._emission("brake"), brake or ZERO_ADDRESS
        if brake is not None:
            check_brake(self._source, brake, self._where)
            yield from self._brake(brake)
        yield "closed days", self._emission("closedDays"), len(emission.days)
        for number, day in enumerate(emission.days):
            needed = (day.arena_wei, day.alliance_wei, day.left_wei, day.closed_at)
            yield f"the emission's day {number}", tuple(self._emission("dayOf", number)), needed
        for day_ in sorted({*emission.factors, *emission.powers, today}):
            yield f"factor of day {day_}", self._emission("factorBps", day_), at(emission.factors, day_)
            yield f"power of day {day_}", self._emission("powerHalves", day_), at(emission.powers, day_)
        for kind in (ARENA_KIND, ALLIANCE):
            yield f"totals of kind {kind}", tuple(self._emission("totals", kind, today)), emission.totals(kind, today)
        for key, record in emission.records.items():
            name = f"task {key[1]} of {key[0]}"
            yield f"kind of {name}", self._emission("kindOf", *key), record.kind
            yield f"verification of {name}", self._emission("isVerified", *key), key in emission.verified
            for day_ in record.percents:
                needed_percent = at(record.percents, day_)
                yield f"percent of {name} on day {day_}", self._emission("percentOf", *key, day_), needed_percent
            for day_ in record.stakes:
                yield f"stake of {name} on day {day_}", self._emission("stakeGwei", *key, day_), at(record.stakes, day_)

    def _brake(self, brake: str) -> Iterator[Fact]:
        def told(function: str) -> Any:
            return view(self._source, self._where, BRAKE, brake, function)

        pauses, guardian = self._books.emission.pauses, self._books.guardian
        yield "end of the last pause", told("pausedUntil"), pauses.spans[-1][1] if pauses.spans else 0
        yield "when the guardian may pause", told("restsUntil"), pauses.rests_until
        yield "seconds of all pauses", told("pausedS"), pauses.seconds(self._now)
        if guardian is not None:
            yield "the guardian", told("guardian"), guardian

    def governance(self) -> Iterator[Fact]:
        books = self._books
        if books.lock is not None:
            yield from lock_facts(self._source, books.lock, self._where)
        if books.polls is not None:
            yield from poll_facts(self._source, books.polls, self._where)
        if books.dao is not None:
            yield from dao_facts(self._source, books.dao, self._where)

    def roles(self) -> Iterator[Fact]:
        """Every role that was told of, and every one that a contract of the market could have without having been."""
        books, places = self._books, self._books.addresses
        told = {ARENA: self._arena, EMISSION: self._emission, TIMELOCK: self._timelock}
        ours = [places.arena, *(() if books.polls is None else (books.polls.at.gauges,))]
        ours += () if books.dao is None else (books.dao.at.timelock, books.dao.at.dao)
        asked = {
            (source, role, account): False
            for source in (ARENA, EMISSION, *(() if books.dao is None else (TIMELOCK,)))
            for role in ROLES[source]
            for account in ours
        }
        asked |= {
            (source, role, account): is_held
            for (source, role), holders in books.roles.items()
            for account, is_held in holders.items()
        }
        for (source, role, account), is_held in asked.items():
            yield f"role 0x{role.hex()} of {source} for {account}", told[source]("hasRole", role, account), is_held

    def money(self) -> Iterator[Fact]:
        money, fml = self._books.money, self._books.addresses.fml
        yield "FML in all", view(self._source, self._where, TOKEN, fml, "totalSupply"), money.supply_wei
        for account, wei in money.balances.items():
            yield f"FML of {account}", view(self._source, self._where, TOKEN, fml, "balanceOf", account), wei


def _place(place: Place) -> dict[str, Any]:
    return {
        "node": place.node,
        "verdict": int(place.verdict),
        "score": place.score,
        "sigma": place.sigma_bps,
        "claimed now": place.is_claimed_now,
        "claimed held": place.is_claimed_held,
        "own stake": place.weight.own_gwei,
        "delegated stake": place.weight.delegated_gwei,
        "weight": place.weight.weight_gwei,
        "share": place.share_wad,
        "digest": place.commitment if place.verdict is Verdict.COMMITTED else place.digest,
    }


def _seat(seat: Seat, places: int) -> dict[str, Any]:
    inverse = pow(seat.stride, -1, places) if seat.is_revealed and places > 1 else 0
    return {
        "account": seat.validator,
        "reveal": seat.is_revealed,
        "quota": seat.quota,
        "start": seat.start,
        "inverse": inverse,
        "sigma": seat.sigma_bps,
        "claimed now": seat.is_claimed_now,
        "claimed held": seat.is_claimed_held,
        "own stake": seat.weight.own_gwei,
        "delegated stake": seat.weight.delegated_gwei,
        "weight": seat.weight.weight_gwei,
        "share": seat.share_wad,
        "commitment": seat.commitment,
        "fits": sum(seat.fits_wad),
        "scored": len(seat.fits_wad),
    }


def _facts(name: str, found: Sequence[Any], needed: dict[str, Any]) -> Iterator[Fact]:
    for (what, value), given in zip(needed.items(), found, strict=True):
        yield f"{what}, {name}", given, value


def _plain(value: Any) -> Any:
    return checksum(value) if isinstance(value, str) and value.startswith("0x") else value


def _shown(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
