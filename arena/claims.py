"""What an account can claim of a day, by the same figures as the contract's `claim`."""

from fl_alliance.chain.arena import ArenaView
from fl_alliance.chain.arena_states import Submission, Validation
from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.rules.arena_pay import paid

FEE_BACK = (Verdict.RANKED, Verdict.UNSCORED)
"""After these a node gets its fee back."""


def due(arena: ArenaView, task: int, day: int, account: str) -> int:
    """Return what an account and its delegators can claim of a day, with the fee, in wei; 0 before it is finished."""
    return sum(parts_due(arena, task, day, account))


def parts_due(arena: ArenaView, task: int, day: int, account: str) -> tuple[int, int]:
    """Return the two parts of `due`: what was earned, and the fee that comes back."""
    entry, state = arena.entry_of(task, day, account), arena.day_state(task, day)
    if entry is None or not state.is_finished:
        return 0, 0
    if arena.stake_of(task, account).role is Role.NODE:
        node = arena.submission(task, day, entry)
        back = node.verdict in FEE_BACK and not node.is_claimed_now and day < arena.params(task).day_count
        fee_wei = arena.params(task).submission_fee_wei if back else 0
        return _earned(arena, task, day, node, state.nodes_now_wei, state.nodes_held_wei), fee_wei
    validator = arena.validation(task, day, entry)
    return _earned(arena, task, day, validator, state.validators_now_wei, state.validators_held_wei), 0


def _earned(arena: ArenaView, task: int, day: int, part: Submission | Validation, now_wei: int, held_wei: int) -> int:
    is_held_due = arena.state(task).fell_back and day < arena.params(task).day_count and not part.is_claimed_held
    now = 0 if part.is_claimed_now else paid(now_wei, part.share_wad)
    return now + (paid(held_wei, part.share_wad) if is_held_due else 0)
