"""Classes of words that several requests are made of, or one in many forms."""

from fl_alliance.agent.guards.courtesy import each
from fl_alliance.agent.guards.lexicon import words
from fl_alliance.chain.dao import Appearance, Support

OWNED = ("address", "the address", "this address", "account", "the account", "wallet", "the wallet")
SENDS = words("""
    send, pay, transfer, give, wire, move, hand, remit, forward, deposit, tip, drop, shoot, slip, pass, hand over,
    fire off, toss, gift, donate, disburse, repay, reimburse, chuck, credit, grant, award, send over, send across,
    send out, hand out, transmit, dispatch, contribute, pay out, zap, ping, beam, compensate, pass along
    """)
_GIVES = ("i want", "i'd like", "i would like", "i'd love", "i would love")
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
_DOES = words("make, do, arrange, effect, execute, process, initiate, perform, carry out, set up, organise, organize")
AMOUNTING = words("""
        the amount of, an amount of, amount of, amount, in the amount of, to the amount of, to the value of,
        to the tune of, amounting to, totalling, totaling, a total of, the sum of, a sum of, sum of, worth, worth of,
        a cool, a full, of my, of my own, of mine
        """)
"""Before or behind how much it is."""
REGARDING = words("""
        about, regarding, concerning, in the matter of, with regard to, with regards to, with respect to, as regards,
        as for, when it comes to, re, on the matter of, on the question of, in the case of
        """)


def done(*nouns: str) -> tuple[str, ...]:
    """Return the ways to ask that something be done by its noun: make a payment of, arrange payment."""
    return each(_DOES, ("", "a", "the"), nouns, ("", "of"))


_OCCASIONS = words("""
        lunch, dinner, breakfast, coffee, coffees, tea, drinks, beer, beers, pizza, food, meal, groceries, shopping,
        catering, cake, cakes, birthday, wedding, christmas, rent, taxi, cab, ride, train, bus, fuel, petrol, tickets,
        ticket, trip, hotel, flowers, book, books, garden, gardening, cleaning, babysitting, repair, repairs, help,
        trouble, favour, favor, cinema, movie, concert, game, lessons, lesson, course, invoice, materials, shift,
        night shift, day shift, weekend shift, kids, children, dog, cat, house, flat, car, bike, report, paper, meeting,
        data, labels, labelling, work, hard work, job, services, service, time, support, advice, efforts, effort, bill,
        party, anniversary, graduation, new year, gift, present, printing, translation, review, photos, shoes, phone,
        electricity, water, heating, internet, gas, parking, delivery, package, parcel, laundry, ironing, dishes,
        washing up, kitchen, lawn, plants, snow, homework, tutoring, haircut, medicine, prescription, glasses, visit
        """)
_DOINGS = words("""
        covering, helping, helping with, helping me with, helping out with, doing, watching, looking after, cleaning,
        fixing, repairing, cooking, driving, walking, washing, making, getting, fetching, picking up, teaching, minding,
        writing, organising, organizing, paying, feeding, watering, sitting, printing, translating, reviewing, baking
        """)
