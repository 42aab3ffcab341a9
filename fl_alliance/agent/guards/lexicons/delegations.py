"""Words for putting FML behind somebody in a task, and for taking it back."""

from fl_alliance.agent.guards.classes import ALL_MINE, ALSO, AMOUNTING, BACK, IN_TASK, RELATIONS, done
from fl_alliance.agent.guards.courtesy import each
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.verbs import minded, wished
from fl_alliance.agent.tools import Kind

_DELEGATING = ("delegate", "assign", "allocate", "entrust")
_HERS = words("of, run by, operated by, owned by, belonging to, held by, hosted by, that belongs to, kept by")
_NODES = each(("to", "behind", "on", "from"), ("", "the"), ("node", "validator"), _HERS)
_POOLS = ("pool", "node")
_MY_RELATIONS = each(("my",), RELATIONS)
_TRUSTS = words("i trust, i believe in, i have faith in, i've faith in, i'm backing, i am backing, i'm supporting")

DELEGATE = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.TASK, Kind.AMOUNT}),
    (
        *words("""
            delegate, back, support, entrust, behind, a delegation of, of mine, my delegation to, delegation,
            delegation of, i'm delegating, i am delegating, i'm backing, i am backing, i'm supporting, i am supporting,
            put … on, assign, allocate, trust … with, sponsor, place … with, stand behind
            """),
        *(*done("delegation"), *minded(_DELEGATING), *_NODES),
    ),
    (
        *(*IN_TASK, *AMOUNTING, *_TRUSTS, *_MY_RELATIONS),
        *words("""
            to, with, stake, put, place, add, let, make, to my delegation to, her, him, them, to her, to him, to them,
            work, more, another, and, of, node, pool, her node, his node, their node, get, i want, by delegation,
            as a delegation, the node of, into, onto, towards
            """),
    ),
    orders=((_POOLS, ("gets", "receives"), ("from me",)), *wished(*_DELEGATING)),
    before=(
        *(*_NODES, *_TRUSTS),
        *words("""
            to, back, support, entrust, behind, delegate, my delegation to, on, to the node of, onto, i am supporting,
            trust, entrust to, sponsor, stand behind, place
            """),
    ),
    around=(("let", "stake"), ("", "node"), ("", "pool")),
    never=("the delegation", *ALSO),
)

_RECALLS = words(
    "withdraw, recall, remove, reclaim, retrieve, pull, pull out, pull back, take out, take back, call back"
)
_ENDS = ("stop", "end", "cancel", "undo", "revoke", "terminate", "remove", "drop", "withdraw", "quit")
_STOPS = each(
    ("stop", "i no longer want to"),
    ("delegating to", "delegating", "backing", "supporting", "delegate to", "back", "support"),
)
_PUT = words("delegated to, put behind, placed behind, placed with, entrusted to, staked behind, staked with, put on")
_MINE_THERE = each(
    ("", "that", "which", "what", "everything", "everything that", "whatever", "all that", "all"),
    ("i have", "i've", "i had", "i"),
    _PUT,
)
_MY_SUPPORT = each(("my",), ("delegation", "backing", "support"), ("for", "of", "to", "behind", "from"))

UNDELEGATE = Lexicon(
    frozenset({Kind.ACCOUNT, Kind.TASK}),
    (
        *words("""
            undelegate, withdraw, take back, get back, reclaim, pull back, pull out, revoke my delegation,
            end my delegation, want my fml back, want my money back, give me back, cancel my delegation,
            remove my delegation, undo my delegation, take out, pull my fml, revoke, pull back my delegation,
            call back, call back my delegation, recall, recall my delegation, drop my delegation, i want back,
            my delegation to … back, delegation to … back, my delegation … back, get … out of, delegation … back,
            un-delegate, stop my delegation, unback
            """),
        *(*each(_RECALLS, ALL_MINE), *each(BACK, ALL_MINE, ("back", "out")), *each(BACK, ("back",), ALL_MINE)),
        *(*each(_ENDS, _MY_SUPPORT), *_STOPS, *minded(("undelegate",))),
    ),
    (
        *(*IN_TASK, *ALL_MINE, *_MINE_THERE, *_NODES, *_MY_RELATIONS, *BACK),
        *words("""
            from, behind, my, all my, and, delegation, delegations, my delegation, that i have, what i have, to, out,
            back, out of, i have, everything i have, the whole, all of, of mine, node, pool, it, want, pull, any more,
            anymore, node of, node run by
            """),
    ),
    orders=wished("undelegate"),
    before=(
        *(*_MINE_THERE, *_STOPS, *_NODES, *_MY_SUPPORT),
        *words("""
            from, behind, my delegation to, delegating to, delegated to, undelegate, delegation to, delegation with,
            unback, out of, delegation behind
            """),
    ),
)
