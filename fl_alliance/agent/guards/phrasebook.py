"""What words each tool may be asked for in: one lexicon a tool, and what follows from all of them together."""

from collections.abc import Mapping, Sequence
from functools import cache

from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.numbers import WORDS
from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance, Support

_OWNED = ("address", "the address", "this address", "account", "the account", "wallet", "the wallet")
_SENDS = (
    "send",
    "pay",
    "transfer",
    "give",
    "wire",
    "move",
    "hand",
    "remit",
    "forward",
    "deposit",
    "tip",
    "drop",
    "shoot",
    "slip",
)
_SENDING = ("sending", "paying", "transferring", "giving", "wiring", "moving", "tipping")
_IN_TASK = ("in", "on", "for", "task", "the task", "fml")
_THEM = ("her", "him", "them", "it", "that", "to her", "to him", "to them", "and", "so")
"""Words for what was named before: whoever is named has to be named once, and nobody else."""
_ALSO = tuple(f"and {whom}" for whom in ("her", "him", "them", "to her", "to him", "to them", "it", "that"))
"""Somebody else beside who is named."""
_VOTES = {
    **dict.fromkeys(("yes", "aye", "in favour", "in favor", "in favour of", "in favor of", "approve"), Support.FOR),
    **dict.fromkeys(("vote for", "i vote for", "vote for it", "i support", "i approve"), Support.FOR),
    **dict.fromkeys(
        ("no", "nay", "against", "vote against", "against it", "reject", "i reject", "i oppose"), Support.AGAINST
    ),
    **dict.fromkeys(("abstain", "abstaining", "abstention", "i abstain", "abstain from"), Support.ABSTAIN),
}
_APPEARANCES = {
    **dict.fromkeys(("attend", "sign in", "sign me in", "appear", "be present", "present"), Appearance.PRESENT),
    "scam": Appearance.SCAM,
    "frivolous": Appearance.FRIVOLOUS,
}
_LOCKED = words("""
        of my votes, of my locked fml, of what i locked, of what i have locked, that i locked, i locked, from the dao,
        from governance, from voting, from my votes, from my vote lock, from the vote lock, of the fml that i locked,
        of the fml i locked, in the dao
        """)
_MINE = ("reward", "rewards", "earnings", "winnings", "payout")
_BACK = ("take", "get", "want", "give me", "i want", "i would like", "i'd like", "have", "can i have")

