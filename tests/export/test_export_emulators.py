"""Libraries for WebAssembly, Windows and a microcontroller, in Node, in Wine and in QEMU, where these are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from c_libraries import run

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Conv1D, Dense, Input

pytestmark = pytest.mark.slow


@pytest.fixture
def board(monkeypatch):
    """The module of benchmarks that runs programs on a Cortex-M7."""
    _need("arm-none-eabi-gcc", "qemu-system-arm")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks.cortex_m7 import board

    return board


def _exported(folder: Path, target: str) -> Path:
    layers = Conv1D(5, 2, padding="causal", activation="elu"), LSTM(21, return_sequences=True), LSTM(6), Dense(2)
    Sequential([Input((None, 3)), *layers]).export_c(folder / "lib", target=target)
    return folder / "lib"


def _need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool}")


_NODE = """
const fs = require("fs");
const {inputs, outputs} = JSON.parse(fs.readFileSync("bits.json"));
const code = new WebAssembly.Module(fs.readFileSync("net.wasm"));
const imports = WebAssembly.Module.imports(code);
if (imports.length) throw new Error("it imports " + JSON.stringify(imports));
const net = new WebAssembly.Instance(code).exports;
net.memory.grow(16);
const base = net.__heap_base.value;
const at = base + net.net_size() + 64 & ~63;
const words = new Uint32Array(net.memory.buffer);
words.set(inputs, at / 4);
const y = at + 4 * inputs.length;
net.net_run(net.net_init(base), at, y, outputs.length / 2);
const equal = outputs.filter((bits, k) => words[y / 4 + k] === bits).length;
console.log(equal + " of " + outputs.length);
"""


def test_webassembly_has_the_bits_of_its_recording(tmp_path):
    _need("wasm-ld", "node")
    folder = _exported(tmp_path, "wasm32")
    recorded = (folder / "net_test.c").read_text().split("static const test_bits")[1:]
    inputs, outputs = ([int(word, 16) for word in re.findall("0x[0-9a-f]+", array.partition("};")[0])] for array in recorded)
    (folder / "bits.json").write_text(json.dumps({"inputs": inputs, "outputs": outputs}))
    (folder / "run.cjs").write_text(_NODE)
    exports = "net_size", "net_init", "net_run", "__heap_base"
    run("wasm-ld", "--no-entry", *(f"--export={name}" for name in exports), "-o", "net.wasm", "net.o", cwd=folder)
    assert run("node", "run.cjs", cwd=folder).strip() == f"{len(outputs)} of {len(outputs)}"


def test_windows_has_the_bits_of_its_recording(tmp_path, monkeypatch):
    _need("x86_64-w64-mingw32-gcc", "wine")
    folder = _exported(tmp_path, "windows-x86_64")
    run("x86_64-w64-mingw32-gcc", "-static", "-o", "net_test.exe", "net_test.c", "net.obj", cwd=folder)
    monkeypatch.setenv("WINEDEBUG", "-all")
    monkeypatch.setenv("WINEPREFIX", str(tmp_path / "wine"))
    monkeypatch.setenv("HOME", os.environ.get("HOME", str(tmp_path)))
    assert run("wine", "net_test.exe", cwd=folder).count("64 of 64") == 3


def test_cortex_m7_has_the_bits_of_its_recording(tmp_path, board):
    folder = _exported(tmp_path, "cortex-m7")
    assert board.run(board.compiled(folder, "net_test.c", "net.o")).count("64 of 64") == 3


def test_cortex_m7_counts_instructions(board):
    model = Sequential([Input((None, 1)), LSTM(8), Dense(1)])
    found = board.counted(model)
    stream = model.stream()
    steps = [stream.step([0]) for _ in range(board.STEPS + 2)]
    assert found.output == steps[-1][0]
    assert 4 * 8 * 9 < found.instructions < 5000  # a product of z takes an instruction at least
    assert 4 * (4 * 8 * 10 + 9) < found.flash < 16000
    assert 2 * 8 * 4 < found.ram < 16000
    assert 64 < found.stack < 1500
