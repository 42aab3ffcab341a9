"""FML as its transfers make it, and that nothing moves the market's own but the rules."""

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.step import Books, Step
from fl_alliance.audit.market.taken import Reading
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.rules.words import ZERO_ADDRESS


def moved(step: Step) -> None:
    """A transfer that no rule of the market makes: somebody's own FML, or what there was from the beginning."""
    values, books = step.head.values, step.books
    sender, recipient, wei = values["from"], values["to"], values["value"]
    if sender == ZERO_ADDRESS:
        step.require(step.reading.taken.to is None, f"{wei} wei minted outside of the schedule")
        books.money.made_wei += wei
    if sender in books.contracts:
        _pass_on(step, sender, recipient, wei)
    else:
        _match(step, sender, recipient, wei)
    if recipient in _owing(books):
        books.money.gifts_wei[recipient] = books.money.gifts_wei.get(recipient, 0) + wei
    step.transfer(sender, recipient, wei)


def _pass_on(step: Step, sender: str, recipient: str, wei: int) -> None:
    """Let the DAO's contract pass on what was sent to it for nothing, where a proposal relays that; nothing else is."""
    money, dao = step.books.money, step.books.dao
    is_dao = dao is not None and sender == dao.at.dao
    call = step.reading.call(TOKEN, "transfer", recipient, wei, by=sender) if is_dao else None
    gifts_wei = money.gifts_wei.get(sender, 0)
    is_allowed = call is not None and wei <= gifts_wei
    step.require(is_allowed, f"{wei} wei leave {sender} for {recipient}, by no rule")
    money.gifts_wei[sender] = gifts_wei - wei


def _match(step: Step, sender: str, recipient: str, wei: int) -> None:
    """Compare a transfer with the call that made it, where its sender's own transaction did."""
    name = step.reading.coming(TOKEN, ("transfer", "transferFrom", "burn"))
    if name == "transfer":
        step.reading.called(TOKEN, name, recipient, wei, by=sender)
    elif name == "transferFrom":
        step.reading.called(TOKEN, name, sender, recipient, wei)
    elif name == "burn":
        step.reading.called(TOKEN, name, wei, by=sender)


def conserve(books: Books, reading: Reading) -> None:
    """Refuse books in which FML appears or disappears.

    Raises
    ------
    DoesNotHold
        A contract of the market holds something else than what they owe, or all accounts together than what there is.
    """
    money = books.money
    for holder, due in _owing(books).items():
        held, gifts = money.held(holder), money.gifts_wei.get(holder, 0)
        if held != due + gifts:
            raise DoesNotHold(reading.where, f"{holder} holds {held} wei of FML, it owes {due}, and {gifts} were gifts")
    held = sum(money.balances.values())
    if held != money.supply_wei:
        raise DoesNotHold(reading.where, f"all accounts hold {held} wei of FML, there are {money.supply_wei}")


def _owing(books: Books) -> dict[str, int]:
    """Return what contracts of the market must hold, in wei, by address."""
    owed = {
        books.addresses.arena: sum(task.held_wei for task in books.tasks.values()),
        books.addresses.emission: books.emission.held_wei,
    }
    if books.alliance is not None:
        owed[books.alliance.address] = books.alliance.owed_wei
    if books.dao is not None:
        owed[books.dao.at.dao] = books.dao.held_wei
    return owed
