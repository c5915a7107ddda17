"""Libraries for other processors have the bits of the host's, where an emulator and a compiler can run them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from c_libraries import run

from numba_lstm import Sequential
from numba_lstm.device import stream_exporter
from numba_lstm.layers import LSTM, Conv1D, Dense, Input

#: The compiler and the emulator of each target, and whether it has fused multiply-add.
TOOLS = {
    "x86-64": ("cc", None, False),
    "x86-64-v3": ("cc", None, True),
    "aarch64": ("aarch64-linux-gnu-gcc", "qemu-aarch64", True),
    "armv7": ("arm-linux-gnueabihf-gcc", "qemu-arm", True),
    "riscv64": ("riscv64-linux-gnu-gcc", "qemu-riscv64", True),
}

pytestmark = pytest.mark.slow


def _model():
    layers = Conv1D(5, 2, padding="causal", activation="elu"), LSTM(21, return_sequences=True), LSTM(6), Dense(2)
    return Sequential([Input((None, 3)), *layers])


def _recorded(folder: Path) -> list[list[str]]:
    """Return the bits of inputs and outputs in a test program."""
    text = (folder / "net_test.c").read_text()
    return [re.findall("0x[0-9a-f]+", part.partition("};")[0]) for part in text.split("static const test_bits")[1:]]


@pytest.mark.parametrize("target", TOOLS)
def test_target_has_the_bits_of_its_recording_and_of_the_host(target, tmp_path):
    compiler, emulator, has_fma = TOOLS[target]
    missing = [tool for tool in (compiler, emulator) if tool and shutil.which(tool) is None]
    if missing:
        pytest.skip(f"there is no {missing[0]}")
    model = _model()
    model.export_c(tmp_path / "lib", target=target)
    run(compiler, "-static", "-o", "net_test", "net_test.c", "net.o", cwd=tmp_path / "lib")
    command = [emulator] if emulator else []
    assert run(*command, "./net_test", cwd=tmp_path / "lib").count("64 of 64") == 3
    model.export_c(tmp_path / "host")
    assert (_recorded(tmp_path / "lib") == _recorded(tmp_path / "host")) == has_fma


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m7", "wasm32", "windows-x86_64", "macos-arm64"])
def test_target_gives_an_object(target, tmp_path):
    _model().export_c(tmp_path / "lib", target=target)
    suffix, magic = {
        "wasm32": ("o", b"\0asm"), "windows-x86_64": ("obj", b"\x64\x86"), "macos-arm64": ("o", b"\xcf\xfa\xed\xfe"),
    }.get(target, ("o", b"\x7fELF\1\1"))  # fmt: skip
    content = (tmp_path / "lib" / f"net.{suffix}").read_bytes()
    assert content.startswith(magic)
    if target not in ("wasm32", "macos-arm64"):
        assert stream_exporter().undefined(content) == set()
