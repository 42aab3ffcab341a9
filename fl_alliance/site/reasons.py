"""Why a request is refused: for the site's own log. The coordinator is told none of it."""

from enum import StrEnum


class Reason(StrEnum):
    """One rule of a policy that a request does not meet."""

    KIND = "a request of no kind that this node answers"
    TASK = "a task that the policy does not list"
    CODE = "installed code whose digest the policy does not list"
    CONFIG = "settings whose digest the policy does not list"
    UNIT = "updates without noise, or with noise that protects less than the policy asks for"
    PROMISE = "a larger epsilon or delta than the policy lets a task promise"
    MASKS = "updates without masks"
    SCORES = "votes with less noise than the policy asks for"
    CONTRIBUTIONS = "the task has voters say what others contributed, the policy does not let it"
    HOURS = "outside the site's hours"
    MEMBERS = "fewer members in the task than the policy asks for"
    EXAMPLES = "fewer training examples here than the policy asks for"
    PATIENTS = "fewer patients here than the policy asks for, or nobody knows whose the examples are"
    BUDGET = "more would be spent on this data than may be, by its privacy ledger"
    MESSAGE = "the answer is larger than one message may be"
    DAY = "more bytes than may leave in a day"
    TASK_BYTES = "more bytes than may leave for a task"
    TERMS = "not what the hospital agreed to, or not what a node signs"
