"""What a message held is there for the next one, as long as there is room; what is not large goes with its message."""

import time
from uuid import uuid4

import numpy as np
from flwr.app import Array, ArrayRecord, Message, Metadata, RecordDict
from flwr.app.message import make_message
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_tree
from flwr.supercore.object_store import ObjectStoreFactory, object_store_factory
from flwr.supercore.object_store.in_memory_object_store import InMemoryObjectStore

from fl_alliance.deployment.keeping import KeepingStore, keep_objects

RUN, OTHER_RUN = 1, 2
MODEL_BYTES = 2**20


def message(*models: int) -> Message:
    """Return a message that holds a record of a megabyte for each number."""
    filled = {
        f"m{i}": ArrayRecord({"w": Array(np.full(MODEL_BYTES // 4, model, np.float32))})
        for i, model in enumerate(models)
    }
    metadata = Metadata(RUN, uuid4().hex, 0, 1, "", "", time.time(), 60.0, "train")
    return make_message(metadata, content=RecordDict(filled))


def received(store: KeepingStore, given: Message, run: int = RUN) -> int:
    """Receive a message as Flower's processes do; return how many bytes had to come."""
    objects = {one: content.deflate() for one, content in get_all_nested_objects(given).items()}
    missing = store.preregister(run, get_object_tree(given))
    for one in missing:
        store.put(one, objects[one])
    assert all(store.get(one) == content for one, content in objects.items())
    return sum(len(objects[one]) for one in missing)


def test_a_model_comes_once() -> None:
    store = KeepingStore()
    first, second = message(1), message(1, 2)
    assert received(store, first) > MODEL_BYTES
    store.delete(first.object_id)
    assert MODEL_BYTES < received(store, second) < 1.1 * MODEL_BYTES
    store.delete(second.object_id)
    assert received(store, message(2, 1)) < 0.1 * MODEL_BYTES


def test_what_is_not_large_goes_with_its_message() -> None:
    store = KeepingStore()
    given = message(1)
    received(store, given)
    store.delete(given.object_id)
    assert [len(entry.content) > MODEL_BYTES for entry in store.store.values()] == [True]


def test_the_model_that_was_let_go_of_first_makes_room() -> None:
    store = KeepingStore(kept_bytes=int(2.5 * MODEL_BYTES))
    for model in (1, 2, 1, 3):  # 1 is used again, so 2 is the oldest
        received(store, given := message(model))
        store.delete(given.object_id)
    assert sum(len(entry.content) for entry in store.store.values()) < 2.5 * MODEL_BYTES
    assert received(store, message(1)) < 0.1 * MODEL_BYTES
    assert received(store, message(2)) > MODEL_BYTES


def test_what_a_message_holds_stays_however_little_room_there_is() -> None:
    store = KeepingStore(kept_bytes=int(1.5 * MODEL_BYTES))
    received(store, first := message(1))
    store.delete(first.object_id)
    received(store, held := message(1))
    for model in (2, 3):
        received(store, given := message(model))
        store.delete(given.object_id)
    assert all(store.get(one) for one in get_all_nested_objects(held))


def test_nothing_is_left_of_a_run_that_ended() -> None:
    store = KeepingStore()
    received(store, given := message(1))
    store.delete(given.object_id)
    store.delete_objects_in_run(RUN)
    assert not store.store
    assert received(store, message(1), OTHER_RUN) > MODEL_BYTES


def test_flower_makes_a_store_of_this_kind() -> None:
    try:
        keep_objects()
        assert isinstance(ObjectStoreFactory().store(), KeepingStore)
    finally:
        vars(object_store_factory)["InMemoryObjectStore"] = InMemoryObjectStore
