"""Words for the models of the marketplace: rating one, asking one."""

from fl_alliance.agent.guards.courtesy import each
from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.guards.verbs import minded
from fl_alliance.agent.tools import Kind

_REMARK = (
    ("", "it", "and", "that", "the answer", "its answers"),
    ("was", "is", "were", "are", "it's"),
    ("", "very", "really", "rather", "quite", "so", "pretty", "super", "extremely"),
    words("""
        great, good, helpful, useful, decent, excellent, fantastic, amazing, brilliant, bad, poor, terrible, useless,
        ok, okay, fine, perfect, slow, fast, accurate, inaccurate, awful, nice, solid, average, disappointing,
        impressive
        """),
)
"""What somebody thinks of a model, which its stars say."""

RATE = Lexicon(
    frozenset({Kind.MODEL, Kind.STARS}),
    words("rate, i'd rate, i would rate, my rating, a rating of, rating, star, stars, score, out of five"),
    words("""
        give, i give, i'd give, i would give, i'm giving, i am giving, deserves, gets, earns, it, my, mark, put,
        down, a score of, award, leave, add, from my side, on, with, for, model, is, of, as, to, and, at
        """),
    runs=(_REMARK,),
)

_AT_MOST = words("""
    at most, up to, no more than, not more than, a maximum of, not exceeding, not to exceed, not over, max, maximum
    """)
_BUDGETS = (
    *each(
        ("", "for", "with", "and"),
        ("", *words("spend, spending, pay, paying, costing, use, cost, at a cost, at a price, budget, at a cost of")),
        _AT_MOST,
    ),
    *each(("don't", "do not", "without"), ("spend", "pay", "spending", "paying"), ("more than", "over")),
    *each(("cap", "limit", "keep"), ("", "it", "the spend", "spending", "the cost", "the budget"), ("at", "to")),
    *each(("with a", "a", "my", ""), ("budget", "limit", "cap"), ("capped at", "limited to", "set to", "set at", "of")),
)
"""How much it may cost: never over that."""

CALL_MODEL = Lexicon(
    frozenset({Kind.MODEL, Kind.AMOUNT}),
    (
        *words("""
            ask, run, call, use, query, prompt, a question for, i have a question for, have … answer,
            let … answer, put this to, put the question to, put to, get … to answer, pose, pose this to,
            a question to, my question to, consult, max, tops, at most, at the most, no more than, enquire of,
            inquire of, check with
            """),
        *minded(("ask", "query", "run")),
    ),
    (
        *_BUDGETS,
        *words("""
            and, and spend, spend, spending, and pay, pay, paying, for, at most, up to, model, no more than,
            not more than, a maximum of, maximum, with, of, fml, to, is, it, budget, a budget of,
            with a budget of, my budget, you can spend, it can cost, can cost, tops, the question, this,
            at a maximum of, on, limit, for a maximum of, i will pay, i'll pay, i would pay, i'd pay,
            this question, answer, cap, cap it at, capped at, limited to, limit of, a limit of,
            with a limit of, at the most, max, my maximum, my limit, i spend, i'll spend, i will spend,
            using, it should cost, it may cost, no more, a cap of, answer this, the following, this one, following,
            question, my question, the model, let, have, by, costing, you may spend, limit it to,
            on it, on that, on this
            """),
    ),
    has_question=True,
)
"""A budget is the most that is spent, whatever the words call it."""
