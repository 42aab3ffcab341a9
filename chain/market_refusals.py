"""What emission, delegation pools and Arena refuse, one class for each of their custom errors, as in `refusals.py`."""

from fl_alliance.chain.refusals import Refused


class DayNotOver(Refused):
    """A day is closed when it is over."""

    FIELDS = ("day", "nowAt", "needed")
    TEXT = "day {day}: at second {nowAt}, over at {needed}"


class DayNotClosed(Refused):
    """Days are closed in order, and what comes after that waits for it."""

    FIELDS = ("day", "closedDays")
    TEXT = "day {day} is not closed: {closedDays} is the next to close"


class NoSuchDay(Refused):
    """The schedule has ended."""

    FIELDS = ("day", "daysInAll")
    TEXT = "day {day}: the schedule has {daysInAll} days, from 0 on"


class DrawTooLate(Refused):
    """The time for drawing a day's shares has passed."""

    FIELDS = ("day", "nowAt", "until")
    TEXT = "day {day}: at second {nowAt}, shares were drawn until {until}"


class LapseTooEarly(Refused):
    """A day's shares can still be drawn."""

    FIELDS = ("day", "nowAt", "needed")
    TEXT = "day {day}: at second {nowAt}, lapses from {needed} on"


class AlreadyDrawn(Refused):
    """A share is drawn once."""

    FIELDS = ("source", "task", "day")
    TEXT = "task {task} of {source} has drawn its share of day {day}"


class NotSource(Refused):
    """The Arena's shares are drawn by the Arena."""

    FIELDS = ("caller", "needed")
    TEXT = "{caller} called, needed {needed}"


class NothingAccepted(Refused):
    """An Alliance task earns on days with an accepted round."""

    FIELDS = ("source", "task", "day")
    TEXT = "task {task} of {source}: no round was accepted on day {day}"


class NoSource(Refused):
    """Nothing there could tell a task's stake."""

    FIELDS = ("given",)
    TEXT = "there is no contract at {given}"


class FactorNotLower(Refused):
    """The DAO lowers the schedule and never raises it."""

    FIELDS = ("givenBps", "currentBps")
    TEXT = "factor {givenBps} bps: needed less than {currentBps}"


class AlreadyVerified(Refused):
    """The task is verified already."""

    FIELDS = ("source", "task")
    TEXT = "task {task} of {source} is verified"


class NotVerified(Refused):
    """The task is not verified."""

    FIELDS = ("source", "task")
    TEXT = "task {task} of {source} is not verified"


class TooManyTasks(Refused):
    """As many tasks are verified as there can be at once."""

    FIELDS = ("tasks",)
    TEXT = "{tasks} tasks are verified, no more can be"


class TooManyShares(Refused):
    """A request names more shares than its owner has."""

    FIELDS = ("given", "held")
    TEXT = "{given} shares requested, held {held}"


class SharesQueued(Refused):
    """Shares that are requested for redemption cannot be transferred."""

    FIELDS = ("owner", "given", "free")
    TEXT = "{owner} would transfer {given} shares, {free} are not requested for redemption"


class NoShares(Refused):
    """A deposit is too small for a share."""

    FIELDS = ("assetsWei",)
    TEXT = "{assetsWei} wei buy no share"


class SlashTooHigh(Refused):
    """A slash is above what there is."""

    FIELDS = ("givenWei", "assetsWei")
    TEXT = "slash of {givenWei} wei, the pool has {assetsWei}"


class SigmaFrozen(Refused):
    """sigma changes once in 30 days, and not around the end of the task."""

    FIELDS = ("nowAt", "needed")
    TEXT = "at second {nowAt}, sigma can change from {needed} on"


class ERC4626ExceededMaxDeposit(Refused):
    """The pool takes no such deposit."""

    FIELDS = ("receiver", "assets", "max")
    TEXT = "deposit of {assets} wei for {receiver}, needed at most {max}"


