"""What people say around a request that changes nothing of it: how they ask, greet, thank, and leave it to one when.

Put together from the few parts that such phrases are made of, each of which is no courtesy by itself: "maybe" behind
"can you", "if" before "you don't mind".
"""

from itertools import product

from fl_alliance.agent.guards.lexicon import words


def each(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the phrases that have one of each of these parts, in their order; an empty part is left out."""
    return tuple(" ".join(" ".join(chosen).split()) for chosen in product(*parts))


_ASKED = (*each(("can", "could", "will"), ("you",)), *each(("can", "could"), ("someone", "somebody")))
_KIND = words("""
    be so kind as to, be so good as to, be so kind to, be kind enough to, be good enough to, be able to, help me,
    help me to, be willing to
    """)
_WOULD_YOU = words("""
    would you please, would you mind, would you kindly, would you possibly, might you, might you be able to,
    do you mind
    """)
_THAT_YOU = ("you could", "you can")
_MIGHT_YOU = (*_THAT_YOU, "you might", "you would")
_I_WONDER = ("i wonder", "i was wondering", "i am wondering", "i'm wondering", "wondering")
REQUESTS = (
    *each(_ASKED, ("", "possibly", "perhaps", "maybe")),
    *each((*_ASKED, "would you"), _KIND),
    *_WOULD_YOU,
    *each(("do you think", "do you think that", "any chance", "any chance that", "is there any chance"), _THAT_YOU),
    *each(("is it", "would it be"), ("possible for you to",)),
    *each(_I_WONDER, ("if", "whether"), _MIGHT_YOU),
    *each(("can i", "could i", "may i"), ("ask", "trouble", "get", "bother", "request"), ("you to",)),
)
"""What makes a request of what has a question mark."""
HAVES = each(("can i", "could i", "may i"), ("have", "get"))
"""These, too, where somebody wants to have something."""

_GREETED = (
    "hi",
    "hello",
    "hey",
    "hiya",
    "yo",
    "greetings",
    "good morning",
    "good afternoon",
    "good evening",
    "good day",
)
_WELL = ("well", "fine", "good", "ok", "okay", "great", "all right", "alright")
_HOPED = words("""
    you are, you're, you are doing, you're doing, all is, all is going, this finds you, this message finds you,
    everything is, everything is going, everyone is
    """)
_THANKED = ("thanks", "thank you", "thx", "ty", "cheers", "many thanks", "with thanks")
_FOR_THIS = ("for your help", "for the help", "for that", "for this", "for helping", "for your time", "for helping me")
SMALL_TALK = words("""
    how are you, how are you doing, how are you today, how are you doing today
    """)
"""Of which a question mark asks nothing."""
_GREETINGS = (
    *each(_GREETED, ("", "there", "agent", "dear", "again", "all", "team", "folks")),
    *words("dear, dear agent, agent, dear team, dear sir, dear madam, dear sir or madam, sir, madam, folks, team"),
    *each(("i hope", "hope", "i trust"), _HOPED, _WELL),
    *each(("have a",), ("nice", "good", "great", "lovely"), ("day", "evening", "one", "weekend", "week")),
    *each(_THANKED, ("", "so much", "very much", "a lot", "a bunch", "a million", "in advance", "again", *_FOR_THIS)),
    *words("much appreciated, much obliged, best regards, kind regards, regards, best wishes, all the best"),
    *SMALL_TALK,
)

_I_WISH = each(("i",), words("want, would like, should like, would love, need, wish"))
_WISHED = (*_I_WISH, "i'd like", "i'd love", "id like", "i'd want", "i would want", "i'd prefer", "i would prefer")
_GLAD = words("grateful, very grateful, so grateful, most grateful, thankful, glad, happy, obliged, much obliged")
_NICE = words("great, nice, lovely, good, wonderful, kind, kind of you, helpful, very kind, very kind of you, cool")
_WISHES = (
    *each(_WISHED, ("to", "you to", "that you")),
    *each(("i would be", "i'd be"), _GLAD, ("", "if you could", "if you would", "if you can")),
    *each(("i would", "i'd"), ("appreciate it", "love it", "like it"), ("if you could", "if you would")),
    *each(("it would be", "it'd be", "would be"), _NICE, ("", "if you could", "if you would", "if you can")),
    *each(("i am", "i'm"), ("wishing", "looking", "here", "ready", "writing"), ("to",)),
    *each(("i",), words("ask, kindly ask, beg, authorise, authorize, instruct, request, am asking"), ("you to",)),
    *each(("i'm asking", "i hereby ask", "i hereby authorise", "i hereby instruct"), ("you to",)),
    *each(("i", "i hereby"), ("request", "request to", "wish to")),
    *each(("i have", "i've"), ("decided to",)),
    *words("""
        i hereby, i decided to, i must, it is time to, it's time to, time to, time for me to, you can, you may,
        let's, lets, would you, it's time for me to, let me, do let me
        """),
)

_FREE_TIME = ("a moment", "a minute", "a chance", "a second", "a sec", "time", "the time", "a free moment")
_ALL_RIGHT = words("""
    all right, alright, ok, okay, fine, possible, no trouble, not too much trouble, no bother, convenient, cool
    """)
_AT_EASE = (
    *each(("when you", "whenever you", "if you", "once you", "as soon as you"), ("have", "get", "find"), _FREE_TIME),
    *each(("when", "whenever", "if", "as soon as"), ("you can", "you could", "possible", "convenient", "you're free")),
    *each(("if",), ("that's", "that is", "it's", "it is"), _ALL_RIGHT, ("", "with you", "by you", "for you")),
    *words("""
        if you please, if you don't mind, if you do not mind, if you would, if you would be so kind, if i may,
        if you'd be so kind, if you would be so good, at your convenience, at your earliest convenience, no rush,
        no hurry, take your time, without delay
        """),
)
"""The agent acts now, or not at all; these leave it to it when."""

_DONE = (
    *each(("", "please", "just", "so please", "so"), ("do it", "do so", "do that", "arrange it", "arrange that")),
    *each((*_ASKED, "would you"), ("do it", "do that", "do this", "arrange it", "arrange that", "see to it")),
    *words("""
        get it done, make it happen, see to it, take care of it, make it so, that's all, that is all,
        that's it, that will be all, do me a favour, do me a favor, do me a favour and, do me a favor and,
        be a dear and, be so kind and, be so kind as to, be so good as to, be kind enough to, be good enough to,
        go ahead and, go ahead, proceed to, proceed and, make sure to, be sure to, arrange to, help me to, help me,
        please to, on my behalf, for me, from me, from my side
        """),
    *each(("from", "out of"), ("my",), ("account", "wallet", "balance", "own account", "own wallet", "funds")),
)

_FILLERS = words("""
    please, pls, plz, kindly, pretty please, the, a, an, so, just, simply, now, today, right now, right away,
    straight away, straightaway, immediately, at once, promptly, swiftly, quickly, quick, real quick, really quick,
    asap, this instant, fml tokens, fml coins, ok, okay, sorry, sorry to bother you, sorry to trouble you, um, uh, uhm,
    er, erm, hmm, well, oh, ah, lol, lmao, haha, hehe, btw, by the way, you know, alright, all right, yeah, now then,
    right then, ok then, okay then, well then, only, exactly, precisely
    """)

POLITE = (*REQUESTS, *_GREETINGS, *_WISHES, *_AT_EASE, *_DONE, *_FILLERS)
"""What may stand in any action and changes nothing of it."""
