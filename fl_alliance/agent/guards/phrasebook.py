"""What words each tool may be asked for in: one lexicon a tool, and what follows from all of them together."""

from collections.abc import Mapping, Sequence
from functools import cache

from fl_alliance.agent.guards.classes import (
    ALSO,
    APPEARANCES,
    BACK,
    CROSSING,
    DUE,
    FOR_WHAT,
    FREES,
    HAVING,
    IN_TASK,
    INVESTS,
    LOCKED,
    MINE,
    NAMES,
    OWNED,
    PRESENCE,
    PURPOSES,
    RECLAIMS,
    RELATIONS,
    RESERVED,
    SENDING,
    SENDS,
    STAKES,
    TAKES,
    THEM,
    VOTES,
    done,
    wished,
)
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.numbers import WORDS
from fl_alliance.agent.tools import Kind
from fl_alliance.chain.dao import Appearance, Support

LEXICONS: Mapping[str, Lexicon] = {
    "balance": Lexicon(
        frozenset({Kind.ACCOUNT}),
        words("""
                balance, balances, how much fml, how many fml, how much, how much money, what is in, what's in,
                whats in, funds, wallet, have any fml, how many tokens, holdings, what's left, what is left,
                what … has, what … have, what … got, what … having, what … own, what … owns, in my wallet,
                in the wallet, in her wallet, in his wallet, in their wallet, having
                """),
        words("""
                show, tell, show me, tell me, what is, what's, whats, check, read, of, on, in, does, do, have, has,
                hold, holds, own, owns, got, account, is, are, there, left, me, fml, money, and, how, see, know, what,
                display, at the moment, currently, get, look up, i have, do i have, have i got, i'd like to know,
                i want to know, possess, tokens, in her account, in his account, in their account, in her wallet,
                in his wallet, having, i have left, remaining, remain, say, say me, say to me, tell to me,
                could you tell me, can you tell me, let me know, to my name, on hand, in total, all in all, i've got,
                i have got, left over, still, for, total, please to, would like to know, i would like to know,
                exactly, about, doing, provide, provide me with, state, give me, give, view, hear, let me see, i need,
                i want, am i, i am, inform me of, inform me about, enquire about, inquire about, enquire as to,
                inquire as to, might i, in my account, of mine
                """),
    ),
    "price": Lexicon(
        frozenset({Kind.MODEL}),
        words("""
            price, cost, costs, expensive, would i pay, do i pay, charge, charges, how much, fee, must i pay,
            i must pay, do i have to pay, i have to pay, will i pay, damage, pricing, it cost, pricey, charging,
            rates, going rate, price tag, would i be charged
            """),
        words("""
                show, tell, show me, tell me, what is, what's, whats, what, what does, does, how, is, a call, call,
                calling, of, for, to, model, check, use, ask, it, one question, using, asking, would, it cost,
                a question, do, know, per call, i'd like to know, one call, a single call, let me know,
                i want to know, me, it costs, each call, every call, one query, a query, per query, per question,
                per answer, each time, to call, say, say me, tell to me, could you tell me, can you tell me, are, be,
                making, make, current, currently, i would like to know, when i, i, if i call, to make, run, running,
                provide, provide me with, state, give me, give, i need, i want, quote me, inform me of,
                inform me about, enquire about, inquire about, might i, will, how many fml, fml, have, get
                """),
    ),
    "status": Lexicon(
        frozenset({Kind.TASK}),
        words("""
                status, how is, how's, how are things, tell me about, what about, progress, state, going on, staked,
                earned, did i earn, my reward, my rewards, my stake, news, happening, have i earned, how far,
                have i staked, situation, condition, am i doing, delegated, doing, going, things stand, stand,
                standing, update on, an update, update, what's up, what is up, what's new, what is new, the latest,
                overview, summary, how are we doing, i've earned, i've staked, whats up, whats new, how did,
                coming along, coming on, getting on, getting along, faring
                """),
        words("""
                what, what is, what's, whats, of, in, on, with, task, is, how much, have, i, have i, show, show me,
                tell me, did, are, how, how many, fml, my, so far, check, there, any, going, get, was, has, it, far,
                give me, do i have, about, am i, where, could you tell me, can you tell me, let me know, say me, tell,
                right now, do, does, currently, at the moment, i would like to know, i'd like to know, i want to know,
                for, see, look up, up to, things, we, stands, at, by now, current, from, provide, provide me with,
                state, give, view, hear, let me see, i need, inform me of, inform me about, enquire about,
                inquire about, might i, along
                """),
        never=tuple(f"{verb} my {what}" for verb in ("get", "give me") for what in ("reward", "rewards")),
    ),
    "transfer": Lexicon(
        frozenset({Kind.ACCOUNT, Kind.AMOUNT}),
        (
            *SENDS,
            *(f"would you mind {sending}" for sending in SENDING),
            *words("""
                should get, should receive, gets … from me, receives … from me, settle, make a payment,
                make a transfer, make sure that … gets, make sure that … receives, make sure … gets,
                make sure … receives, make sending, make sending of, see that … gets, see that … receives,
                see to it that … gets, would you see that … gets
                """),
            *(f"{one} … {other}" for one, other in HAVING),
            *CROSSING,
            *done("payment", "transfer"),
            *wished("sent", "paid", "transferred", "wired", "moved"),
            *DUE,
        ),
        (
            *("to", "into", "over to", "fml", "account", "wallet", "address", "this address", "the amount of", *THEM),
            *words("""
                i owe, i promised, promised, is owed, by me, lent me, needs, deserves, is due, asked for, back,
                back to, my friend, money, of, payment of, a transfer of, over, off, in return, the sum of, a sum of,
                a present of, a gift of, what i owe, a payment of, a tip of
                """),
            *(f"my {relation}" for relation in RELATIONS),
            *FOR_WHAT,
        ),
        before=(
            *words("to, into, i owe, i promised, back to, pay back, give back, send back"),
            *(*SENDS, *SENDING, *(f"to {what}" for what in OWNED)),
        ),
        after=words("should get, should receive, gets, receives, is owed, is due, lent me, needs, deserves, asked for")
        + DUE,
        around=HAVING,
        never=(
            *(f"needs to {verb}" for verb in SENDS),
            *words("""
                gets to, should get to, should receive to, receives to, the transfer, the payment, promised to,
                owe to, owed to, to have to, to get to, have to
                """),
            *ALSO,
        ),
    ),
    "stake": Lexicon(
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
    ),
    "unstake": Lexicon(
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
    ),
    "claim": Lexicon(
        frozenset({Kind.TASK}),
        (
            *words("claim, collect, cash out, claim back"),
            *(f"{verb} … {what}" for verb in TAKES for what in (*MINE, *(f"my {what}" for what in MINE))),
            *(
                f"{what} … {verb} {them}"
                for what in MINE
                for verb in ("take", "get", "grab")
                for them in ("them", "it")
            ),
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
    ),
    "delegate": Lexicon(
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
    ),
    "undelegate": Lexicon(
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
    ),
    "lock": Lexicon(
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
    ),
    "unlock": Lexicon(
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
    ),
    "appear": Lexicon(
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
    ),
    "vote": Lexicon(
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
    ),
    "rate": Lexicon(
        frozenset({Kind.MODEL, Kind.STARS}),
        ("rate", "i'd rate", "i would rate", "my rating", "a rating of", "rating", "star", "stars", "score"),
        words("""
            give, i give, i'd give, i would give, i'm giving, i am giving, deserves, gets, earns, it, my, mark, put,
            down, a score of, out of five, award, leave, add, from my side, on, with, for, model, is, of, as, to, and,
            at
            """),
    ),
    "call_model": Lexicon(
        frozenset({Kind.MODEL, Kind.AMOUNT}),
        words("""
                ask, run, call, use, query, prompt, a question for, i have a question for, have … answer,
                let … answer, would you mind asking, put this to, put the question to, put to, get … to answer, pose,
                a question to, my question to, consult, max, tops, at most, at the most, no more than
                """),
        words("""
                and, and spend, spend, spending, and pay, pay, paying, for, at most, up to, model, no more than,
                not more than, a maximum of, maximum, with, of, fml, to, is, it, budget, a budget of,
                with a budget of, my budget, you can spend, it can cost, can cost, tops, the question, this,
                at a maximum of, on, limit, for a maximum of, i will pay, i'll pay, i would pay, i'd pay,
                this question, answer, spend up to, cap, cap it at, capped at, limited to, limit of, a limit of,
                with a limit of, at the most, max, my maximum, my limit, i spend, i'll spend, i will spend,
                for no more than, for not more than, for up to, for at most, using, it should cost, it may cost,
                no more, not over, a cap of, spend at most, spend no more than, spending no more than,
                spending at most, answer this, the following, this one, following, question, my question, the model,
                let, have, by, costing, costing at most, costing no more than, don't spend more than,
                do not spend more than, pay up to, pay at most
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
    return (name in vocabulary() and name not in NAMES) or name in WORDS or name in RESERVED
