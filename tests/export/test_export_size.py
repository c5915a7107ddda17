"""Libraries of small models are small: one function computes a step, and an instance has no more memory than it needs."""

from __future__ import annotations

import platform
import re
import shutil

import pytest
from c_libraries import needs_compiler, run

from numba_lstm import Sequential
from numba_lstm.kernels.cpu.runtime import memory, recording
from numba_lstm.kernels.cpu.runtime.recording import Recording
from numba_lstm.layers import LSTM, Dense, Input

pytestmark = pytest.mark.on_the_cpu(reason="libraries have the bits of its streams")


def _exported(folder, *units):
    layers = [LSTM(n, return_sequences=True) for n in units]
    Sequential([Input((None, 1)), *layers, Dense(1)]).export_c(folder)
    header = (folder / "net.h").read_text()
    return int(re.search(r"#define NET_MEMORY (\d+)", header)[1])


@needs_compiler
def test_kernels_of_a_small_model_are_inlined(tmp_path):
    if platform.machine() != "x86_64" or shutil.which("nm") is None:
        pytest.skip("nm lists the functions, and the limits of inlining are those of x86-64")
    _exported(tmp_path, 8)
    names = set(re.findall(r"^[0-9a-f]+ [tT] (\S+)$", run("nm", "net.o", cwd=tmp_path), re.MULTILINE))
    functions = ("size", "init", "reset", "step", "run", "get_state", "set_state")
    assert names <= {"memcpy", "memset", *(f"net_{name}" for name in functions)}


def test_instance_has_the_memory_that_its_layers_need(tmp_path):
    small, large, twice = (_exported(tmp_path / str(k), *units) for k, units in enumerate([(8,), (57,), (57, 57)]))
    assert small < 4096
    assert large < 8192
    # a second layer adds its states and output, and shares the scratch
    assert twice - large < 3072


def test_scratch_is_recorded_where_a_plan_is_made():
    recorded = Recording(False)
    with recording.recording_to(recorded):
        made = recording.scratch((3, 5), "float32")
    assert [made.shape, id(made)] == [(3, 5), id(recorded.scratch[0])]
    alone = recording.scratch((3, 5), "float32")
    assert alone.ctypes.data % memory.LINE == 0
    assert len(recorded.scratch) == 1
