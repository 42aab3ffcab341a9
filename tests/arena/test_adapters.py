"""An adapter is taken if its tensors are those that the task's base and its rank give, and refused otherwise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from fl_alliance.arena.adapters import (
    MAX_ALPHA,
    Adapter,
    AdapterSpec,
    down_name,
    load_adapter,
    pack_adapter,
    read_terms,
    up_name,
)
from fl_alliance.arena.errors import (
    FolderForeign,
    NotAFile,
    NotFinite,
    NotSafetensors,
    SubmissionTooLarge,
    TensorsForeign,
    TermsRefused,
)
from fl_alliance.arena.files import read_regular
from fl_alliance.arena.folders import pack_folder
from fl_alliance.arena.parameters import load_parameters, pack_parameters

SPEC = AdapterSpec({"model.layers.0.q_proj": (8, 6), "model.layers.0.down_proj": (6, 10)}, max_rank=4)


def adapter_of(rank: int, seed: int = 0, alpha: float = 8.0) -> Adapter:
    rng = np.random.default_rng(seed)
    return Adapter(
        rank, alpha, {name: rng.normal(size=shape).astype(np.float32) for name, shape in SPEC.shapes(rank).items()}
    )


def blob_of(arrays: dict[str, Any], rank: int = 2, alpha: float = 8.0) -> bytes:
    return save(arrays, metadata={"adapter": json.dumps({"rank": rank, "alpha": alpha})})


@given(rank=st.integers(1, 4), alpha=st.floats(0.001, MAX_ALPHA), seed=st.integers(0, 100))
def test_a_packed_adapter_is_loaded_as_it_was(rank: int, alpha: float, seed: int) -> None:
    made = adapter_of(rank, seed, alpha)
    blob = pack_adapter(made)
    read = load_adapter(blob, SPEC)
    assert (read.rank, read.alpha, list(read.arrays)) == (rank, alpha, list(SPEC.shapes(rank)))
    for name, array in read.arrays.items():
        np.testing.assert_array_equal(array, made.arrays[name])
        assert array.dtype == np.float32
    assert read.parameters == SPEC.parameters(rank) == rank * (8 + 6 + 6 + 10)
    assert pack_adapter(read) == blob


def test_the_order_of_tensors_does_not_change_the_bytes() -> None:
    made = adapter_of(2)
    turned = Adapter(2, 8.0, dict(reversed(made.arrays.items())))
    assert pack_adapter(turned) == pack_adapter(made)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_values_of_another_width_become_float32(dtype: type) -> None:
    arrays = {name: array.astype(dtype) for name, array in adapter_of(2).arrays.items()}
    read = load_adapter(blob_of(arrays), SPEC)
    for name, array in read.arrays.items():
        np.testing.assert_array_equal(array, arrays[name].astype(np.float32))


def test_bfloat16_keeps_its_values() -> None:
    name, values = "w", np.array([1.0, -2.5, 3.140625, 0.0], np.float32)
    raw = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({name: {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    read = load_parameters(len(header).to_bytes(8, "little") + header + raw, {name: (4,)})
    np.testing.assert_array_equal(read[name], values)


def test_a_foreign_name_is_refused() -> None:
    arrays = adapter_of(2).arrays | {"base_model.model.lm_head.weight": np.ones((2, 2), np.float32)}
    with pytest.raises(TensorsForeign, match=r"foreign names 'base_model\.model\.lm_head\.weight'"):
        load_adapter(blob_of(arrays), SPEC)


def test_a_missing_tensor_is_refused() -> None:
    arrays = dict(adapter_of(2).arrays)
    del arrays[up_name("model.layers.0.q_proj")]
    with pytest.raises(TensorsForeign, match="no tensors"):
        load_adapter(blob_of(arrays), SPEC)


def test_a_shape_of_another_layer_is_refused() -> None:
    arrays = adapter_of(2).arrays | {down_name("model.layers.0.q_proj"): np.ones((2, 7), np.float32)}
    with pytest.raises(TensorsForeign, match=r"shape \(2, 7\); needed shape \(2, 6\)"):
        load_adapter(blob_of(arrays), SPEC)


def test_a_rank_that_is_not_the_tensors_is_refused() -> None:
    with pytest.raises(TensorsForeign, match="needed shape"):
        load_adapter(blob_of(adapter_of(2).arrays, rank=3), SPEC)


@pytest.mark.parametrize(
    "terms",
    [
        '{"rank": 100000, "alpha": 8}',
        '{"rank": 5, "alpha": 8}',
        '{"rank": 0, "alpha": 8}',
        '{"rank": -1, "alpha": 8}',
        '{"rank": true, "alpha": 8}',
        '{"rank": 2.0, "alpha": 8}',
        '{"rank": "2", "alpha": 8}',
        '{"rank": 2, "alpha": 0}',
        '{"rank": 2, "alpha": -8}',
        '{"rank": 2, "alpha": 1e999}',
        '{"rank": 2, "alpha": NaN}',
        '{"rank": 2, "alpha": 1025}',
        '{"rank": 2, "alpha": "8"}',
        '{"rank": 2, "alpha": false}',
        '{"rank": 2}',
        '{"rank": 2, "alpha": 8, "auto_map": {"AutoModel": "modeling.Evil"}}',
        '{"rank": 2, "alpha": 8, "rank": 3}',
        "[2, 8]",
        "rank: 2",
        "",
        "[" * 10_000,
        '{"rank": 2, "alpha": 8}' + " " * 1000 + "x",
    ],
)  # fmt: skip
def test_terms_that_are_not_a_rank_and_an_alpha_within_limits_are_refused(terms: str) -> None:
    blob = save(adapter_of(2).arrays, metadata={"adapter": terms})
    with pytest.raises(TermsRefused):
        load_adapter(blob, SPEC)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"adapter": '{"rank": 2, "alpha": 8}', "auto_map": "x"}])
def test_metadata_other_than_the_terms_are_refused(metadata: dict[str, str] | None) -> None:
    with pytest.raises(TermsRefused, match="needed exactly 'adapter'"):
        load_adapter(save(adapter_of(2).arrays, metadata=metadata), SPEC)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_not_finite_is_refused(value: float) -> None:
    made = adapter_of(2)
    made.arrays[up_name("model.layers.0.down_proj")][3, 1] = value
    with pytest.raises(NotFinite, match=r"down_proj.*1 values that are NaN or infinite"):
        load_adapter(pack_adapter(made), SPEC)


def test_a_value_too_large_for_float32_is_refused() -> None:
    arrays = {name: array.astype(np.float64) for name, array in adapter_of(2).arrays.items()}
    arrays[up_name("model.layers.0.q_proj")][0, 0] = 1e300
    with pytest.raises(NotFinite):
        load_adapter(blob_of(arrays), SPEC)


def test_more_bytes_than_the_largest_adapter_are_refused_before_the_header_is_read() -> None:
    with pytest.raises(SubmissionTooLarge, match="bytes; needed at most"):
        load_adapter(bytes(SPEC.parameters(4) * 8 + 1_000_001), SPEC)


def test_parameters_of_a_small_model_are_loaded_as_they_were() -> None:
    made = {"b": np.array([1.5], np.float32), "a": np.arange(6, dtype=np.float32).reshape(2, 3)}
    blob = pack_parameters(made)
    read = load_parameters(blob, {"b": (1,), "a": (2, 3)})
    assert list(read) == ["b", "a"]
    for name, array in made.items():
        np.testing.assert_array_equal(read[name], array)
    assert pack_parameters(read) == blob
    with pytest.raises(TensorsForeign):
        load_parameters(blob, {"a": (2, 3)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An adapter as other tools leave it: two files."""
    place = tmp_path / "adapter"
    place.mkdir()
    (place / "adapter_model.safetensors").write_bytes(save(adapter_of(2).arrays, metadata={"format": "pt"}))
    (place / "adapter.json").write_text('{"rank": 2, "alpha": 8}')
    return place


