"""How a round is judged: `Rule` says what voters are asked, what their answers mean and how they settle the round."""

from fl_alliance.strategies.rules.base import Groups, Motion, Rule
from fl_alliance.strategies.rules.candidates import CandidateVoting
from fl_alliance.strategies.rules.majority import Majority

__all__ = ["CandidateVoting", "Groups", "Majority", "Motion", "Rule"]
