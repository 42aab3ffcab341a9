"""What the contract of coordinators' bonds refuses, one class for each of its custom errors, as in `refusals.py`."""

from fl_alliance.chain.refusals import Refused


class WrongStatus(Refused):
    """The bond is not in a status in which this can be done."""

    FIELDS = ("task", "status")
    TEXT = "bond of task {task}: not possible in status {status}"


class TaskNotReady(Refused):
    """A bond is opened before the task has finished, and closed after."""

    FIELDS = ("task", "round")
    TEXT = "task {task}, round {round}: it must not have finished when a bond is opened, and must when it is closed"


class OutOfRange(Refused):
    """A bond, a time, a batch or a place is out of its range."""

    FIELDS = ("name", "given")
    TEXT = "{name}: given {given}, out of its range"


class WrongRound(Refused):
    """Transcripts are posted in the order of the rounds, each once, when its round has ended."""

    FIELDS = ("task", "given", "needed")
    TEXT = "task {task}: given round {given}, needed {needed}"


class NotPosted(Refused):
    """These are not the roots of this batch, or the round is not among them."""

    FIELDS = ("task", "batch")
    TEXT = "task {task}: batch {batch} holds other roots, or not this round's"


class NotInTree(Refused):
    """The path does not lead from this leaf to the posted root."""

    FIELDS = ("task", "round")
    TEXT = "task {task}, round {round}: the path does not lead from this leaf to the posted root"


class NotSigned(Refused):
    """The signature is not the coordinator's over this statement."""

    FIELDS = ("task", "round")
    TEXT = "task {task}, round {round}: the signature is not the coordinator's over this statement"


class NoLie(Refused):
    """What is shown accuses nobody."""

    FIELDS = ("task", "round")
    TEXT = "task {task}, round {round}: what is shown is no lie"
