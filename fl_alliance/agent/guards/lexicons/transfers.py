"""Words for sending FML to somebody."""

from fl_alliance.agent.guards.classes import (
    ALSO,
    AMOUNTING,
    CROSSING,
    DUE,
    FOR_WHAT,
    HAVING,
    OWNED,
    RELATIONS,
    SENDS,
    THEM,
    done,
)
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.verbs import gerund, minded, wished
from fl_alliance.agent.tools import Kind

_IF_YOU = ("if you sent", "if you paid", "if you gave", "if you transferred", "if you wired")
_WITH = ("hit", "present", "reward")
"""Verbs that take who gets it first, and what behind "with"."""

TRANSFER = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
    (
        *(*SENDS, *minded(SENDS), *_IF_YOU, *CROSSING, *DUE),
        *words("""
            should get, should receive, gets … from me, receives … from me, settle, make a payment,
            make a transfer, make sure that … gets, make sure that … receives, make sure … gets,
            make sure … receives, make sending, make sending of, see that … gets, see that … receives,
            see to it that … gets, would you see that … gets, settle up with
            """),
        *(f"{one} … {other}" for one, other in HAVING),
        *(f"{verb} … with" for verb in _WITH),
        *done("payment", "transfer", "remittance", "money transfer", "sending", "transferring"),
    ),
    (
        *(*AMOUNTING, *THEM, *words("to, into, over to, fml, account, wallet, address, this address, his, their")),
        *words("""
            i owe, i promised, promised, is owed, by me, lent me, needs, deserves, is due, asked for, back,
            back to, my friend, money, of, payment of, a transfer of, over, off, in return, recipient,
            a present of, a gift of, what i owe, a payment of, a tip of, another, to the account of,
            for helping out, for helping, for everything, as a thank you
            """),
        *(f"my {relation}" for relation in RELATIONS),
    ),
    orders=wished(*SENDS),
    runs=(FOR_WHAT,),
    before=(
        *words("to, into, i owe, i promised, back to, pay back, give back, send back, settle up with, recipient"),
        *(*SENDS, *map(gerund, SENDS), *_IF_YOU, *_WITH, *(f"to {what}" for what in OWNED), "to the account of"),
    ),
    after=words("should get, should receive, gets, receives, is owed, is due, lent me, needs, deserves, asked for")
    + DUE,
    around=HAVING,
    never=(
        *(f"needs to {verb}" for verb in SENDS),
        *words("""
            gets to, should get to, should receive to, receives to, the transfer, the payment, promised to,
            owe to, owed to, to have to, to get to, have to
            """),
        *ALSO,
    ),
)
