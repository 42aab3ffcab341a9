"""A strategy's state is written and read without pickle, exactly."""

import pickle

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord

from fl_alliance.strategies.state import NotPlain, is_plain, pack, unpack


def test_a_state_comes_back_bit_for_bit() -> None:
    moments = {"w": np.array([[0.1, -0.0], [np.inf, 3e-40]], dtype=np.float32), "b": np.arange(3)}
    state = {
        "m_t": moments,
        "record": ArrayRecord({"w": Array(moments["w"])}),
        "count": 3,
        "rate": 0.1,
        "scalar": np.float64(1 / 3),
        "nothing": None,
        "names": ["a", ("b", 1.5)],
    }
    back = unpack(pack(state))
    assert back["m_t"]["w"].tobytes() == moments["w"].tobytes()
    assert back["m_t"]["b"].dtype == moments["b"].dtype
    assert back["record"]["w"].numpy().tobytes() == moments["w"].tobytes()
    assert isinstance(back["scalar"], np.float64)
    assert {key: back[key] for key in ("count", "rate", "scalar", "nothing", "names")} == {
        key: state[key] for key in ("count", "rate", "scalar", "nothing", "names")
    }


@pytest.mark.parametrize("value", [lambda: 0, object(), np.array([object()]), {1: 2}, {"a": [print]}])
def test_what_has_no_plain_form_is_refused(value: object) -> None:
    assert not is_plain(value)
    with pytest.raises(NotPlain):
        pack({"value": value})


class Exploit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('this ran')",))


def test_bytes_that_would_run_code_are_only_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack(pickle.dumps(Exploit()))
