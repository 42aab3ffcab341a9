"""Classes of words that several requests are made of, or one in many forms."""

from fl_alliance.agent.guards.lexicon import words
from fl_alliance.chain.dao import Appearance, Support

OWNED = ("address", "the address", "this address", "account", "the account", "wallet", "the wallet")
SENDS = words("""
    send, pay, transfer, give, wire, move, hand, remit, forward, deposit, tip, drop, shoot, slip, pass, hand over,
    fire off, toss, gift, donate, disburse, repay, reimburse
    """)
_GIVES = ("i want", "i'd like", "i would like")
HAVING = (*tuple((wish, f"to {verb}") for wish in _GIVES for verb in ("have", "get", "receive")), ("let", "have"))
"""Between which somebody stands who is to be given something."""
CROSSING = words("get … across to, get … over to, get … to, bring … over to")
DUE = words("""
        needs to be paid, has to be paid, is to be paid, must be paid, should be paid, ought to be paid, ought to get,
        ought to receive, is to get, is to receive, must get, must receive
        """)
"""Behind somebody who is to be given something."""
RELATIONS = words("""
        friend, colleague, coworker, neighbour, neighbor, boss, doctor, nurse, teacher, landlord, roommate, flatmate,
        partner, wife, husband, son, daughter, grandson, granddaughter, grandchild, mother, father, mum, mom, dad,
        sister, brother, cousin, aunt, uncle, niece, nephew, grandmother, grandfather, buddy, mate, client, supplier,
        dear, dear friend, good friend, old friend, best friend
        """)
"""What somebody may be to the user, between "my" and the name."""
_DOES = (
    "make",
    "do",
    "arrange",
    "effect",
    "execute",
    "process",
    "initiate",
    "perform",
    "carry out",
    "set up",
    "organise",
)
_WISHES = ("i want", "i'd like", "i would like", "i need")


def done(*nouns: str) -> tuple[str, ...]:
    """Return the ways to ask that something be done by its noun: make a payment of, arrange payment."""
    return tuple(f"{does} {a}{noun}{of}" for does in _DOES for a in ("", "a ") for noun in nouns for of in ("", " of"))


def wished(*participles: str) -> tuple[str, ...]:
    """Return the cues of wishing that something be done: "i want … staked"."""
    return tuple(f"{wish} … {participle}" for wish in _WISHES for participle in participles)


_OCCASIONS = words("""
        lunch, dinner, breakfast, coffee, coffees, tea, drinks, beer, beers, pizza, food, meal, groceries, shopping,
        catering, cake, cakes, birthday, wedding, christmas, rent, taxi, cab, ride, train, bus, fuel, petrol, tickets,
        ticket, trip, hotel, flowers, book, books, garden, gardening, cleaning, babysitting, repair, repairs, help,
        trouble, favour, favor, cinema, movie, concert, game, lessons, lesson, course, invoice, materials
        """)
