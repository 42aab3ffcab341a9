"""The Arena on a chain, as anybody reads it; `arena.py` is what an account does there."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from fl_alliance.chain.arena_states import DayState, StakeState, Submission, TaskState, Validation
from fl_alliance.chain.arena_types import Phase, Role, TaskParams, Verdict
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc

ARTIFACT = "Arena"


class ArenaView:
    """What is known of the Arena's tasks, at the latest block.

    Every method that names a task raises `UnknownTask` where there is none of this number.

    Parameters
    ----------
    rpc : Rpc
        Its chain.
    address : str
        Where the contract is.
    """

    def __init__(self, rpc: Rpc, address: str) -> None:
        self._reader = ContractReader(rpc, ARTIFACT, address)
        self.rpc, self.address = rpc, self._reader.address
        self._params: dict[int, TaskParams] = {}

    @property
    def fml(self) -> str:
        """The token's address."""
        return checksum(self._reader.read("fml"))

    @property
    def emission(self) -> str:
        """The emission's address."""
        return checksum(self._reader.read("emission"))

    @property
    def task_count(self) -> int:
        """Tasks created so far: the number of the newest; they count from 1."""
        return int(self._reader.read("taskCount"))

    @property
    def min_creator_stake_wei(self) -> int:
        """Least stake of a creator, in wei."""
        return int(self._reader.read("minCreatorStakeWei"))

    def params(self, task: int) -> TaskParams:
        """Return what the creator fixed, which is read once."""
        if task not in self._params:
            self._params[task] = read_params(self._reader.read("params", task))
        return self._params[task]

    def state(self, task: int) -> TaskState:
        """Return a task as it stands."""
        phase, creator, *rest = self._reader.read("state", task)
        return TaskState(Phase(phase), checksum(creator), *rest)

    def stake_of(self, task: int, account: str) -> StakeState:
        """Return an account's part in a task; all 0 where it has none."""
        values = self._reader.read("stakeOf", task, account)
        named = dict(zip((field.name for field in fields(StakeState)), values, strict=True))
        return StakeState(**named | {"role": Role(named["role"]), "pool": checksum(named["pool"])})

    def day_at(self, task: int, day: int) -> int:
        """Return the second at which a day of a task begins; `day_count` is the B day."""
        return int(self._reader.read("dayAt", task, day))

    def ends_at(self, task: int) -> int:
        """Return the second at which the days on dataset A are over; 0 in a cancelled task."""
        return int(self._reader.read("endsAt", task))

    def day_state(self, task: int, day: int) -> DayState:
        """Return a day as it stands; all 0 before anything happened on it."""
        return DayState(*self._reader.read("dayState", task, day))

    def submission(self, task: int, day: int, place: int) -> Submission:
        """Return the submission at a place; all 0 where there is none."""
        node, verdict, *rest = self._reader.read("submission", task, day, place)
        return Submission(checksum(node), Verdict(verdict), *rest)

    def submissions(self, task: int, day: int) -> list[Submission]:
        """Return all submissions of a day, in the order of their places."""
        return [self.submission(task, day, place) for place in range(self.day_state(task, day).commits)]

    def validation(self, task: int, day: int, index: int) -> Validation:
        """Return a validator's day, by its index; all 0 where there is none."""
        validator, *rest = self._reader.read("validation", task, day, index)
        return Validation(checksum(validator), *rest)

    def validations(self, task: int, day: int) -> list[Validation]:
        """Return all validators that committed on a day, in the order of their indexes."""
        return [self.validation(task, day, index) for index in range(self.day_state(task, day).validators)]

    def entry_of(self, task: int, day: int, account: str) -> int | None:
        """Return a node's place, or a validator's index, on a day; None where it has none."""
        entry = int(self._reader.read("entryOf", task, day, account))
        return entry - 1 if entry else None

    def ranking(self, task: int, day: int) -> tuple[int, ...]:
        """Return the places that are paid, best first; while a day is settled, the best so far."""
        return tuple(self._reader.read("ranking", task, day))

    def score_alpha(self, task: int, day: int) -> bytes:
        """Return what validators' VRF outputs of a day are over: final once the reveals are over."""
        return bytes(self._reader.read("scoreAlpha", task, day))


def read_params(values: Sequence[Any]) -> TaskParams:
    """Return task parameters from the contract's struct, whatever bytes their creator called the kind."""
    kind = bytes(values[0]).rstrip(b"\0").decode("latin-1")
    return TaskParams(kind, *values[1:])
