"""C libraries compute what streams do, bit for bit, and call nothing."""

from __future__ import annotations

import mmap
import platform
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from c_libraries import CC, Library, needs_compiler, run

from numba_lstm import Model, Sequential, ops
from numba_lstm.device import stream_exporter
from numba_lstm.kernels.cpu.export.memory_map import MemoryMap
from numba_lstm.layers import GRU, LSTM, Add, BatchNormalization, Concatenate, Conv1D, Dense, Embedding, Input, Masking

pytestmark = pytest.mark.on_the_cpu(reason="libraries have the bits of its streams")

STEPS = 60

#: The flag of Linux for memory below 4 GB.
MAP_32BIT = 0x40


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
    model = _stack(LSTM(20, return_sequences=True), GRU(9), Dense(1))
    model.quantize("int8")
    return model


def _custom(x):
    return x / (1 + ops.abs(x))


#: Models, and the numbers of rows that they are exported with.
MODELS = {
    "lstm": (lambda: _stack(LSTM(9, return_sequences=True), LSTM(5, activation=_custom), Dense(2, activation="softmax")), 3),
    "float64": (_float64, 1),
    "large": (lambda: _stack(LSTM(57, return_sequences=True), LSTM(41), Dense(1)), 1),  # of more scratch than the stack takes
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
def test_library_takes_indices_as_real_numbers_and_masks_steps(tmp_path):
    words, x = Input((None,), name="words"), Input((None, 2))
    y = LSTM(4, return_sequences=True)(Embedding(7, 3, mask_zero=True)(words))
    model = _changed(Model([x, words], Dense(2)(Concatenate()([y, GRU(3, return_sequences=True)(Masking()(x))]))))
    model.export_c(tmp_path, rows=2)
    assert "words, whole numbers from 0 to 6, (1)" in (tmp_path / "net.h").read_text()
    rng = np.random.default_rng(0)
    features, indices = rng.standard_normal((STEPS, 2, 2)), rng.integers(0, 7, (STEPS, 2))
    features[5:8, 0] = features[:4, 1] = 0
    stream = model.stream(2)
    assert stream._plan.compiled
    expected = stream.run([features, indices])
    given = np.concatenate([features, indices[..., None]], axis=-1)
    given[:, :, 2] += np.where(given[:, :, 2] == 6, 1e30, 0.25)  # other numbers are nearest indices of the table
    np.testing.assert_array_equal(Library(tmp_path).instance(model, 2).run(given, 2), expected)
    np.testing.assert_array_equal(expected.swapaxes(0, 1), model.predict([features.swapaxes(0, 1), indices.T], verbose=0))


@needs_compiler
@pytest.mark.parametrize("case", ["lstm", "graph"])
def test_library_touches_no_memory_but_what_it_is_given(case, tmp_path):
    make, rows = MODELS[case]
    model = _changed(make())
    model.export_c(tmp_path, rows=rows, weights="file")
    x = np.random.default_rng(0).standard_normal((5000, rows, 3)).astype(np.float32)
    x.tofile(tmp_path / "x.bin")
    stream = model.stream(rows)
    expected = np.stack([stream.step(step) for step in x])
    (tmp_path / "guarded.c").write_text((Path(__file__).parent / "guarded.c").read_text())
    run(CC, "-O1", "-DSTEPS=5000", "-o", "guarded", "guarded.c", "net.a", cwd=tmp_path)
    for arguments in ([], ["in place"]):
        run("./guarded", *arguments, cwd=tmp_path)
        y = np.fromfile(tmp_path / "y.bin", np.float32).reshape(2, *expected.shape)
        np.testing.assert_array_equal(y, [expected, expected])


@needs_compiler
def test_weights_of_the_same_layers_are_exchanged_and_others_refused(tmp_path):
    models = [_changed(_stack(LSTM(9), Dense(2))), _stack(LSTM(9), Dense(2)), _stack(LSTM(9, use_bias=False), Dense(2))]
    for k, model in enumerate(models):
        model.export_c(tmp_path / str(k), weights="file")
    contents = [(tmp_path / str(k) / "net.bin").read_bytes() for k in range(3)]
    assert len(contents[0]) == len(contents[1])
    x = np.random.default_rng(0).standard_normal((20, 1, 3))
    y = Library(tmp_path / "0", contents[1]).instance(models[0]).run(x, 2)
    np.testing.assert_array_equal(y[:, 0], models[1].stream().run(x[:, 0]))
    for wrong in (contents[2].ljust(len(contents[0]), b"\0"), contents[0][1:] + b"\0"):
        with pytest.raises(ValueError, match="net_init returns a null pointer"):
            Library(tmp_path / "0", wrong).instance(models[0])


def test_arrays_at_low_addresses_are_found():
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("only Linux for x86-64 gives low addresses")
    low = np.frombuffer(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT), np.int64)
    address = low.__array_interface__["data"][0]
    assert address < 1 << 32
    record = np.array([7, address + 8, address - 1], np.int64)
    memory = MemoryMap([], [record, low])
    memory.find(record.__array_interface__["data"][0])
    memory.visit_records(lambda word: False)
    memory.lay_out()
    assert (8, address + 8) in memory.addresses(memory.segments[0])
    assert memory.place(address + 8) == (False, 2 * 64 + 8, 0)
    assert memory.place(address - 1) is None


