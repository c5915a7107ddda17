"""The pedal, shortened: the C library has the bits of the stream, and files keep what is written."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from example_runs import assert_drawn, short_run

from numba_lstm.examples.audio import guitar


@pytest.mark.on_the_cpu(reason="products of the reference depend on the rows of a batch")
def test_the_pedal_is_learned_and_rendered_alike_in_c():
    result = short_run("pedal", "--limit", "2", "--epochs", "1")
    assert_drawn(result)
    assert result.figures["error"] < result.figures["unprocessed"]
    assert result.figures["same"] is (True if shutil.which("cc") else None)


def test_the_pedal_clips_and_its_files_have_16_bits(tmp_path):
    quiet, loud = (guitar.pedal(level * np.sin(np.arange(2400) * 0.1)) for level in (0.01, 0.9))
    assert np.abs(loud).max() < 20 * np.abs(quiet).max()  # 90 times as loud at its input
    guitar.write_wav(tmp_path / "loud.wav", loud)
    np.testing.assert_allclose(guitar.read_wav(tmp_path / "loud.wav"), loud, atol=0.5001 / 32767)
