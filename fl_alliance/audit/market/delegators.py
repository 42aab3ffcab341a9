"""Delegation pools: shares bought and redeemed, requests, sigma, and what the Arena is told of it."""

from fl_alliance.audit.market import alliances
from fl_alliance.audit.market.alliance_books import AllianceTask
from fl_alliance.audit.market.books import Pool
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import ARENA, POOLS
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.pools import assets_for, is_worthless, price_of, shares_burned, shares_for
from fl_alliance.chain.rules.words import ZERO_ADDRESS

SIGMA_S = 30 * DAY_S
"""Seconds between two changes of sigma at least."""
FREEZE_S = 2 * DAY_S
"""Seconds before and after a task's end in which sigma stays."""
REDEEM_S = 2 * DAY_S
"""Seconds in which a request can be used."""


def shares_moved(step: Step) -> None:
    """Shares were made, burned, or given to somebody else."""
    sender, recipient = step.head.values["from"], step.head.values["to"]
    pool = step.books.pools[step.head.address]
    if sender == ZERO_ADDRESS:
        _bought(step, pool)
    elif recipient == ZERO_ADDRESS:
        _redeemed(step, pool)
    else:
        _given(step, pool)


def _bought(step: Step, pool: Pool) -> None:
    """A deposit: FML came first, now come its shares, and the Arena hears of it."""
    owner, told = step.head.values["to"], step.reading.ahead(POOLS, "Deposit")
    step.require(told is not None and told.address == pool.address, "shares without a deposit")
    came = step.books.money.last
    payer = told.values["sender"] if told else owner
    step.require(came is not None and came[:2] == (payer, pool.address), f"no FML came from {payer} for these shares")
    assets = came[2] if came else 0
    before = step.books.money.held(pool.address) - assets
    shares = _shares_bought(step, owner, assets, before, pool)
    step.require(shares > 0, f"a deposit of {assets} wei that buys no share")
    step.running()
    step.require(step.now < pool.task.ends_at, f"at second {step.now}, needed before {pool.task.ends_at}")
    step.require(not is_worthless(before, pool.supply), "next to nothing is left of a share")
    pool.shares[owner] = pool.shares.get(owner, 0) + shares
    step.pool(pool.address, "Transfer", **{"from": ZERO_ADDRESS, "to": owner, "value": shares})
    step.pool(pool.address, "Deposit", sender=payer, owner=owner, assets=assets, shares=shares)
    step.books.counts.delegations += 1
    _report(step, pool)


def _shares_bought(step: Step, owner: str, assets: int, before: int, pool: Pool) -> int:
    """Return what a deposit buys; `mint` names the shares and pays their price, which is rounded up."""
    asked, shares = int(step.head.values["value"]), shares_for(assets, before, pool.supply)
    price = price_of(asked, before, pool.supply)
    match step.reading.coming(POOLS, ("deposit", "mint")):
        case "deposit":
            step.reading.called(POOLS, "deposit", assets, owner)
            return shares
        case "mint":
            step.reading.called(POOLS, "mint", asked, owner)
            step.require(price == assets, f"{asked} shares for {assets} wei, their price is {price}")
            return asked
    return asked if asked < shares and price == assets else shares


def _redeemed(step: Step, pool: Pool) -> None:
    """A redemption of requested shares, and what they are worth."""
    owner, told = step.head.values["from"], step.reading.ahead(POOLS, "Withdraw")
    step.require(told is not None and told.address == pool.address, "shares burned without a redemption")
    values = told.values if told else {}
    asked, receiver = int(step.head.values["value"]), values["receiver"]
    due = _assets_due(step, owner, asked, int(values["assets"]), pool)
    requested, from_at = pool.requests.get(owner, (0, 0))
    ripe = requested if from_at <= step.now < from_at + REDEEM_S else 0
    step.require(asked <= ripe, f"{asked} shares redeemed at second {step.now}, {ripe} may be")
    pool.requests[owner] = (requested - asked, from_at)
    pool.shares[owner] -= asked
    step.pool(pool.address, "Transfer", **{"from": owner, "to": ZERO_ADDRESS, "value": asked})
    step.transfer(pool.address, receiver, due)
    caller = values["sender"]
    step.pool(pool.address, "Withdraw", sender=caller, receiver=receiver, owner=owner, assets=due, shares=asked)
    _report(step, pool)


