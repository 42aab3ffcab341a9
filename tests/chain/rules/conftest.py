"""A task whose numbers are easy to check by hand."""

from collections.abc import Callable

import pytest

from fl_alliance.chain.types import TaskParams


@pytest.fixture(scope="session")
def make_params() -> Callable[..., TaskParams]:
    """Return a maker of task parameters: 2 proposers, 3 voters, 10 % slash, 5 % tolerance unless given."""

    def make(**changes: object) -> TaskParams:
        values: dict[str, object] = {
            "code_digest": bytes(32),
            "config_digest": bytes(32),
            "initial_model": bytes(32),
            "relayer": "0x" + "11" * 20,
            "rounds": 10,
            "proposers": 2,
            "voters": 3,
            "slash_bps": 1000,
            "slash_gwei": 0,
            "absence_bps": 100,
            "bounty_bps": 1000,
            "tolerance_bps": 500,
            "min_stake_gwei": 100,
            "registration_s": 60,
            "leader_s": 10,
            "propose_s": 60,
            "commit_s": 60,
            "reveal_s": 60,
            "evidence_s": 60,
            "quorum": 1,
            "grace_s": 0,
        }
        return TaskParams(**(values | changes))  # type: ignore[arg-type]

    return make
