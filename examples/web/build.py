"""Writes a page that computes the weather model of ``python -m numba_lstm`` in a browser: ``python build.py --out index.html``.

The model is trained, or read from a file that ``python -m numba_lstm --save weather.nlstm`` wrote. ``wasm-ld`` of LLVM links
it. The page has all that it needs, and can be opened from a disk.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import numba_lstm
from numba_lstm.data import load_seattle_weather
from numba_lstm.demo.problem import DAYS, TEST_YEAR, Problem, load_problem
from numba_lstm.demo.recipe import Recipe

#: The functions that the page calls, and where the memory begins that no data of the module has.
EXPORTS = ("weather_size", "weather_init", "weather_reset", "weather_run", "weather_step", "__heap_base")


def trained(problem: Problem, epochs: int) -> numba_lstm.Model:
    """Return the weather model, trained on the years before the test year."""
    numba_lstm.set_random_seed(0)
    recipe = Recipe(epochs=epochs)
    model = recipe.build(problem)
    recipe.train(model, problem, verbose=0)
    return model


def webassembly(model: numba_lstm.Model) -> bytes:
    """Return the WebAssembly module of a model."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "weather"
        model.export_c(folder, name="weather", target="wasm32")
        exports = [f"--export={name}" for name in EXPORTS]
        command = ["wasm-ld", "--no-entry", "--gc-sections", "--strip-all", *exports, "-o", "weather.wasm", "weather.o"]
        subprocess.run(command, cwd=folder, check=True)
        return (folder / "weather.wasm").read_bytes()


def page(model: numba_lstm.Model, problem: Problem) -> str:
    """Return the page of a model: its code, the inputs of the test year, and the measured temperatures."""
    weather = load_seattle_weather()
    entry = int(np.searchsorted(weather["date"], problem.date[0])) - DAYS
    rows = np.concatenate([problem.x_test[0], problem.x_test[1:, -1]])  # windows share their days
    data = {
        "first": str(weather["date"][entry]),
        "window": DAYS,
        "features": rows.shape[1],
        "maximum": weather["temp_max"][entry : entry + DAYS + len(problem.date)].tolist(),
        "scale": problem.scale,
        "rows": base64.b64encode(rows.astype("<f4").tobytes()).decode(),
        "code": base64.b64encode(webassembly(model)).decode(),
    }
    here = Path(__file__).parent
    values = {
        "DATA": json.dumps(data), "SCRIPT": (here / "page.js").read_text(encoding="utf-8"), "DAYS": str(DAYS),
        "YEAR": str(TEST_YEAR), "UNITS": str(model.layers[0].units),
    }  # fmt: skip
    text = (here / "page.html").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def main(arguments: list[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, help="a file of the weather model; one is trained by default")
    parser.add_argument("--out", type=Path, default=Path("index.html"), help="the file to write (default: index.html)")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs, help="of training (default: %(default)s)")
    options = parser.parse_args(arguments)
    if shutil.which("wasm-ld") is None:
        sys.exit("build.py: there is no wasm-ld. Install lld, the linker of LLVM.")
    problem = load_problem()
    model = numba_lstm.load_model(options.model) if options.model else trained(problem, options.epochs)
    options.out.write_text(page(model, problem), encoding="utf-8")
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB. Open it in a browser.")


if __name__ == "__main__":
    main()
