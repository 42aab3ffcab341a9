"""Killed or cut off at every step that leaves a trace, a task ends as if nothing had happened."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from village import FML, LARGE, TERMS, Village

from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.events import Trying
from fl_alliance.arena.journal import Journal
from fl_alliance.arena.patience import Patience
from fl_alliance.arena.role import Role
from fl_alliance.arena.store import Store
from fl_alliance.arena.task import Task, read_task
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.errors import ChainUnreachable
from fl_alliance.chain.sender import Sender

NAMES = ("creator", "large", "small", "judge", "delegator")
ONE_DAY = dataclasses.replace(TERMS, day_count=1)


class Killed(BaseException):
    """The process ends here: nothing may catch this."""


class Interruptions:
    """Raises an error before and after everything that is sent or published, each time it happens for the first time.

    Where the whole process dies, before and after everything that is written into a journal too.
    """

    def __init__(self, error: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
        self.error, self.seen, self.count = error, set[Any](), 0
        self._around(monkeypatch, Store, "put", lambda store, content: content)
        self._around(
            monkeypatch, Sender, "send", lambda sender, to, data, *_: (sender.address, to, data[:4], len(data))
        )
        if error is not Killed:
            return
        self._around(monkeypatch, Journal, "write", lambda journal, name, entry: (journal.owner, name, len(entry)))
        self._around(monkeypatch, Journal, "keep", lambda journal, content: (journal.owner, len(content)))

    def _around(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, key: Callable[..., Any]) -> None:
        act = getattr(owner, name)

        def interrupted(*args: Any, **kwargs: Any) -> Any:
            self._once("before", name, key(*args))
            result = act(*args, **kwargs)
            self._once("after", name, key(*args))
            return result

        monkeypatch.setattr(owner, name, interrupted)

    def _once(self, *what: Any) -> None:
        if what not in self.seen:
            self.seen.add(what)
            self.count += 1
            raise self.error()


@dataclasses.dataclass
class Stage:
    """A village with a task that can be played again and again from its creation on."""

    village: Village
    task: Task
    mark: Any

    def roles(self, patience: Patience | None = None) -> list[Role]:
        """Return everybody anew, as processes that have just started."""
        self.village.close()
        task, village = read_task(Arena(self.village.bank, self.task_arena), self.village.store, 1), self.village
        node = village.node(task, "large", LARGE, sigma_bps=4_000)
        roles = [
            village.creator(task),
            node,
            village.node(task, "small", LARGE, pieces=2),
            village.validator(task, "judge"),
            village.delegator(task, "delegator", {node.me: 500 * FML}),
        ]
        if patience is not None:
            for role in roles:
                role.desk = dataclasses.replace(role.desk, patience=patience)
        return roles

    @property
    def task_arena(self) -> str:
        return self.village.deployment.arena

    def outcome(self) -> dict[str, Any]:
        """Return all that the chain says in the end, but salts and seconds, which differ from run to run."""
        arena, village = Arena(self.village.bank, self.task_arena), self.village
        addresses = {name: village.accounts[name].address for name in NAMES}
        found: dict[str, Any] = {"state": arena.state(1), "supply": village.token.total_supply_wei}
        for day in range(2):
            found[f"day {day}"] = arena.day_state(1, day)
            found[f"submissions {day}"] = arena.submissions(1, day)
            validations = arena.validations(1, day)
            found[f"validations {day}"] = [dataclasses.replace(one, commitment=b"") for one in validations]
        for name, address in addresses.items():
            found[name] = dataclasses.replace(arena.stake_of(1, address), locked_until=0), village.balance(name)
        return found

    @contextmanager
    def again(self) -> Iterator[None]:
        """Put the chain back to where the task was just created, and forget all journals but the creator's."""
        village, rpc = self.village, self.village.bank.rpc
        village.close()
        rpc("evm_revert", self.mark)
        self.mark = rpc("evm_snapshot")
        for name in NAMES:
            village.accounts[name] = Sender(village.w3, village.accounts[name].key)
        number = len(list(village.folder.glob("run*")))
        village.journals = village.folder / f"run{number}"
        shutil.copytree(village.folder / "creator", village.journals / "creator")
        village.told.clear()
        yield


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, open_village: Callable[..., Any]) -> Iterator[Stage]:
    with open_village(tmp_path_factory.mktemp("interruptions")) as village:
        task = village.create(ONE_DAY)
        for name in NAMES:
            village.account(name)
        yield Stage(village, task, village.bank.rpc("evm_snapshot"))


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> dict[str, Any]:
    """What comes out where nothing happens."""
    with stage.again():
        run_task(stage.roles(), stage.village.clock)
        return stage.outcome()


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[str]:
    """Return a list that grows with every call of a method."""
    calls: list[str] = []
    act = getattr(owner, name)

    def counting(*args: Any) -> Any:
        calls.append(name)
        return act(*args)

    monkeypatch.setattr(owner, name, counting)
    return calls


def until_done(step: Callable[[], None]) -> int:
    """Begin a step anew, as a new process does, until none is killed; return how many were."""
    kills = 0
    while True:
        try:
            step()
            return kills
        except Killed:
            kills += 1


def test_killed_before_and_after_everything_it_sends_or_writes_a_task_ends_the_same(
    stage: Stage, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.again():
        killer = Interruptions(Killed, monkeypatch)
        trained = counted(monkeypatch, stage.village.kind, "train")
        kills = until_done(lambda: run_task(stage.roles(), stage.village.clock))
        assert kills == killer.count > 100
        # One training of one node, two pieces of the other's; each again after a kill just before its model was kept.
        assert len(trained) <= 2 * 3
        monkeypatch.undo()
        assert stage.outcome() == undisturbed


def test_cut_off_before_and_after_everything_it_sends_a_task_ends_the_same(
    stage: Stage, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    with stage.again():
        roles = stage.roles(Patience(pause=pauses.append))
        cutter = Interruptions(lambda: ChainUnreachable("http://chain", "cut off"), monkeypatch)
        run_task(roles, stage.village.clock)
        assert len(pauses) == cutter.count == len(stage.village.of(Trying)) > 50
        monkeypatch.undo()
        assert stage.outcome() == undisturbed


def test_killed_at_every_step_a_creator_creates_one_task_and_can_open_its_dataset_b(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = stage.village
    with stage.again():
        # Each attempt draws the same data, so that every step comes up again and only its first time is its last.
        monkeypatch.setattr(village, "entropy", bytes)
        shutil.rmtree(village.journals / "creator")
        village.token.transfer(village.accounts["creator"].address, 10_000 * FML)
        killer = Interruptions(Killed, monkeypatch)

        def create() -> None:
            village.close()
            village.create(ONE_DAY, is_verified=False)

        assert until_done(create) == killer.count > 15
        monkeypatch.undo()
        arena = Arena(village.bank, stage.task_arena)
        assert arena.task_count == 2
        village.close()
        creator = village.creator(read_task(arena, village.store, 2))
        run_task([creator], village.clock)
        assert arena.state(2).dataset_b in village.store
