"""Words for one's own stake in a task of the Arena: staking, taking it out, claiming what it earned."""

from fl_alliance.agent.guards.classes import BACK, IN_TASK, INVESTS, MINE, RECLAIMS, STAKES, TAKES, done, wished
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind

STAKE = Lexicon(
    frozenset({Kind.TASK, Kind.AMOUNT}),
    words("""
            stake, lock, lock up, join, enter, commit, at stake, as a stake, as stake, take part, as my stake,
            to my stake, increase my stake … by, raise my stake … by, participate, would you mind staking,
            into my stake, onto my stake, on top of my stake, put in a stake, put in a stake of, i'm staking,
            i am staking, invest, pledge, get … into, put … into, put … in, put … on, put … towards, count me in
            """)
    + tuple(f"{verb} … {where}" for verb in INVESTS for where in ("in", "into", "on", "onto", "on my stake"))
    + tuple(f"{verb} {noun}" for verb in STAKES for noun in ("a stake", "a stake of", "stake", "stake of"))
    + done("stake")
    + wished("staked"),
    (
        *(*IN_TASK, "put", "put up", "to", "into", "with", "a stake of", "with a stake of", "add"),
        *words("more, of, and, another, by, take part in, participate in, of mine, i want, put me down for"),
    ),
)

UNSTAKE = Lexicon(
    frozenset({Kind.TASK}),
    (
        *words("unstake, my stake … back, my stake … out, take out my stake, stop staking, unstake me"),
        *(f"{verb} my stake" for verb in ("withdraw", "release", "return", "unlock", "reclaim", "retrieve")),
        *(f"{verb} … my stake" for verb in RECLAIMS),
        *(f"{verb} back my stake" for verb in ("give me", "get", "take", "i want", "pull")),
    ),
    (
        *words("from, in, of, on, out of, task, my stake, is over, has ended, is finished, my fml"),
        *(
            *BACK,
            "i have",
            "everything",
            "all",
            "all of it",
            "and",
            "all my fml",
            "to me",
            "me",
            "the whole of",
            "whole",
            "entirely",
        ),
    ),
)

CLAIM = Lexicon(
    frozenset({Kind.TASK}),
    (
        *words("claim, collect, cash out, claim back"),
        *(f"{verb} … {what}" for verb in TAKES for what in (*MINE, *(f"my {what}" for what in MINE))),
        *(f"{what} … {verb} {them}" for what in MINE for verb in ("take", "get", "grab") for them in ("them", "it")),
        *words("""
            get what i earned, take what i earned, give me what i earned, withdraw what i earned
            """),
    ),
    (
        *(*(f"my {what}" for what in MINE), *MINE, "what i earned", "what i have earned", "what i've earned"),
        *words("""
            everything, all, from, in, of, for, on, out, out of, task, it, them, i earned, all my, my, any,
            is over, and, that i earned, whatever, i've earned, i have earned, that i've earned,
            that i have earned, of mine, due to me, owed to me, i am owed, i'm owed, i am due, i'm due, i made,
            i've made, there, to me, owing to me, all of, earned, my share of, that are mine, take, get, grab,
            i want
            """),
    ),
)
