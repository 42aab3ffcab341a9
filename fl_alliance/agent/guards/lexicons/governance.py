"""Words for the DAO: locking FML to vote, unlocking them, signing in to a review, voting."""

from fl_alliance.agent.guards.classes import (
    AMOUNTING,
    APPEARANCES,
    FREES,
    LOCKED,
    PRESENCE,
    PURPOSES,
    RECORDED,
    REGARDING,
    STANCES,
    VOTES,
)
from fl_alliance.agent.guards.courtesy import each
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.verbs import minded, wished
from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance

_LOCKS = words("""
    lock, lock up, lock in, lock away, lock down, put, commit, set aside, turn, stick, pop, reserve, earmark, tie up,
    place, put away, convert, put aside
    """)

LOCK = Lexicon(
    frozenset({Kind.AMOUNT}),
    ("vote-lock", "vote lock", "make a vote lock of"),
    (*AMOUNTING, *words("fml, of my fml, more, another, away, up, of, from, of it, i want")),
    orders=(
        (_LOCKS, PURPOSES),
        (PURPOSES, _LOCKS),
        *((*order, PURPOSES) for order in wished("lock", "lock up", "set aside", "commit")),
    ),
)

UNLOCK = Lexicon(
    frozenset({Kind.AMOUNT}),
    ("unlock", *minded(("unlock", "release", "free up"))),
    (
        *(*LOCKED, *AMOUNTING),
        *words("""
            fml, of my fml, back, of, votes, again, locked, of my locked, out, me, i want, of the, of those,
            i set aside for voting, i put aside for voting
            """),
    ),
    orders=(
        (FREES, LOCKED),
        (LOCKED, FREES),
        *((*order, LOCKED) for order in wished("release", "free", "free up", "return", "withdraw")),
        *wished("unlock"),
    ),
)

_SUCH = (
    *each(("", "a", "such a"), ("total", "complete", "obvious", "clear", "outright", "blatant", "utter")),
    *words("absolutely, definitely, plainly, really, totally, completely, utterly, nothing but"),
)

APPEAR = Lexicon(
    frozenset({Kind.PROPOSAL, Kind.CHOICE}),
    (
        *words("""
            attend, sign in, sign me in, appear, be present, flag, report, label, tag, denounce, flag up
            """),
        *PRESENCE,
    ),
    (
        *(*REGARDING, *RECORDED, *_SUCH),
        *words("""
            to, in, at, for, as, the review of, review of, proposal, is, it is, it's, it, and, that, being,
            because it is, because it's, a scam, i think, i believe, i think that, i believe that, this, review,
            on, during, of, to be, being a, i want, as such, strikes me as, looks like, seems, seems like,
            sounds like, looks, clearly, obviously, to me, it looks like, i find, i'll be at, i will be at, such
            """),
    ),
    orders=((("mark", "brand", "classify", "list"), ("as", "as a", "as being")),),
    choices=APPEARANCES
    | {"a scam": Appearance.SCAM, "scammy": Appearance.SCAM, "a frivolous one": Appearance.FRIVOLOUS},
    never=words("a report, the report, any report, called, a call"),
)

VOTE = Lexicon(
    frozenset({Kind.PROPOSAL, Kind.CHOICE}),
    (
        *words("""
            vote, vote for, vote against, i vote, i vote for, my vote, cast, say, i say, approve, reject, abstain,
            i abstain, abstain from, put me down, count me, put a, vote for it, cast my vote, register a, record a,
            put in a, i reject, i approve, i'm voting, i am voting, cast a, i'm voting for, i am voting for, my ballot,
            cast a ballot, cast my ballot, register my vote, record my vote, enter a, note my, yes from me, no from me,
            have me down, mark me down, enter my vote, make my vote, my answer, my choice, my decision, my verdict,
            vote to approve, vote to reject, endorse, vote in favour of, vote in favor of, i am abstaining,
            i'm abstaining
            """),
        *(*STANCES, *minded(("vote",))),
    ),
    (
        *(*REGARDING, *RECORDED),
        *words("""
            on, is, of, for, to, proposal, my, as, as a, and, it, that way, vote that way, accordingly, i am, i'm,
            in, goes to, goes for, the, with, with a, to be, definitely, firmly, strongly, fully, absolutely,
            certainly, a firm, a clear, a strong, a definite
            """),
    ),
    choices=VOTES | STANCES,
    never=words("no vote, no votes, let's say, lets say, say i, say my, the vote for"),
    is_terse=True,
)
