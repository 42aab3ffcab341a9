"""What is still being uploaded is asked for again soon, not a second later."""

import time

from flwr.supercore.inflatable.inflatable_utils import ObjectUnavailableError, pull_objects

from fl_alliance.deployment.pulling import LONGEST_S, pull_soon


def test_an_object_that_comes_a_moment_later_is_there_a_moment_later() -> None:
    pull_soon()
    began = time.monotonic()
    asked: list[str] = []

    def pull(object_id: str) -> bytes:
        asked.append(object_id)
        if len(asked) < 4:
            raise ObjectUnavailableError(object_id)
        return b"content"

    assert pull_objects(["one"], pull) == {"one": b"content"}
    assert len(asked) == 4
    assert time.monotonic() - began < LONGEST_S  # by Flower itself: 1 + 2 + 4 s
