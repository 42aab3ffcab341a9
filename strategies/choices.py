"""What a judgement on chain comes to, as it is told and recorded."""

from fl_alliance.chain.rules.candidates import OLD
from fl_alliance.chain.rules.judgement import Judgement
from fl_alliance.strategies.events import Choice


def choice_of(judgement: Judgement, names: tuple[str, ...] = ()) -> Choice:
    """Return the choice; `names` are those of the menu's entries, where they are known."""
    decision = judgement.decision
    return Choice(
        entries=names,
        winner=decision.winner,
        best=decision.best,
        margin=decision.medians[decision.winner][OLD],
        backing=decision.backing,
        against=judgement.against,
        weight=decision.weight,
        convicted=judgement.convicted,
        slashed=judgement.slashed,
    )
