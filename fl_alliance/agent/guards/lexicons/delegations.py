"""Words for putting FML behind somebody in a task, and for taking it back."""

from fl_alliance.agent.guards.classes import ALSO, IN_TASK, RELATIONS, done, wished
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind

DELEGATE = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.TASK, Kind.AMOUNT}),
    words("""
            delegate, back, support, entrust, behind, a delegation of, of mine, my delegation to,
            would you mind delegating, delegation, delegation of, i'm delegating, i am delegating, i'm backing,
            i am backing, i'm supporting, i am supporting, put … on, assign, allocate
            """)
    + done("delegation")
    + wished("delegated"),
    (
        *(*IN_TASK, "to", "with", "stake", "put", "place", "add", "let", "make", "of mine", "to my delegation to"),
        *words("""
            i trust, i believe in, her, him, them, to her, to him, to them, work, more, another, and, of, node,
            pool, her node, his node, their node, get, i want, by delegation, as a delegation, the node of, into,
            onto, towards
            """),
        *(f"my {relation}" for relation in RELATIONS),
    ),
    before=words("""
            to, back, support, entrust, behind, delegate, i trust, i believe in, my delegation to, on,
            to the node of, onto, i'm backing, i am backing, i'm supporting, i am supporting
            """),
    around=(("let", "stake"), ("", "node"), ("", "pool")),
    never=("the delegation", *ALSO),
)

UNDELEGATE = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.TASK}),
    words("""
            undelegate, withdraw, take back, get back, take my fml back, get my fml back, reclaim, take all back,
            get all back, take everything back, get everything back, pull back, pull out, revoke my delegation,
            stop delegating to, stop delegating, end my delegation, stop backing, take my money back,
            get my money back, want my fml back, want my money back, give me back, i want my fml back,
            i want my money back, i'd like my fml back, i'd like my money back, cancel my delegation,
            remove my delegation, undo my delegation, take out, pull my fml, revoke, pull back my delegation,
            call back, call back my delegation, recall, recall my delegation, drop my delegation, i want back,
            i want my delegation back, my delegation to … back, delegation to … back, my delegation … back,
            take my delegation back, get my delegation back, get … out of, delegation … back, un-delegate,
            stop my delegation, unback
            """),
    (
        *(*IN_TASK, "from", "behind", "my", "all my", "my fml", "all my fml", "all", "everything", "and", "money"),
        *words("""
            delegation, delegations, my delegation, that i have, what i have, to, out, back, out of,
            what i delegated to, everything i delegated to, that i delegated to, i have, i delegated to,
            that i put behind, what i put behind, everything i put behind, i put behind, everything i have,
            the whole, all of, of mine, node, pool, it, want, i want, get, take, give me, pull, it all, all of it
            """),
        *(f"my {relation}" for relation in RELATIONS),
    ),
    before=words("""
            from, behind, my delegation to, delegating to, delegated to, stop backing, undelegate, i put behind,
            delegation to, delegation with, unback, out of, delegation behind
            """),
)
