"""Words for what only reads: a balance, a price, a task's status."""

from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind

BALANCE = Lexicon(
    frozenset({Kind.ACCOUNT}),
    words("""
            balance, balances, how much fml, how many fml, how much, how much money, what is in, what's in,
            whats in, funds, wallet, have any fml, how many tokens, holdings, what's left, what is left,
            what … has, what … have, what … holds, what … hold, what … got, what … having, what … own, what … owns,
            in my wallet, in the wallet, in her wallet, in his wallet, in their wallet, having, how rich, what … left,
            how much … left
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
)

PRICE = Lexicon(
    frozenset({Kind.MODEL}),
    words("""
        price, cost, costs, expensive, would i pay, do i pay, charge, charges, how much, fee, must i pay,
        i must pay, do i have to pay, i have to pay, will i pay, damage, pricing, it cost, pricey, charging,
        rates, going rate, price tag, would i be charged, set me back, dear, how pricey, cheap
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
)

STATUS = Lexicon(
    frozenset({Kind.TASK}),
    words("""
            status, how is, how's, how are things, tell me about, what about, progress, state, going on, staked,
            earned, did i earn, my reward, my rewards, my stake, news, happening, have i earned, how far,
            have i staked, situation, condition, am i doing, delegated, doing, going, things stand, stand,
            standing, update on, an update, update, what's up, what is up, what's new, what is new, the latest,
            overview, summary, how are we doing, i've earned, i've staked, whats up, whats new, how did,
            coming along, coming on, getting on, getting along, faring, position, performing, performance, results,
                doing anything, where … stand, finished, over yet, done yet, running, ending, end
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
)
