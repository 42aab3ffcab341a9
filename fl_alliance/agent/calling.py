"""Asking a model of the marketplace, through the marketplace's own client: what it may cost is the listing's price.

Paid is by voucher, out of what the account has paid in for calls; where that is too little, by x402: one signed
authorization of FML to the model's till. Neither sends a transaction.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.answers import models_of
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import WouldFail
from fl_alliance.agent.tools import CallModel
from fl_alliance.governance.standing import quoted
from fl_alliance.market.place import Place
from fl_alliance.marketplace.caller import Call, Caller, Means, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.pricing import A_THOUSAND, charge_wei
from fl_alliance.marketplace.purse import opened
from fl_alliance.marketplace.stall import Stall

LONGEST_TOKENS = 512
"""Of an answer; fewer where the budget does not pay for so many."""
_VERSION = "/v1"
Permit = Callable[[Sequence[str], int], None]
"""Shows lines and what they spend at most, in wei; raises where that is not allowed."""


def ask_model(action: CallModel, place: Place, book: Book, permit: Permit) -> str:
    """Ask a model and return its answer, which is a stranger's text.

    Raises
    ------
    WouldFail
        No marketplace, a closed model, no URL of it in the address book, or it costs more than there is.
    MarketplaceError
        As `Caller.call`.
    """
    url, stall = host_of(action, place, book), Stall.at(place)
    call = question(action.model, [Message("user", action.question)], _tokens(action, stall))

    def allow(_: Call, most_wei: int, means: Means) -> None:
        permit([_PAYS[means].format(amount=exactly(most_wei), model=action.model), _sends(action, url)], most_wei)

    with opened(stall.folder("purse") / "signed.json") as purse:
        caller = Caller(stall, place.sender.key, url.rstrip("/").removesuffix(_VERSION), purse, allow)
        means, most_wei = _means(action, stall, call)
        answer = caller.call(call, means, most_wei)
    text, charged_wei = _text(answer), int(answer["fl_alliance"]["charged_wei"])
    return f"model {action.model} says, for {exactly(charged_wei)}: {text}"


def host_of(action: CallModel, place: Place, book: Book) -> str:
    """Return where a model that takes calls answers, as the user's address book says; raises `WouldFail`."""
    if models_of(place).listing(action.model).is_closed:
        raise WouldFail(f"model {action.model} is closed")
    if not (url := book.url_of(action.model)):
        known = f"fl-alliance agent book add NAME model:{action.model} --url URL"
        raise WouldFail(f"where model {action.model} answers is not known; say so: {known}")
    return url


def lines_of(action: CallModel, place: Place, book: Book) -> list[str]:
    """Return what would be paid and sent at most."""
    return [
        f"pays model {action.model} {exactly(action.budget_wei)} at most",
        _sends(action, host_of(action, place, book)),
    ]


_PAYS = {
    Means.FREE: "signs who you are, for the host of model {model} and an hour; it costs {amount}",
    Means.VOUCHER: "signs a voucher of {amount} at most for model {model}, out of what you have paid in for calls",
    Means.X402: "pays {amount} into the till of model {model}, once it is used",
}


def _tokens(action: CallModel, stall: Stall) -> int:
    """Return how many tokens an answer may have for the budget; raises `WouldFail` where that is none."""
    price_wei = stall.listing(action.model).price_wei
    tokens = min(LONGEST_TOKENS, action.budget_wei * A_THOUSAND // price_wei) if price_wei else LONGEST_TOKENS
    if not tokens:
        raise WouldFail(
            f"a thousand tokens of model {action.model} cost {exactly(price_wei)}, "
            f"the budget of {exactly(action.budget_wei)} pays for none"
        )
    return tokens


def _means(action: CallModel, stall: Stall, call: Call) -> tuple[Means, int]:
    """Return how a call is paid, and what it costs at most."""
    most_wei = charge_wei(stall.listing(action.model).price_wei, call.tokens)
    if not most_wei:
        return Means.FREE, 0
    account = stall.revenue.account(stall.me)
    if account.balance_wei >= most_wei and not account.leaves_at:
        return Means.VOUCHER, most_wei
    if (held_wei := stall.token.balance_wei()) < most_wei:
        raise WouldFail(f"{stall.me} holds {exactly(held_wei)}, the call costs {exactly(most_wei)} at most")
    return Means.X402, most_wei


def _sends(action: CallModel, url: str) -> str:
    return f"sends {quoted(action.question)} to {url}"


def _text(answer: dict[str, Any]) -> str:
    """Return what a model says, without what would move a terminal's cursor."""
    said = str(answer["choices"][0]["message"]["content"])
    return "".join(each if each.isprintable() or each == "\n" else " " for each in said)
