"""What proposals take for granted: terms as they stand by the rules, as a view would answer."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import Any

from fl_alliance.audit.market.dao_books import DaoBooks
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Call
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import ARENA, DAO, DOCUMENTS, GAUGES, MODELS, REVENUE
from fl_alliance.chain.rules.words import word

_TERMS = {
    (MODELS, "setTerms"): ("minStakeWei", "releaseS"),
    (DOCUMENTS, "setTerms"): ("stakeWei", "quorumWei"),
    (REVENUE, "setSplit"): ("split",),
}
"""What sets the marketplace's terms, whose events are not read here, and the views that return them."""


def answers(contract: str, setter: str, address: str, args: Sequence[Any]) -> Iterator[tuple[tuple[str, bytes], bytes]]:
    """Yield what the views of a contract of the marketplace return once its terms are set to `args`."""
    views = _TERMS[(contract, setter)]
    values = args if len(views) > 1 else [args[0]]
    for view, value in zip(views, values, strict=True):
        parts = value if isinstance(value, tuple) else (value,)
        yield (address, _question(contract, view)), b"".join(map(word, parts))


def note_terms(dao: DaoBooks, address: str, call: Call) -> None:
    """Write down what a call of an executed proposal sets in the marketplace."""
    if (call.source, call.name) in _TERMS:
        dao.answers.update(answers(call.source, call.name, address, call.args))


def answer_of(books: Books, address: str, question: bytes) -> bytes | None:
    """Return what a contract answers by the rules; None where these do not say."""
    dao, polls, addresses = books.dao, books.polls, books.addresses
    known: dict[tuple[str, bytes], Any] = {(addresses.arena, _question(ARENA, "limits")): books.limits}
    if dao is not None:
        known[(dao.at.dao, _question(DAO, "reviewTerms"))] = dao.terms
    if polls is not None:
        known[(polls.at.gauges, _question(GAUGES, "terms"))] = polls.terms
    if (address, question) in known:
        return b"".join(map(word, astuple(known[(address, question)])))
    return None if dao is None else dao.answers.get((address, question))


def _question(contract: str, view: str) -> bytes:
    return interface(contract).functions[view].selector
