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


#: A table of vectors, and what comes before ``main``: the floating-point unit is switched on.
_START = """
extern int main(int, char **);
extern void initialise_monitor_handles(void);
extern void exit(int);
void _fini(void) {}
static void start(void)
{
    *(volatile unsigned *)0xe000ed88 |= 0xf << 20;
    __asm__ volatile("dsb\\n isb");
    initialise_monitor_handles();
    exit(main(0, 0));
}
__attribute__((section(".vectors"), used)) static void (*const vectors[2])(void) = {(void (*)(void))0x20200000, start};
"""

_MEMORY = """
SECTIONS
{
    . = 0;
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) }
    .exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; }
    . = 0x20000000;
    .data : { *(.data*) }
    .bss : { *(.bss*) *(COMMON) }
    end = .;
}
"""


def test_cortex_m7_has_the_bits_of_its_recording(tmp_path):
    _need("arm-none-eabi-gcc", "qemu-system-arm")
    folder = _exported(tmp_path, "cortex-m7")
    (folder / "start.c").write_text(_START)
    (folder / "memory.ld").write_text(_MEMORY)
    cpu = "-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"
    libraries = "-nostartfiles", "-specs=rdimon.specs", "-T", "memory.ld"
    run("arm-none-eabi-gcc", *cpu, "-O2", *libraries, "-o", "test.elf", "start.c", "net_test.c", "net.o", cwd=folder)
    machine = "-M", "mps2-an500", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on"
    assert run("qemu-system-arm", *machine, "-kernel", "test.elf", cwd=folder).count("64 of 64") == 3