FOR_WHAT = (
    ("for",),
    ("", *_DOINGS),
    ("", "the", "her", "his", "their", "a", "my", "all the", "all her", "all his", "all their", "that", "this"),
    _OCCASIONS,
    ("", "today", "yesterday", "last night", "last week"),
)
"""What money is given for, which changes nothing of it."""
IN_TASK = (*words("in, on, for, under, within, inside, at, task, the task, with respect to"), "fml")
THEM = ("her", "him", "them", "it", "that", "to her", "to him", "to them", "and", "so")
"""Words for what was named before: whoever is named has to be named once, and nobody else."""
ALSO = tuple(f"and {whom}" for whom in ("her", "him", "them", "to her", "to him", "to them", "it", "that"))
"""Somebody else beside who is named."""
_HOW_MUCH = ("", "all", "fully", "strongly", "firmly", "totally", "completely", "definitely")
_FOR = ("in favour", "in favor", "in favour of", "in favor of", "supportive of")
_AGAINST = ("against", "opposed to")
STANCES = {
    **dict.fromkeys(each(("i am", "i'm"), _HOW_MUCH, _FOR), Support.FOR),
    **dict.fromkeys(each(("i am", "i'm"), ("all", "totally", "completely"), ("for",)), Support.FOR),
    **dict.fromkeys(each(("i am", "i'm"), _HOW_MUCH, _AGAINST), Support.AGAINST),
    **dict.fromkeys(each(("i am", "i'm"), ("abstaining",), ("", "from", "on")), Support.ABSTAIN),
}
"""Where somebody stands, which is a vote of theirs."""
VOTES = {
    **dict.fromkeys(("yes", "aye", *_FOR, "approve", "yep", "yup", "yea", "endorse"), Support.FOR),
    **dict.fromkeys(("in the affirmative", "affirmative", "a thumbs up", "thumbs up"), Support.FOR),
    **dict.fromkeys(
        words("""
            vote for, i vote for, vote for it, i support, i approve, yes from me, i'm voting for, i am voting for,
            i endorse, vote to approve, vote in favour of, vote in favor of
            """),
        Support.FOR,
    ),
    **dict.fromkeys(
        words("""
            no, nay, against, vote against, against it, reject, i reject, i oppose, no from me, nope, vote to reject,
            in the negative, a thumbs down, thumbs down, oppose
            """),
        Support.AGAINST,
    ),
    **dict.fromkeys(
        words("abstain, abstaining, abstention, i abstain, abstain from, i abstain from, an abstention"),
        Support.ABSTAIN,
    ),
}
_RECORDS = ("record", "register", "note", "log", "enter", "put down", "mark", "list", "write down", "take down")
RECORDED = (*each(_RECORDS, ("that",)), "let the record show that", "put on record that", "put it on record that")
"""Before what somebody wants to have said."""
_COUNTED = ("count me", "put me down", "mark me", "register me", "note me", "list me", "have me down", "record me")
PRESENCE = (
    *each(_COUNTED, ("present", "as present", "as attending", "in attendance", "as being present")),
    *each(_RECORDS, ("my", "my own"), ("attendance", "presence")),
    *each(("i am", "i'm"), ("attending", "present", "here")),
    *each(("put me on", "add me to"), ("the attendance list", "the list of attendees", "the attendance sheet")),
    *words("check in to, check in for, check in at, check me in, sign myself in, check myself in"),
)
"""Asks to sign in, by itself."""
APPEARANCES = {
    **dict.fromkeys(("attend", "sign in", "sign me in", "appear", "be present", "present"), Appearance.PRESENT),
    **dict.fromkeys(PRESENCE, Appearance.PRESENT),
    "scam": Appearance.SCAM,
    "frivolous": Appearance.FRIVOLOUS,
}
_LOCK = ("vote lock", "voting lock", "lock", "dao", "governance", "voting", "locked fml", "locked votes", "votes")
_HAVE_LOCKED = each(("i", "i have", "i've", "i had"), ("locked", "put aside", "set aside", "locked up", "tied up"))
_TO_VOTE = ("", "to vote", "for voting", "for the vote", "for governance", "for the dao", "in the dao", "for votes")
LOCKED = (
    *each(("from", "of", "out of", "in"), ("", "my", "the"), _LOCK),
    *each(("", "that", "of what", "of the fml", "of the fml that", "which", "what"), _HAVE_LOCKED, _TO_VOTE),
    *each(("locked", "that is locked", "that are locked", "which are locked", "set aside", "tied up"), _TO_VOTE[1:]),
    "that is locked",
)
FREES = words("""
        release, free up, free, let go of, give me back, take, take back, take out, get, get back, withdraw, pull,
        pull out, remove, retrieve, reclaim, i need back, i want back, i'd like back, return
        """)
_VOTE = words("vote, vote with, have a vote, have votes, get votes, get a vote, be able to vote, have a say")
_VOTING = words("""
        voting, votes, the vote, governance, the dao, my votes, my vote, voting power, dao voting, the voting,
        my voting, voting rights, dao votes, voting in the dao, governance votes
        """)
PURPOSES = (
    *each((*words("to, for to, in order to, so as to"), *each(("so that i", "so i", "that i"), ("can", "may"))), _VOTE),
    *each(("so i",), ("can vote", "may vote", "get votes", "have votes", "get a vote", "have a vote", "have a say")),
    *each(("for", "towards", "into", "as", "to use for"), _VOTING),
    *each(("in", "into"), ("", "the", "my"), ("dao", "governance", "vote lock", "voting lock", "voting pool")),
)
"""What is locked to vote."""
INVESTS = (
    *words("chuck, toss, drop, move, pour, sink, shove, bung"),
    "put",
    "stick",
    "throw",
    "pop",
    "place",
    "plonk",
    "add",
    "i'm putting",
    "i am putting",
)
"""With "in" before a task, ways to say stake; deposit is none, which is what a pool takes."""
RECLAIMS = words("""
        return, pull, pull out, take, take out, withdraw, release, reclaim, retrieve, remove, end, free, free up
        """)
_OWN = ("fml", "money", "funds", "tokens", "coins", "delegation", "share", "contribution", "support", "backing")
_WHOLE = words("""
        all, everything, all of it, it all, the lot, the whole lot, the full amount, the whole amount,
        the entire amount, the whole sum, the full sum, the entire sum, the whole thing, whatever
        """)
ALL_MINE = (*each(("", "all", "all of", "the whole of"), ("my",), _OWN), *_WHOLE, "the fml", "the money", "the funds")
"""Ways to say all that is there."""
STAKES = ("put", "put up", "make", "place", "post", "set", "open", "commit", "i'm putting", "i am putting")
TAKES = words("""
        get, take, withdraw, pay out, give me, grab, pull, pull out, redeem, pick up, fetch, harvest, receive,
        cash in, pay me, hand me, i want, send me, bring me, transfer me, gimme, disburse, release, deliver, pay over
        """)
MINE = ("reward", "rewards", "earnings", "winnings", "payout", "payouts", "profits", "gains")
BACK = (
    *("take", "get", "want", "give me", "i want", "i would like", "i'd like", "have", "can i have"),
    *("i'd rather have", "i would rather have", "i'd prefer to have", "could i have", "may i have", "i need"),
)
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
