"""Words for one's own stake in a task of the Arena: staking, taking it out, claiming what it earned."""

from fl_alliance.agent.guards.classes import AMOUNTING, BACK, IN_TASK, INVESTS, MINE, RECLAIMS, STAKES, TAKES, done
from fl_alliance.agent.guards.courtesy import HAVES, each
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.verbs import WISHES, minded, wished
from fl_alliance.agent.tools import Kind

_STAKING = ("stake", "invest", "pledge")
_GROWS = ("increase", "raise", "grow", "boost", "top up", "bump up", "enlarge")
_HELD = (
    *("my node's stake", "the stake of my node", "my own stake"),
    "what i staked",
    "what i have staked",
    "what i've staked",
    "the fml i staked",
    "my staked fml",
)
_RETURNS = words("comes back, come back, to come back, returned, to be returned, released, be released, is returned")
_MY_MINE = each(("my",), MINE)

STAKE = Lexicon(
    frozenset({Kind.TASK, Kind.AMOUNT}),
    (
        *words("""
            stake, lock, lock up, join, enter, commit, at stake, as a stake, as stake, take part, as my stake,
            to my stake, participate, into my stake, onto my stake, on top of my stake, put in a stake,
            put in a stake of, put me down for a stake of, i'm staking, i am staking, invest, pledge, get … into,
            put … into, put … in, put … on, put … towards, count me in
            """),
        *each(STAKES, ("a stake", "a stake of", "stake", "stake of")),
        *done("stake"),
        *minded(_STAKING),
    ),
    (
        *(*IN_TASK, *AMOUNTING),
        *words("""
            put, put up, to, into, with, a stake of, with a stake of, add, towards, more, of, and, another, by,
            take part in, participate in, of mine, i want, put me down for
            """),
    ),
    orders=(
        (INVESTS, ("in", "into", "on", "onto", "on my stake", "to my stake")),
        (each(_GROWS, ("my stake",)), ("by", "with")),
        *wished(*_STAKING),
    ),
)

UNSTAKE = Lexicon(
    frozenset({Kind.TASK}),
    (
        *words("unstake, my stake … back, my stake … out, take out my stake, stop staking, unstake me"),
        *each(("withdraw", "release", "return", "unlock", "reclaim", "retrieve"), ("my stake",)),
        *each(("give me", "get", "take", "i want", "pull"), ("back my stake",)),
        *minded(("unstake",)),
    ),
    (
        *words("""
            from, in, of, on, out of, task, my stake, is over, has ended, is finished, my fml, i have, everything, all,
            all of it, and, all my fml, to me, me, the whole of, whole, entirely, that, ended, finished, is done
            """),
        *BACK,
    ),
    orders=(
        ((*RECLAIMS, *BACK), _HELD),
        (RECLAIMS, ("my stake",)),
        (WISHES, ("my stake", *_HELD), _RETURNS),
        *wished("unstake", "release", "return", "withdraw"),
    ),
)

CLAIM = Lexicon(
    frozenset({Kind.TASK}),
    (
        *words("""
            claim, collect, cash out, claim back, get what i earned, take what i earned, give me what i earned,
            withdraw what i earned
            """),
        *minded(("claim", "collect")),
    ),
    (
        *(*MINE, *_MY_MINE, "what i earned", "what i have earned", "what i've earned"),
        *words("""
            everything, all, from, in, of, for, on, out, out of, task, it, them, i earned, all my, my, any,
            is over, and, that i earned, whatever, i've earned, i have earned, that i've earned,
            that i have earned, of mine, due to me, owed to me, i am owed, i'm owed, i am due, i'm due, i made,
            i've made, there, to me, owing to me, all of, earned, my share of, that are mine, take, get, grab,
            i want
            """),
    ),
    orders=(
        (TAKES, (*MINE, *_MY_MINE)),
        (MINE, ("take", "get", "grab"), ("them", "it")),
        (HAVES, (*MINE, *_MY_MINE)),
        *wished("claim", "collect", "pay out"),
    ),
)
