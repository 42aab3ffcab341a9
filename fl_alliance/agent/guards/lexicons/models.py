"""Words for the models of the marketplace: rating one, asking one."""

from fl_alliance.agent.guards.lexicon import Lexicon, words
from fl_alliance.agent.tools import Kind

RATE = Lexicon(
    frozenset({Kind.MODEL, Kind.STARS}),
    ("rate", "i'd rate", "i would rate", "my rating", "a rating of", "rating", "star", "stars", "score"),
    words("""
        give, i give, i'd give, i would give, i'm giving, i am giving, deserves, gets, earns, it, my, mark, put,
        down, a score of, out of five, award, leave, add, from my side, on, with, for, model, is, of, as, to, and,
        at
        """),
)

CALL_MODEL = Lexicon(
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
)
