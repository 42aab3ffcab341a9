"""Words for sending FML to somebody."""

from fl_alliance.agent.guards.classes import (
    ALSO,
    CROSSING,
    DUE,
    FOR_WHAT,
    HAVING,
    OWNED,
    RELATIONS,
    SENDING,
    SENDS,
    THEM,
    done,
    wished,
)
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind

TRANSFER = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
    (
        *SENDS,
        *(f"would you mind {sending}" for sending in SENDING),
        *words("""
            should get, should receive, gets … from me, receives … from me, settle, make a payment,
            make a transfer, make sure that … gets, make sure that … receives, make sure … gets,
            make sure … receives, make sending, make sending of, see that … gets, see that … receives,
            see to it that … gets, would you see that … gets
            """),
        *(f"{one} … {other}" for one, other in HAVING),
        *CROSSING,
        *done("payment", "transfer"),
        *wished("sent", "paid", "transferred", "wired", "moved"),
        *DUE,
    ),
    (
        *("to", "into", "over to", "fml", "account", "wallet", "address", "this address", "the amount of", *THEM),
        *words("""
            i owe, i promised, promised, is owed, by me, lent me, needs, deserves, is due, asked for, back,
            back to, my friend, money, of, payment of, a transfer of, over, off, in return, the sum of, a sum of,
            a present of, a gift of, what i owe, a payment of, a tip of
            """),
        *(f"my {relation}" for relation in RELATIONS),
        *FOR_WHAT,
    ),
    before=(
        *words("to, into, i owe, i promised, back to, pay back, give back, send back"),
        *(*SENDS, *SENDING, *(f"to {what}" for what in OWNED)),
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
