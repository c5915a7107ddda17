"""C libraries compute what streams do, bit for bit, and call nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from c_libraries import CC, Library, needs_compiler, run

from numba_lstm import Model, Sequential, ops
from numba_lstm.device import stream_exporter
from numba_lstm.layers import GRU, LSTM, Add, BatchNormalization, Concatenate, Conv1D, Dense, Input

STEPS = 60


def _stack(*layers):
    return Sequential([Input((None, 3)), *layers])


def _graph():
    x = Input((None, 3))
    y = Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")(x)
    h = LSTM(4, return_sequences=True)(BatchNormalization()(y))
    g = Concatenate()([y[..., :1], GRU(3, return_sequences=True)(x)])
    return Model(x, Dense(2)(Add()([h, g])))


def _float64():
    return Sequential([Input((None, 3)), LSTM(8, peephole=True, zoneout=0.1), Dense(1, activation=_custom)], dtype="float64")


def _int8():
    model = _stack(LSTM(20), Dense(1))
    model.quantize("int8")
    return model


def _custom(x):
    return x / (1 + ops.abs(x))


#: Models, and the numbers of rows that they are exported with.
MODELS = {
    "lstm": (lambda: _stack(LSTM(9, return_sequences=True), LSTM(5, activation=_custom), Dense(2, activation="softmax")), 3),
    "float64": (_float64, 1),
    "rowwise": (lambda: _stack(LSTM(7, layer_norm=True, projection=3, return_sequences=True), Dense(2)), 1),
    "graph": (_graph, 2),
    "int8": (_int8, 1),
}


def _changed(model):
    """Change all weights, so that no bias is zero and no statistics are an identity."""
    rng = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(weight.value + rng.uniform(0.01, 0.2, weight.shape))
    return model


@needs_compiler
@pytest.mark.parametrize("case", [*list(MODELS)[:-1], pytest.param("int8", marks=pytest.mark.slow)])
def test_library_has_the_bits_of_stream_step(case, tmp_path):
    make, rows = MODELS[case]
    model = _changed(make())
    model.export_c(tmp_path / "lib", rows=rows)
    content = (tmp_path / "lib" / "net.o").read_bytes()
    assert stream_exporter().undefined(content) == set()
    x = np.random.default_rng(0).standard_normal((STEPS, rows, 3))
    stream = model.stream(rows)
    expected = np.stack([stream.step(step) for step in x])
    net = Library(tmp_path / "lib").instance(model, rows)
    np.testing.assert_array_equal(net.run(x[:30], expected.shape[-1]), expected[:30])
    np.testing.assert_array_equal([net.step(step, expected.shape[-1]) for step in x[30:]], expected[30:])
    state = np.concatenate([array.ravel() for states in stream.state for array in states])
    np.testing.assert_array_equal(net.state(state.size), state)


@needs_compiler
def test_test_program_passes_and_the_header_is_c_and_cpp(tmp_path):
    model = _stack(LSTM(9), Dense(2))
    model.export_c(tmp_path, name="pedal", weights="file")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "CMakeLists.txt", "README.md", "pedal.a", "pedal.bin", "pedal.h", "pedal.o", "pedal_test.c",
    ]  # fmt: skip
    line = re.search(r"```bash\n(.*)\n", (tmp_path / "README.md").read_text())[1].split()
    run(CC, *line[1:], "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", cwd=tmp_path)
    assert run("./pedal_test", cwd=tmp_path).count("64 of 64") == 3
    run(CC, "-o", "static", "pedal_test.c", "pedal.a", cwd=tmp_path)
    (tmp_path / "user.cpp").write_text('#include "pedal.h"\nint main() { return pedal_size() != PEDAL_MEMORY; }\n')
    run(CC, "-x", "c++", "-fsyntax-only", "-Wall", "-Werror", "user.cpp", cwd=tmp_path)
    program = (tmp_path / "pedal_test.c").read_text()
    (tmp_path / "wrong.c").write_text(re.sub("0x[0-9a-f]+u", "0x3fc00000u", program, count=1))  # another first input
    run(CC, "-o", "wrong", "wrong.c", "pedal.a", cwd=tmp_path)
    with pytest.raises(AssertionError, match="of 64 steps"):
        run("./wrong", cwd=tmp_path)


@needs_compiler
def test_instances_share_weights_and_nothing_else(tmp_path):
    model = _stack(LSTM(9), Dense(2))
    model.export_c(tmp_path, weights="file")
    library = Library(tmp_path, (tmp_path / "net.bin").read_bytes())
    xs = [np.random.default_rng(k).standard_normal((400, 1, 3)) for k in range(4)]
    nets = [library.instance(model) for _ in xs]
    with ThreadPoolExecutor(4) as threads:
        outputs = list(threads.map(lambda net, x: net.run(x, 2), nets, xs))
    for x, y in zip(xs, outputs, strict=True):
        np.testing.assert_array_equal(y[:, 0], model.stream().run(x.astype(np.float32)[:, 0]))
    states = [net.state(18) for net in nets]
    nets[0].set_state(states[1])
    np.testing.assert_array_equal(nets[0].step(xs[0][0], 2), nets[1].step(xs[0][0], 2))
    np.testing.assert_array_equal(nets[2].state(18), states[2])


def test_same_model_gives_the_same_files(tmp_path):
    model = _stack(LSTM(9), Dense(2))
    for folder in ("a", "b"):
        model.export_c(tmp_path / folder)
    assert (tmp_path / "a" / "net.o").read_bytes() == (tmp_path / "b" / "net.o").read_bytes()
    (tmp_path / "a" / "net_test.c").write_text("changed")
    model.export_c(tmp_path / "a")  # replaces an earlier export
    assert (tmp_path / "a" / "net_test.c").read_bytes() == (tmp_path / "b" / "net_test.c").read_bytes()
