"""Training on an array that is mapped from a file does not keep the file in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM

STATUS = Path("/proc/self/status")


def mapped_pages() -> int:
    """Return the bytes of mapped files that are in the memory of this process."""
    return int(STATUS.read_text().split("RssFile:")[1].split()[0]) * 1024


@pytest.mark.skipif(not STATUS.exists(), reason="needs the proc file system of Linux")
def test_an_epoch_over_a_mapped_file_gives_its_pages_back(tmp_path: Path) -> None:
    samples, path = 400_000, tmp_path / "x.bin"
    with path.open("wb") as file:
        file.truncate(samples * 2 * 160 * 4)  # 512 MB, of which a sparse file takes none
    x = np.memmap(path, np.float32, "r", shape=(samples, 2, 160))
    y = np.zeros((samples, 1), np.float32)
    model = Sequential([LSTM(1)])
    model.compile("sgd", "mse")
    model.fit(x[:4096], y[:4096], batch_size=4096, verbose=0)
    before = mapped_pages()
    model.fit(x, y, batch_size=4096, shuffle=False, verbose=0)
    assert mapped_pages() - before < 200 * 2**20 < x.nbytes / 2