FOR_WHAT = tuple(f"for {whose}{what}" for what in _OCCASIONS for whose in ("", "the ", "her ", "his ", "their ", "a "))
"""What money is given for, which changes nothing of it."""
SENDING = ("sending", "paying", "transferring", "giving", "wiring", "moving", "tipping")
IN_TASK = ("in", "on", "for", "task", "the task", "fml")
THEM = ("her", "him", "them", "it", "that", "to her", "to him", "to them", "and", "so")
"""Words for what was named before: whoever is named has to be named once, and nobody else."""
ALSO = tuple(f"and {whom}" for whom in ("her", "him", "them", "to her", "to him", "to them", "it", "that"))
"""Somebody else beside who is named."""
VOTES = {
    **dict.fromkeys(("yes", "aye", "in favour", "in favor", "in favour of", "in favor of", "approve"), Support.FOR),
    **dict.fromkeys(
        words("""
            vote for, i vote for, vote for it, i support, i approve, yes from me, i'm voting for, i am voting for
            """),
        Support.FOR,
    ),
    **dict.fromkeys(
        words("""
            no, nay, against, vote against, against it, reject, i reject, i oppose, no from me
            """),
        Support.AGAINST,
    ),
    **dict.fromkeys(("abstain", "abstaining", "abstention", "i abstain", "abstain from"), Support.ABSTAIN),
}
_COUNTED = ("count me", "put me down", "mark me", "register me", "note me", "list me", "have me down", "record me")
PRESENCE = (
    *(f"{counted} {how}" for counted in _COUNTED for how in ("present", "as present", "as attending")),
    *words("""
        check in to, check in for, check in at, check me in, register my attendance, register my presence,
        record my attendance, record my presence, note my attendance, note my presence, mark my attendance,
        mark my presence, i'm attending, i am attending, i'm present, i am present, i am here, i'm here,
        sign myself in, check myself in
        """),
)
"""Asks to sign in, by itself."""
APPEARANCES = {
    **dict.fromkeys(("attend", "sign in", "sign me in", "appear", "be present", "present"), Appearance.PRESENT),
    **dict.fromkeys(PRESENCE, Appearance.PRESENT),
    "scam": Appearance.SCAM,
    "frivolous": Appearance.FRIVOLOUS,
}
LOCKED = words("""
        of my votes, of my locked fml, of what i locked, of what i have locked, that i locked, i locked, from the dao,
        from governance, from voting, from my votes, from my vote lock, from the vote lock, of the fml that i locked,
        of the fml i locked, in the dao, in the vote lock, in my vote lock, out of the vote lock, out of my vote lock,
        out of voting, out of governance, out of the dao, from my voting lock, from the voting lock, of my vote lock,
        of my voting lock, locked for voting, locked to vote, that is locked, that i have locked, i've locked,
        that i've locked, from my lock, set aside for voting, put aside for voting, that i set aside for voting,
        i set aside to vote, of my lock, from my locked fml, locked in the dao, from my locked votes,
        of my locked votes
        """)
FREES = words("""
        release, free up, free, let go of, give me back, take, take back, take out, get, get back, withdraw, pull,
        pull out, remove, retrieve, reclaim, i need back, i want back, i'd like back
        """)
PURPOSES = words("""
        to vote, to vote with, for voting, for votes, for the vote, for governance, for the dao, so that i can vote,
        so i can vote, in the dao, in governance, into the dao, as votes, into governance, in the vote lock,
        into the vote lock, in my vote lock, into my vote lock, for to vote, to be able to vote, in order to vote,
        towards voting, for my votes, for my vote, for voting power, as voting power, to get votes, so i get votes,
        so i have votes, so that i have votes, for dao voting, for the voting, to use for voting, into voting,
        into votes, as my votes, for my voting
        """)
"""What is locked to vote."""
INVESTS = ("put", "stick", "throw", "pop", "place", "plonk", "add", "i'm putting", "i am putting")
"""With "in" before a task, ways to say stake; deposit is none, which is what a pool takes."""
RECLAIMS = words("""
        return, pull, pull out, take, take out, withdraw, release, reclaim, retrieve, remove, end, free, free up
        """)
STAKES = ("put", "put up", "make", "place", "post", "set", "open", "commit", "i'm putting", "i am putting")
TAKES = words("""
        get, take, withdraw, pay out, give me, grab, pull, pull out, redeem, pick up, fetch, harvest, receive,
        cash in, pay me, hand me, i want, send me, bring me, transfer me, gimme
        """)
MINE = ("reward", "rewards", "earnings", "winnings", "payout", "payouts", "profits", "gains")
BACK = ("take", "get", "want", "give me", "i want", "i would like", "i'd like", "have", "can i have")
NAMES = ("mark", "max")
"""Words that are people's names, too: only tools that take no accounts have them."""
RESERVED = frozenset(
    words("""
            alliance, me, mine, you, we, us, none, nobody, everyone, number, never, cancel, or, then, eth, ether, wei,
            gwei, usd, usdc, usdt, dai, btc, eur, euro, euros, dollar, dollars, coin, coins, token, tokens, percent,
            half, if, when
            """)
)
"""Names that nobody may have, though no request has these words."""
