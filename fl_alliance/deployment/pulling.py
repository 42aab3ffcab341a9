"""Flower's waiting for what a message holds: an object that is not uploaded yet is asked for again soon.

A message shows as soon as its upload begins. Flower asks for an object that is not there yet again after a second, then
after two, four, eight: in an exchange that takes tenths of a second that is most of the time.
"""

from flwr.supercore.inflatable.inflatable_utils import pull_and_inflate_object_from_tree, pull_objects

FIRST_S, LONGEST_S = 0.05, 1.0


def pull_soon() -> None:
    """Let this process wait from `FIRST_S` to `LONGEST_S` before it asks again, as long as Flower does in all."""
    for function in (pull_objects, pull_and_inflate_object_from_tree):
        waits = {"initial_backoff": FIRST_S, "backoff_cap": LONGEST_S, "max_tries_per_object": None}
        function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), **waits}
