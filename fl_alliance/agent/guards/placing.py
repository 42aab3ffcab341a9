"""Where somebody is named who is meant: who is spoken to, or pays, is not who is paid."""

import re
from collections.abc import Sequence

from fl_alliance.agent.guards.classes import RELATIONS
from fl_alliance.agent.guards.lexicon import Lexicon
from fl_alliance.agent.guards.tokens import Token, joined

MY_RELATIONS = frozenset(f"my {relation}" for relation in RELATIONS)
_RELATION = re.compile(rf" my (?:{'|'.join(RELATIONS)})$")
"""Says who the one is that is named behind it."""


def is_placed(known: Lexicon, before: Sequence[Token], behind: Sequence[Token]) -> bool:
    """Return whether an account between these words stands where a lexicon has one."""
    said, follows = f" {_RELATION.sub('', joined(before))}", f"{joined(behind)} "
    return (
        any(said.endswith(f" {phrase}") for phrase in known.before)
        or any(follows.startswith(f"{phrase} ") for phrase in known.after)
        or any(said.endswith(f" {one}") and follows.startswith(f"{other} ") for one, other in known.around)
    )
