"""The page of examples/web in headless Chromium: it forecasts with the bits of the exported model, and follows its reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from browser import CHROMIUM, opened

from numba_lstm.demo.problem import load_problem

pytestmark = [
    pytest.mark.slow,
    pytest.mark.on_the_cpu(reason="it exports a C library"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.skipif(shutil.which("wasm-ld") is None, reason="there is no wasm-ld: install lld"),
]

FOLDER = Path(__file__).parents[2] / "examples" / "web"

#: Computes the windows with vectors of WebAssembly, whose products and sums are rounded one after the other.
REFERENCE = """
import sys
import numpy as np
from numba_lstm import load_model
from numba_lstm.demo.problem import load_problem
stream = load_model(sys.argv[1]).stream()
changes = []
for window in load_problem().x_test:
    stream.reset()
    changes.append([stream.step(day) for day in window][-1])
np.save(sys.argv[2], changes)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a page and of its model, and what the model predicts."""
    folder = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        import build

        problem = load_problem()
        model = build.trained(problem, epochs=2)
        model.save(folder / "weather.nlstm")
        build.main([str(folder / "weather.nlstm"), "--out", str(folder / "index.html")])
    del sys.modules["build"]
    return folder, problem, model.predict(problem.x_test, verbose=0)


@pytest.fixture
def page(built, request):
    width, height = request.param
    with opened(f"{(built[0] / 'index.html').as_uri()}#2015-07-04", width, height) as page:
        page.wait("document.readyState === 'complete' && document.getElementById('time')?.disabled === false")
        yield page
        assert not page.exceptions


def _text(page, name):
    return page.run(f"document.getElementById('{name}').textContent").replace("\xa0", " ")


@pytest.mark.parametrize("page", [(1100, 900)], indirect=True)
def test_page_has_the_bits_of_the_model(page, built):
    folder, problem, predicted = built
    environment = {**os.environ, "NUMBA_LSTM_VECTORS": "plain16"}
    files = folder / "weather.nlstm", folder / "reference.npy"
    subprocess.run([sys.executable, "-c", REFERENCE, *files], env=environment, check=True)
    _, *lines = unquote(page.run("document.getElementById('save').href").partition(",")[2]).splitlines()
    dates, *columns = zip(*(line.split(",") for line in lines), strict=True)
    output, forecast, measured = (np.array(column, np.float64) for column in columns)
    np.testing.assert_array_equal(np.array(dates, "datetime64[D]"), problem.date)
    np.testing.assert_array_equal(output.astype(np.float32), np.load(files[1])[:, 0])
    np.testing.assert_array_equal(forecast, problem.forecast(output.astype(np.float32)[:, None]))
    np.testing.assert_array_equal(measured, problem.truth)
    assert np.abs(forecast - problem.forecast(predicted)).max() < 5e-6  # °C: WebAssembly has no fused multiply-add


@pytest.mark.parametrize("page", [(1100, 900), (360, 740)], ids=["desktop", "phone"], indirect=True)
def test_page_follows_its_reader(page, built):
    _, problem, predicted = built
    shown = [f"{celsius:.1f} °C" for celsius in problem.forecast(predicted)]
    july = int(np.flatnonzero(problem.date == np.datetime64("2015-07-04"))[0])
    assert _text(page, "result").startswith(f"4 July 2015: forecast {shown[july]}, measured {problem.truth[july]:.1f} °C")
    page.run("day.value = 0; day.dispatchEvent(new Event('input'))".replace("day", "document.getElementById('day')"))
    assert _text(page, "result").startswith(f"1 January 2015: forecast {shown[0]}")
    assert page.run("location.hash") == "#2015-01-01"
    page.run(
        "(() => { const year = document.getElementById('year'), box = year.getBoundingClientRect(); year.dispatchEvent("
        "new MouseEvent('click', {clientX: box.right - 8, clientY: box.top + 50})); })()"
    )
    assert _text(page, "result").startswith(f"31 December 2015: forecast {shown[-1]}")
    page.run("document.getElementById('time').click()")
    assert float(_text(page, "speed").removesuffix(" µs a step")) > 0
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert page.run("performance.getEntriesByType('resource').length") == 0
    marks = page.run("[...document.querySelectorAll('svg text')].every((e) => e.getBoundingClientRect().right <= innerWidth)")
    assert marks, "a label leaves the page"


def test_browser_without_vectors_is_told_so(built):
    text = (built[0] / "index.html").read_text(encoding="utf-8")
    old = built[0] / "old.html"
    old.write_text(text.replace("WebAssembly.instantiate(", "WebAssembly.absent("), encoding="utf-8")
    with opened(old.as_uri(), 1100, 900) as page:
        page.wait("document.getElementById('error')?.textContent")
        assert _text(page, "error").startswith("This page needs a browser with vectors in WebAssembly (SIMD).")
