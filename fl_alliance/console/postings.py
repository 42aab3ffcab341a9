"""What pages ask of a market's index: what each transaction brought an account or took from it, and why."""

import sqlite3

from fl_alliance.console.index import Index
from fl_alliance.console.paging import Page, Span, page_of


def postings(index: Index, account: str, span: Span) -> Page:
    """Return a page of an account's transactions, the newest first; `delta_wei` is what its FML changed by."""
    with index.reading() as db:
        return page_of(db, "SELECT * FROM posting WHERE account = ?", (account,), ("block", "place"), span)


def busiest(index: Index, most: int = 12) -> list[sqlite3.Row]:
    """Return the accounts with the most transactions, to begin with."""
    query = "SELECT account, count(*) AS count FROM posting GROUP BY account ORDER BY count DESC, account LIMIT ?"
    with index.reading() as db:
        return db.execute(query, (most,)).fetchall()
