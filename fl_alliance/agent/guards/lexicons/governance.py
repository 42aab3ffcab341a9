"""Words for the DAO: locking FML to vote, unlocking them, signing in to a review, voting."""

from fl_alliance.agent.guards.classes import APPEARANCES, FREES, LOCKED, PRESENCE, PURPOSES, VOTES
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance, Support

LOCK = Lexicon(
    frozenset({Kind.AMOUNT}),
    (
        *tuple(
            cue
            for lock in words("""
                lock, lock up, lock in, lock away, put, commit, set aside, turn, stick, pop
                """)
            for purpose in PURPOSES
            for cue in (f"{lock} … {purpose}", f"{purpose} … {lock}")
        ),
        "vote-lock",
        "vote lock",
        "make a vote lock of",
    ),
    words("""
        fml, of my, of my fml, more, another, away, of mine, up, of, from, of it, i want, stick
        """),
)

UNLOCK = Lexicon(
    frozenset({Kind.AMOUNT}),
    (
        *words("unlock, would you mind unlocking"),
        *(f"{verb} … {what}" for verb in FREES for what in LOCKED),
        *(f"{what} … {verb}" for verb in FREES for what in LOCKED),
    ),
    (
        "fml",
        "of my",
        "of my fml",
        "back",
        "of",
        "votes",
        "again",
        "locked",
        "of my locked",
        "out",
        "my",
        "me",
        "i want",
        "of the",
        "of those",
        "i set aside for voting",
        "i put aside for voting",
        *LOCKED,
    ),
)

APPEAR = Lexicon(
    frozenset({Kind.PROPOSAL, Kind.CHOICE}),
    words("""
            attend, sign in, sign me in, appear, be present, flag, report, label, tag, denounce
            """)
    + PRESENCE,
    words("""
            to, in, at, for, as, the review of, review of, proposal, is, it is, it's, it, and, that, being,
            because it is, because it's, a scam, i think, i believe, i think that, i believe that, this, review,
            on, during, of, to be, being a, i want, as such, strikes me as, looks like, seems, seems like,
            sounds like, looks, clearly, obviously, to me, it looks like, i find, i'll be at, i will be at, such
            """),
    APPEARANCES | {"a scam": Appearance.SCAM, "scammy": Appearance.SCAM, "a frivolous one": Appearance.FRIVOLOUS},
    never=words("a report, the report, any report, called, a call"),
)

VOTE = Lexicon(
    frozenset({Kind.PROPOSAL, Kind.CHOICE}),
    words("""
            vote, vote for, vote against, i vote, i vote for, my vote, cast, say, i say, approve, reject, abstain,
            i abstain, abstain from, put me down, count me, put a, vote for it, i am in favour of,
            i'm in favour of, i am in favor of, i'm in favor of, i am against, i'm against, cast my vote,
            would you mind voting, register a, record a, put in a, i reject, i approve, i'm voting, i am voting,
            cast a, i'm voting for, i am voting for, my ballot, cast a ballot, cast my ballot, register my vote,
            record my vote, enter a, note my, yes from me, no from me, have me down, mark me down, enter my vote,
            make my vote
            """),
    words("""
            on, is, of, for, to, proposal, my, as, as a, and, it, that way, vote that way, accordingly, i am, i'm,
            about, in, goes to, goes for, the, with, with a, to be
            """),
    VOTES
    | dict.fromkeys(("i am in favour of", "i'm in favour of", "i am in favor of", "i'm in favor of"), Support.FOR)
    | dict.fromkeys(("i am against", "i'm against"), Support.AGAINST),
    never=words("no vote, no votes, let's say, lets say, say i, say my, the vote for"),
    is_terse=True,
)