LEXICONS: Mapping[str, Lexicon] = {
    "balance": Lexicon(
        frozenset({Kind.ACCOUNT}),
        words("""
                balance, balances, how much fml, how many fml, how much, how much money, what is in, what's in, whats
                in, funds, wallet, have any fml, how many tokens
                """),
        words("""
                show, tell, show me, tell me, what is, what's, whats, check, read, of, on, in, does, do, have, has,
                hold, holds, own, owns, got, account, is, are, there, left, me, fml, money, and, how, see, know, what,
                display, at the moment, currently, get, look up, i have, do i have, have i got, i'd like to know, i
                want to know, possess, tokens, in her account, in his account, in their account, in her wallet, in his
                wallet
                """),
    ),
    "price": Lexicon(
        frozenset({Kind.MODEL}),
        ("price", "cost", "costs", "expensive", "would i pay", "do i pay", "charge", "charges", "how much", "fee"),
        words("""
                show, tell, show me, tell me, what is, what's, whats, what, what does, does, how, is, a call, call,
                calling, of, for, to, model, check, use, ask, it, one question, using, asking, would, it cost, a
                question, do, know, per call, i'd like to know, one call, a single call, let me know, i want to know
                """),
    ),
    "status": Lexicon(
        frozenset({Kind.TASK}),
        words("""
                status, how is, how's, how are things, tell me about, what about, progress, state, going on, staked,
                earned, did i earn, my reward, my rewards, my stake, news, happening, have i earned, how far, have i
                staked, am i doing, delegated, doing, going
                """),
        words("""
                what, what is, what's, whats, of, in, on, with, task, is, how much, have, i, have i,
                show, show me, tell me, did, are, how, how many, fml, my, so far, check, there, any, going, get, was,
                has, it, far, give me, do i have, about, am i
                """),
    ),
    "transfer": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
        (
            *_SENDS,
            *(f"would you mind {sending}" for sending in _SENDING),
            *words(
                """
                should get, should receive, gets … from me, receives … from me, settle, let … have, make a payment,
                make a transfer, i want … to have, i want … to get, i'd like … to have, i'd like … to get, make sure
                that … gets, make sure that … receives, make sure … gets, make sure … receives
                """
            ),
        ),
        (
            *("to", "into", "over to", "fml", "account", "wallet", "address", "this address", "the amount of", *_THEM),
            *words(
                """
                i owe, i promised, promised, is owed, by me, lent me, needs, deserves, is due, asked for, back, back
                to, my friend, money, of, payment of, a transfer of, over, off, in return,
                the sum of, a sum of, a present of, a gift of
                """
            ),
        ),
        before=(
            *(
                "to",
                "into",
                *_SENDS,
                *_SENDING,
                *(f"{verb} back" for verb in ("pay", "give", "send")),
                "i owe",
                "i promised",
                "back to",
                "to my friend",
                "my friend",
            ),
            *(f"to {what}" for what in _OWNED),
        ),
        after=words("should get, should receive, gets, receives, is owed, is due, lent me, needs, deserves, asked for"),
        around=(
            *(("let", "have"), ("i want", "to have"), ("i want", "to get"), ("i'd like", "to have")),
            ("i'd like", "to get"),
        ),
        never=(
            *words("needs to, gets to, should get to, should receive to, receives to"),
            *(
                "the transfer",
                "the payment",
                "promised to",
                "owe to",
                "owed to",
                "to have to",
                "to get to",
                "have to",
                *_ALSO,
            ),
        ),
    ),
    "stake": Lexicon(
        frozenset({Kind.TASK, Kind.AMOUNT}),
        words("""
                stake, lock, lock up, join, enter, commit, at stake, as a stake, as stake, take part, as my stake, to
                my stake, increase my stake … by, raise my stake … by, participate, would you mind staking,
                into my stake, onto my stake, on top of my stake,
                put in a stake, put in a stake of
                """),
        (
            *(*_IN_TASK, "put", "put up", "to", "into", "with", "a stake of", "with a stake of", "add"),
            *words("more, of, and, another, by, take part in, participate in, of mine"),
        ),
    ),
    "unstake": Lexicon(
        frozenset({Kind.TASK}),
        (
            *words("unstake, my stake … back, my stake … out, take out my stake, stop staking"),
            *(f"{verb} my stake" for verb in ("withdraw", "release", "return", "unlock", "reclaim", "retrieve")),
            *(f"{verb} back my stake" for verb in ("give me", "get", "take", "i want", "pull")),
        ),
        (
            *words("from, in, of, on, out of, task, my stake, is over, has ended, is finished, my fml"),
            *(*_BACK, "i have", "everything", "all", "all of it", "and", "all my fml", "to me"),
        ),
    ),
    "claim": Lexicon(
        frozenset({Kind.TASK}),
        (
            *words("claim, collect, cash out"),
            *(f"{verb} my {what}" for verb in ("get", "take", "withdraw", "pay out", "give me") for what in _MINE),
            *words(
                """
                get what i earned, take what i earned, give me what i earned, withdraw what i earned
                """
            ),
        ),
        (
            *(*(f"my {what}" for what in _MINE), *_MINE, "what i earned", "what i have earned", "what i've earned"),
            *words(
                """
                everything, all, from, in, of, for, on, out, out of, task, it, them, i earned, all my, my, any, is
                over, and, that i earned
                """
            ),
        ),
    ),
    "delegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK, Kind.AMOUNT}),
        words("""
                delegate, back, support, entrust, behind, a delegation of, of mine, my delegation to, would you mind
                delegating
                """),
        (
            *(*_IN_TASK, "to", "with", "stake", "put", "place", "add", "let", "make", "of mine", "to my delegation to"),
            *words(
                """
                i trust, i believe in, her, him, them, to her, to him, to them, work, more, another, and, of
                """
            ),
        ),
        before=words("""
                to, back, support, entrust, behind, delegate, i trust, i believe in, my delegation to
                """),
        around=(("let", "stake"),),
        never=_ALSO,
    ),
    "undelegate": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.TASK}),
        words("""
                undelegate, withdraw, take back, get back, take my fml back, get my fml back, reclaim, take all back,
                get all back, take everything back, get everything back, pull back, pull out, revoke my delegation,
                stop delegating to, stop delegating, end my delegation, stop backing, take my money back, get my money
                back, want my fml back, want my money back, give me back, i want my fml back, i want my money back,
                i'd like my fml back, i'd like my money back, cancel my delegation, remove my delegation, undo my
                delegation, take out, pull my fml
                """),
        (
            *(*_IN_TASK, "from", "behind", "my", "all my", "my fml", "all my fml", "all", "everything", "and", "money"),
            *words(
                """
                delegation, delegations, my delegation, that i have, what i have, to, out, back, out of, what i
                delegated to, everything i delegated to, that i delegated to, i have, i delegated to, that i put
                behind, what i put behind, everything i put behind, i put behind, everything i have
                """
            ),
        ),
        before=words("""
                from, behind, my delegation to, delegating to, delegated to, stop backing, undelegate, i put behind
                """),
    ),
    "lock": Lexicon(
        frozenset({Kind.AMOUNT}),
        tuple(
            f"{lock} … {purpose}"
            for lock in ("lock", "lock up", "put", "commit")
            for purpose in words("""
                    to vote, to vote with, for voting, for votes, for the vote, for governance, for the dao, so that i
                    can vote, so i can vote, in the dao, in governance, into the dao, as votes, into governance, in
                    the vote lock, into the vote lock, to be able to vote, in order to vote
                    """)
        ),
        ("fml", "of my", "of my fml", "more", "another", "away", "of mine", "up"),
    ),
    "unlock": Lexicon(
        frozenset({Kind.AMOUNT}),
        (
            *words("unlock, would you mind unlocking"),
            *(f"{verb} … {what}" for verb in ("release", "free up", "give me back") for what in _LOCKED),
        ),
        ("fml", "of my", "of my fml", "back", "of", "votes", "again", "locked", "of my locked", *_LOCKED),
    ),
    "appear": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        words("""
                attend, sign in, sign me in, appear, be present, flag, report, count me present, count me as
                present, put me down as present
                """),
        words("""
                to, in, at, for, as, the review of, review of, proposal, is, it is, it's, it, and, that, being,
                because it is, because it's, a scam, i think, i believe, i think that, i believe that, this
                """),
        _APPEARANCES
        | dict.fromkeys(
            (
                "count me present",
                "count me as present",
                "put me down as present",
            ),
            Appearance.PRESENT,
        )
        | {"a scam": Appearance.SCAM},
    ),
    "vote": Lexicon(
        frozenset({Kind.PROPOSAL, Kind.CHOICE}),
        words("""
                vote, vote for, vote against, i vote, i vote for, my vote, cast, say, i say, approve, reject, abstain,
                i abstain, abstain from, put me down, count me, put a, vote for it, i am in favour of, i'm in favour
                of, i am in favor of, i'm in favor of, i am against, i'm against, cast my vote, would you mind voting,
                register a, record a, put in a, i reject, i approve, i say
                """),
        words("""
                on, is, of, for, to, proposal, my, as, as a, and, it, that way, vote that way, accordingly, i am, i'm,
                about, in, goes to, goes for, the
                """),
        _VOTES
        | dict.fromkeys(("i am in favour of", "i'm in favour of", "i am in favor of", "i'm in favor of"), Support.FOR)
        | dict.fromkeys(("i am against", "i'm against"), Support.AGAINST),
        never=words("no vote, no votes, let's say, lets say, say i, say my"),
    ),
    "rate": Lexicon(
        frozenset({Kind.MODEL, Kind.STARS}),
        ("rate", "i'd rate", "i would rate", "my rating", "a rating of", "rating", "star", "stars"),
        ("give", "i give", "with", "for", "model", "is", "of", "as", "to", "and", "at"),
    ),
    "call_model": Lexicon(
        frozenset({Kind.MODEL, Kind.AMOUNT}),
        words("""
                ask, run, call, use, query, prompt, a question for, i have a question for, have … answer, let …
                answer, would you mind asking
                """),
        words("""
                and, and spend, spend, spending, and pay, pay, paying, for, at most, up to, model, no more than, not
                more than, a maximum of, maximum, with, of, fml, to, is, it, budget, a budget of, with a budget
                of, my budget, you can spend, it can cost, can cost, tops, the question, this, at a
                maximum of, on, limit, for a maximum of, i will pay, i'll pay, i would pay, i'd pay, this question,
                answer, spend up to
                """),
        has_question=True,
    ),
}
"""Name of a tool -> its words."""


@cache
def phrases_of(tool: str) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Return the phrases of a tool's lexicon by their first words, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in LEXICONS[tool].phrases():
        found.setdefault(phrase[0], []).append(phrase)
    return found


@cache
def vocabulary() -> frozenset[str]:
    """Return every word that a request can be made of, but names and numbers."""
    return frozenset(word for known in LEXICONS.values() for phrase in known.phrases() for word in phrase)


def is_reserved(name: str) -> bool:
    """Return whether a name could be taken for a word of a command, or of what one is paid in."""
    return name in vocabulary() or name in WORDS or name in _NEVER


_NEVER = frozenset(
    words("""
            alliance, me, mine, you, we, us, none, nobody, everyone, number, never, cancel, or, then, eth, ether, wei,
            gwei, usd, usdc, usdt, dai, btc, eur, euro, euros, dollar, dollars, coin, coins, token, tokens, percent,
            half, if, when
            """)
)