def _assets_due(step: Step, owner: str, shares: int, said: int, pool: Pool) -> int:
    """Return what shares are redeemed for; `withdraw` names the assets and burns shares rounded up."""
    held, supply = step.books.money.held(pool.address), pool.supply
    worth, burned = assets_for(shares, held, supply), shares_burned(said, held, supply)
    told = step.reading.ahead(POOLS, "Withdraw")
    to, sender = (told.values["receiver"], told.values["sender"]) if told else (owner, owner)
    match step.reading.coming(POOLS, ("redeem", "withdraw")):
        case "redeem":
            step.reading.called(POOLS, "redeem", shares, to, owner, by=sender)
            return worth
        case "withdraw":
            step.reading.called(POOLS, "withdraw", said, to, owner, by=sender)
            step.require(burned == shares, f"{shares} shares burned for {said} wei, needed {burned}")
            return said
    return said if said < worth and burned == shares else worth


def _given(step: Step, pool: Pool) -> None:
    """Shares change hands, as far as they are not requested."""
    values = step.head.values
    sender, recipient, shares = values["from"], values["to"], values["value"]
    held = pool.shares.get(sender, 0)
    queued, from_at = pool.requests.get(sender, (0, 0))
    bound = queued if step.now < from_at + REDEEM_S else 0
    step.require(shares + bound <= held, f"{shares} shares given, {held} held of which {bound} are requested")
    pool.shares[sender] = held - shares
    pool.shares[recipient] = pool.shares.get(recipient, 0) + shares
    step.pool(pool.address, "Transfer", **dict(values))


def requested(step: Step) -> None:
    """A delegator asks to redeem."""
    pool, values = step.books.pools[step.head.address], step.head.values
    owner, shares = values["owner"], values["shares"]
    step.reading.called(POOLS, "requestRedeem", shares, by=owner)
    held = pool.shares.get(owner, 0)
    step.require(shares <= held, f"{shares} shares requested, {held} held")
    from_at = step.now + step.books.addresses.withdrawal_delay_s
    pool.requests[owner] = (shares, from_at)
    step.pool(pool.address, "RedeemRequested", owner=owner, shares=shares, fromAt=from_at, untilAt=from_at + REDEEM_S)


def sigma_set(step: Step) -> None:
    """A delegate sets its part anew."""
    pool, sigma_bps = step.books.pools[step.head.address], step.head.values["sigmaBps"]
    step.reading.called(POOLS, "setSigma", sigma_bps, by=pool.delegate)
    needed, ends_at = pool.sigmas[-1][0] + SIGMA_S, pool.task.ends_at
    frozen = step.now + FREEZE_S >= ends_at and step.now < ends_at + FREEZE_S
    step.require(step.now >= needed and not frozen, f"sigma set at second {step.now}, needed {needed} and not frozen")
    step.require(sigma_bps <= BPS, f"sigma {sigma_bps}, needed at most {BPS}")
    pool.sigmas.append((step.now, sigma_bps))
    step.pool(pool.address, "SigmaSet", sigmaBps=sigma_bps, fromAt=step.now)


def reported(step: Step) -> None:
    """Somebody has a pool tell the Arena what it holds."""
    event = step.reading.ahead(ARENA, "DelegationChanged")
    task = step.task()
    address = task.account(event.values["delegate"]).pool if event else None
    step.require(address is not None, "a delegation to an account without a pool")
    step.reading.called(POOLS, "report")
    _report(step, step.books.pools[str(address)])


def _report(step: Step, pool: Pool) -> None:
    assets, task = step.books.money.held(pool.address), pool.task
    if isinstance(task, AllianceTask):
        alliances.report(step, pool, task)
        return
    task.account(pool.delegate).change(step.now, delegated_wei=assets)
    step.arena("DelegationChanged", task=task.number, delegate=pool.delegate, assetsWei=assets)
    step.sync(task)