def test_a_folder_of_two_files_becomes_the_submission(folder: Path) -> None:
    assert pack_folder(folder, SPEC) == pack_adapter(adapter_of(2))


@pytest.mark.parametrize(
    "name", ["modeling_evil.py", "pytorch_model.bin", "tokenizer.json", "b.safetensors", ".hidden"]
)
def test_a_folder_with_any_other_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("import os")
    with pytest.raises(FolderForeign, match="found 3 files"):
        pack_folder(folder, SPEC)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter.json"])
@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero", "../adapter_copy"])
def test_a_symbolic_link_in_a_folder_is_not_followed(folder: Path, name: str, target: str) -> None:
    (folder / name).rename(folder.parent / "adapter_copy")
    (folder / name).symlink_to(target)
    with pytest.raises(NotAFile, match="found a symbolic link"):
        pack_folder(folder, SPEC)


def test_a_link_to_a_folder_is_not_followed(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    with pytest.raises(NotAFile):
        pack_folder(link, SPEC)


def test_a_folder_with_a_huge_file_is_refused_without_reading_it(folder: Path) -> None:
    with open(folder / "adapter_model.safetensors", "wb") as file:
        file.truncate(2**40)  # sparse: takes no space on disk
    with pytest.raises(SubmissionTooLarge, match=str(2**40)):
        pack_folder(folder, SPEC)


def test_a_folder_of_a_pickle_is_refused(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes(b"\x80\x04\x95pickled adapter")
    with pytest.raises(NotSafetensors, match="a pickle"):
        pack_folder(folder, SPEC)


def test_a_file_that_hides_its_size_is_read_no_further_than_allowed() -> None:
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("no /proc here")
    assert path.stat().st_size == 0
    with pytest.raises(SubmissionTooLarge, match="found 11 bytes; needed at most 10"):
        read_regular(path, 10)


@pytest.mark.parametrize(("layers", "max_rank"), [({}, 4), ({"a": (8, 0)}, 4), ({"a": (8, 8)}, 0)])
def test_a_task_that_no_adapter_fits_is_refused(layers: dict[str, tuple[int, int]], max_rank: int) -> None:
    with pytest.raises(ValueError, match="AdapterSpec: given"):
        AdapterSpec(layers, max_rank)


def test_terms_in_a_file_are_read_like_those_in_metadata() -> None:
    assert read_terms('{"alpha": 8, "rank": 2}', SPEC) == (2, 8.0)
