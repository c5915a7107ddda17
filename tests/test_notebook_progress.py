"""The bar in a notebook: one display an epoch, which is updated; plain lines where the output goes elsewhere."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from training_cases import X, Y, make_model

from numba_lstm.console import progress
from numba_lstm.console.progress import Bar


class OutStream(io.StringIO):
    __module__ = "ipykernel.iostream"


@pytest.fixture
def cell(monkeypatch):
    """A fake kernel: the stdout of a cell, and its displays, each a list of what was shown."""
    out, displays = OutStream(), []

    def display(content, *, raw, display_id):
        assert raw
        assert display_id
        displays.append([content])
        return SimpleNamespace(update=lambda later, *, raw: displays[-1].append(later))

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    return SimpleNamespace(out=out, displays=displays, ipython=ipython, printing=contextlib.redirect_stdout(out))


def test_fit_shows_an_html_bar_for_each_epoch_and_writes_nothing(cell):
    with cell.printing:
        make_model().fit(X, Y, batch_size=4, epochs=2, verbose=1, validation_data=(X, Y))
    assert cell.out.getvalue() == ""
    assert [len(shown) for shown in cell.displays] == [4, 4]  # three batches, and the end
    first, *_, last = cell.displays[1]
    assert '<progress value="1" max="3"' in first["text/html"]
    assert '<progress value="3" max="3"' in last["text/html"]
    assert re.fullmatch(
        r"Epoch 2/2 - 3/3 - \d\.\ds - \d+[mu]?s/step - loss: \d\.\d{4} - val_loss: \d\.\d{4}", last["text/plain"]
    )
    assert last["text/plain"].partition(" - ")[2] in last["text/html"]


def test_names_are_text_and_no_html(cell):
    bar = Bar("<b>", None, out=cell.out)
    bar.draw(1, {"<i>": 0.5})
    bar.finish(2, {})
    (first, last), html = cell.displays[0], cell.displays[0][0]["text/html"]
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt;: 0.5000" in html
    assert "<progress style" in html
    assert "1/?" in first["text/plain"]
    assert '<progress value="2" max="2"' in last["text/html"]


def test_verbose_2_and_a_redirected_output_get_lines(cell):
    with cell.printing:
        make_model().fit(X, Y, batch_size=4, epochs=2, verbose=2)
    assert re.fullmatch(r"(Epoch \d/2 - 3/3 - .* - loss: \d\.\d{4}\n){2}", cell.out.getvalue())
    with contextlib.redirect_stdout(io.StringIO()) as file:
        make_model().fit(X, Y, batch_size=4, epochs=1, verbose=1)
    assert file.getvalue().startswith("Epoch 1/1 - 3/3 - ")
    assert "\r" not in file.getvalue()
    assert cell.displays == []


def test_a_shell_without_a_kernel_is_no_notebook(cell):
    cell.ipython.get_ipython = lambda: SimpleNamespace()
    Bar("", 1, out=cell.out).finish(1, {})
    assert cell.displays == []
    assert cell.out.getvalue().startswith("1/1 - ")


NOTEBOOK = """
import numpy as np
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential
model = Sequential([Input((5, 1)), LSTM(3), Dense(1)], device="reference")
model.compile("adam", "mse")
history = model.fit(np.ones((8, 5, 1)), np.ones((8, 1)), batch_size=2, epochs=2, verbose=1)
"""


def test_a_real_notebook_holds_the_bars(tmp_path):
    pytest.importorskip("nbclient", reason="needs a kernel: pip install nbclient ipykernel")
    pytest.importorskip("ipykernel", reason="needs a kernel: pip install nbclient ipykernel")
    script = (
        "import sys, nbclient, nbformat; from nbformat import v4\n"
        "book = v4.new_notebook(cells=[v4.new_code_cell(sys.stdin.read())])\n"
        "nbclient.NotebookClient(book, timeout=300).execute()\n"
        "nbformat.write(book, 'book.ipynb')\n"
    )
    run = [sys.executable, "-W", "ignore", "-c", script]
    subprocess.run(
        run, input=NOTEBOOK, text=True, check=True, cwd=tmp_path, env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    )
    text = (tmp_path / "book.ipynb").read_text()
    assert text.count('"output_type": "display_data"') == 2
    assert text.count('<progress value=\\"4\\" max=\\"4\\"') == 2
    assert '"output_type": "stream"' not in text
