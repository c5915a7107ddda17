"""Bars of the ratios over other engines, from the tables of docs/performance/peers.md."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

PEERS = Path(__file__).resolve().parents[1] / "performance" / "peers.md"
ENGINES = ["PyTorch", "ONNX Runtime", "OpenVINO", "Keras/JAX"]


def ratios(table: str) -> tuple[list[str], dict[str, list[float]]]:
    """Return the shapes of a table, and for each engine its time over that of numba_lstm; NaN where it has none."""
    text = PEERS.read_text(encoding="utf-8")
    (block,) = re.findall(rf"<!-- compare: {table} -->\n(.+?)<!-- end -->", text, re.DOTALL)
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.strip().splitlines()]
    rows = [row for row in rows if row[0][0].isdigit()]
    ours = [float(row[header.index("numba_lstm")].strip("*")) for row in rows]
    times = {name: [row[header.index(name)].strip("*") for row in rows] for name in ENGINES}
    found = {
        name: [float(value) / base if value != "-" else np.nan for value, base in zip(values, ours, strict=True)]
        for name, values in times.items()
    }
    return [row[0] for row in rows], {name: values for name, values in found.items() if not np.isnan(values).all()}


def draw(table: str, title: str) -> None:
    """Draw one group of bars for each shape, on a logarithmic axis."""
    shapes, engines = ratios(table)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    width = 0.8 / len(engines)
    for position, (name, values) in enumerate(engines.items()):
        axes.bar(np.arange(len(shapes)) + (position + 0.5) * width - 0.4, values, width, label=name)
    axes.axhline(1, color="0.3", linewidth=1)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(shapes)), shapes, rotation=30, ha="right")
    axes.set(title=title, xlabel="N T D H", ylabel="time / time of numba_lstm")
    axes.legend(ncols=len(engines), fontsize="small")


def inference() -> None:
    """Draw the inference of a batch."""
    draw("infer, 1 thread", "Inference of a batch, one thread")


def training() -> None:
    """Draw a training step."""
    draw("train, 1 thread", "A training step, one thread")