class ERC4626ExceededMaxMint(Refused):
    """The pool makes no so many shares."""

    FIELDS = ("receiver", "shares", "max")
    TEXT = "{shares} shares for {receiver}, needed at most {max}"


class ERC4626ExceededMaxWithdraw(Refused):
    """No so much can be withdrawn now."""

    FIELDS = ("owner", "assets", "max")
    TEXT = "{owner} would withdraw {assets} wei, can {max} now"


class ERC4626ExceededMaxRedeem(Refused):
    """No so many shares can be redeemed now."""

    FIELDS = ("owner", "shares", "max")
    TEXT = "{owner} would redeem {shares} shares, can {max} now"


class InvalidInitialization(Refused):
    """A pool begins once."""

    TEXT = "the pool has begun already"


class NotInitializing(Refused):
    """Only while a pool begins."""

    TEXT = "the pool is not beginning"


class SafeERC20FailedOperation(Refused):
    """The token did not transfer, and did not say why."""

    FIELDS = ("token",)
    TEXT = "{token} did not do what it was called for"


class WrongRole(Refused):
    """An account is one thing in a task, and this needs another."""

    FIELDS = ("task", "account", "role")
    TEXT = "task {task}: {account} has role {role} (0 none, 1 creator, 2 node, 3 validator)"


class PoolExists(Refused):
    """A delegate opens its pool once."""

    FIELDS = ("task", "delegate", "pool")
    TEXT = "task {task}: the pool of {delegate} is {pool}"


class UnknownDay(Refused):
    """The task has no such day."""

    FIELDS = ("task", "day", "days_")
    TEXT = "task {task}: no day {day}, it has {days_}, the last of them on dataset B"


class AlreadyDone(Refused):
    """Once a day, and it is done."""

    FIELDS = ("task", "day", "account")
    TEXT = "task {task}, day {day}: {account} has done this"


class DayFull(Refused):
    """No more take part on one day."""

    FIELDS = ("task", "day", "limit")
    TEXT = "task {task}, day {day}: {limit} take part, no more can"


class WrongOpening(Refused):
    """What is revealed is not what was committed to; a commitment of 0 is none."""

    FIELDS = ("given", "committed")
    TEXT = "what is revealed hashes to {given}, committed was {committed}"


class WrongLength(Refused):
    """Scores fill one word for each eight places."""

    FIELDS = ("given", "needed")
    TEXT = "scores of {given} words, needed {needed}"


class NothingToScore(Refused):
    """No submission was revealed, or dataset B was not."""

    FIELDS = ("task", "day")
    TEXT = "task {task}, day {day}: there is nothing to score"


class NoQuota(Refused):
    """The stake is too small to be assigned a single place."""

    FIELDS = ("task", "validator", "weightGwei")
    TEXT = "task {task}: {validator} weighs {weightGwei} gwei, too little for a single place"


class WrongDay(Refused):
    """Days are finished in order, the B day after all others."""

    FIELDS = ("task", "given", "needed")
    TEXT = "task {task}: day {given}, needed {needed}"


class NotSettled(Refused):
    """A day is finished when all of it is settled."""

    FIELDS = ("task", "day", "left")
    TEXT = "task {task}, day {day}: {left} places and validators are not settled"


class NothingToEnter(Refused):
    """The node has no submission that could take part in the B day."""

    FIELDS = ("task", "node")
    TEXT = "task {task}: {node} has no submission with a consensus below the worst"


class NotSeated(Refused):
    """Only members with a seat in a running task have delegators."""

    FIELDS = ("task", "member")
    TEXT = "task {task}: member {member} holds less than the minimum stake, or the task does not run"


class NoPool(Refused):
    """The member has not opened a pool."""

    FIELDS = ("task", "delegate")
    TEXT = "task {task}: {delegate} has no delegation pool"


class RewardDue(Refused):
    """Nobody delegates before what others earned until then is closed, drawn and claimed; anybody can do that."""

    FIELDS = ("task", "day")
    TEXT = "task {task}: day {day} of the emission is to be closed, drawn and claimed before anybody delegates"