@needs_compiler
def test_test_program_passes_and_the_header_is_c_and_cpp(tmp_path):
    name = "distortion_pedal"  # longer than the field of a name in an archive
    _stack(LSTM(9), Dense(2)).export_c(tmp_path, name=name, weights="file")
    endings = (".a", ".bin", ".h", ".o", "_test.c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CMakeLists.txt", "README.md", *(name + end for end in endings)]
    line = re.search(r"```bash\n(.*)\n", (tmp_path / "README.md").read_text())[1].split()
    run(CC, *line[1:], "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", cwd=tmp_path)
    assert run(f"./{name}_test", cwd=tmp_path).count("64 of 64") == 3
    program, header = ((tmp_path / f"{name}{end}").read_text() for end in ("_test.c", ".h"))
    (tmp_path / "wrong.c").write_text(re.sub("0x[0-9a-f]+u", "0x3fc00000u", program, count=1))  # another first input
    run(CC, "-o", "wrong", "wrong.c", f"{name}.a", cwd=tmp_path)
    with pytest.raises(AssertionError, match="of 64 steps"):
        run("./wrong", cwd=tmp_path)
    user = f'#include <stddef.h>\n#include "{name}.h"\nint main(void) {{ return {name}_size() != {name.upper()}_MEMORY; }}\n'
    (tmp_path / "user.c").write_text(user)
    for options in (["-x", "c++"], ["-std=c89", "-pedantic"]):
        run(CC, *options, "-Wall", "-Wextra", "-Werror", "-o", "user", "user.c", "-x", "none", f"{name}.a", cwd=tmp_path)
        run("./user", cwd=tmp_path)
    for other in ("x", "bits", "state", "memory", "inputs", "compare"):  # a library of any name has a test program
        for content, end in ((program, "_test.c"), (header, ".h")):
            (tmp_path / f"{other}{end}").write_text(content.replace(name, other).replace(name.upper(), other.upper()))
        run(CC, "-fsyntax-only", "-Wall", "-Werror", f"{other}_test.c", cwd=tmp_path)


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


#: Exports a model whose kernels have many LLVM modules.
EXPORT = """
import sys
from numba_lstm import Sequential
from numba_lstm.layers import GRU, LSTM, Dense, Input
from numba_lstm.utils import set_random_seed
set_random_seed(0)
layers = LSTM(5, layer_norm=True, return_sequences=True), GRU(3, return_sequences=True), Dense(2, activation="softmax")
Sequential([Input((None, 3)), *layers]).export_c(sys.argv[1])
"""


@pytest.mark.slow
def test_other_process_gives_the_same_files(tmp_path):
    for k in range(3):
        subprocess.run([sys.executable, "-c", EXPORT, str(tmp_path / str(k))], check=True)
    assert len({(tmp_path / str(k) / "net.o").read_bytes() for k in range(3)}) == 1


def test_same_model_gives_the_same_files(tmp_path):
    model = _stack(LSTM(9), Dense(2))
    for folder in ("a", "b"):
        model.export_c(tmp_path / folder)
    assert (tmp_path / "a" / "net.o").read_bytes() == (tmp_path / "b" / "net.o").read_bytes()
    (tmp_path / "a" / "net_test.c").write_text("changed")
    model.export_c(tmp_path / "a")  # replaces an earlier export
    assert (tmp_path / "a" / "net_test.c").read_bytes() == (tmp_path / "b" / "net_test.c").read_bytes()
