"""Voice activity: silero-vad's ONNX file, chunk by chunk, on synthesised audio; beside ONNX Runtime if it is installed."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import num_threads
from numba_lstm.interop import onnx

from ..options import Options
from ..result import Result
from .sounds import RATE, Section, recording, spectrogram

Array = npt.NDArray[Any]
Step = Callable[[Array], float]

NEW, BEFORE = 512, 64  #: samples of a chunk, and samples of the chunk before that the model sees again
TURN = 25  #: chunks of one engine before the other one's turn


def run(options: Options) -> Result:
    """Run the detector over a recording and compare probabilities and times."""
    sections = recording(np.random.default_rng(options.seed))
    audio = np.concatenate([section.audio for section in sections]).astype(np.float32)
    chunks = chunked(audio)[: options.limit]
    path = model_file()
    model = onnx.load_model(path, inputs={"sr": RATE}, shapes={"input": (None, BEFORE + NEW)})
    threads = options.threads or 1
    with num_threads(threads):
        probabilities, seconds = race(chunks, {"numba_lstm": lambda: our_step(model), **_peer(path, threads)})
    found = probabilities["numba_lstm"]
    text = by_section(sections, found)
    if len(probabilities) == 1:
        text += "\nTo compare with ONNX Runtime, install it: pip install onnxruntime."
    rows = [[name, _us(times, 50), _us(times, 99), _distance(found, probabilities[name])] for name, times in seconds.items()]
    return Result(
        f"A chunk of {NEW * 1000 // RATE} ms, {len(chunks)} chunks, threads: {threads}",
        ("Engine", "p50 µs", "p99 µs", "largest difference"),
        rows,
        lambda figure: draw(figure, sections, audio, found),
        model,
        text,
        {"probabilities": probabilities, "seconds": seconds},
    )


def model_file() -> Path:
    """Return the path of the ONNX file in the package silero_vad, without an import of PyTorch, which the package needs."""
    found = importlib.util.find_spec("silero_vad")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data" / "silero_vad.onnx"


def chunked(audio: Array) -> Array:
    """Return the chunks (N, 576) of audio, each with the last 64 samples before it."""
    padded = np.concatenate([np.zeros(BEFORE, np.float32), audio])
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, BEFORE + NEW)[::NEW])


def our_step(model: Any) -> Step:
    """Return a function of a chunk that keeps the state of the model from call to call."""
    state = np.zeros((1, 2, 128), np.float32)

    def step(chunk: Array) -> float:
        nonlocal state
        probability, state = model([chunk[None], state])
        return float(probability[0, 0])

    return step


def _peer(path: Path, threads: int) -> dict[str, Callable[[], Step]]:
    """Return ONNX Runtime's steps, or nothing if it is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        return {}
    import onnxruntime

    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, session_options, providers=["CPUExecutionProvider"])
    rate = np.array(RATE)

    def begin() -> Step:
        state = np.zeros((2, 1, 128), np.float32)

        def step(chunk: Array) -> float:
            nonlocal state
            probability, state = session.run(None, {"input": chunk[None], "state": state, "sr": rate})
            return float(probability[0, 0])

        return step

    return {f"ONNX Runtime {onnxruntime.__version__}": begin}


def race(chunks: Array, engines: dict[str, Callable[[], Step]]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the probability of each chunk and the seconds that it took, by engine. They compute 25 chunks in turn."""
    for begin in engines.values():  # compile, allocate
        warm = begin()
        for chunk in chunks[:3]:
            warm(chunk)
    steps = {name: begin() for name, begin in engines.items()}
    probabilities: dict[str, list[float]] = {name: [] for name in engines}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for start in range(0, len(chunks), TURN):
        for name, step in steps.items():
            for chunk in chunks[start : start + TURN]:
                before = time.perf_counter()
                probabilities[name].append(step(chunk))
                seconds[name].append(time.perf_counter() - before)
    return {name: np.array(values) for name, values in probabilities.items()}, {n: np.array(v) for n, v in seconds.items()}


def _us(seconds: Array, percentile: int) -> str:
    return f"{np.percentile(seconds, percentile) * 1e6:.0f}"


def _distance(found: Array, other: Array) -> str:
    return "-" if other is found else f"{np.abs(found - other).max():.1e}"


def by_section(sections: list[Section], found: Array) -> str:
    """Return a line for each section: the share of the chunks that begin in it whose probability is above one half."""
    lines, start = ["Chunks that are speech by the detector, in synthesised audio:"], 0
    begins = np.arange(len(found)) * NEW
    for section in sections:
        end = start + len(section.audio)
        inside = found[(begins >= start) & (begins < end)]
        if len(inside):
            lines.append(f"  {section.name:15} {np.mean(inside > 0.5):4.0%}")
        start = end
    return "\n".join(lines)


def draw(figure: Any, sections: list[Section], audio: Array, found: Array) -> None:
    """Draw the spectrogram, and the probability of each chunk below it."""
    power = spectrogram(audio)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    seconds = len(audio) / RATE
    above.imshow(power.T, origin="lower", aspect="auto", extent=(0, seconds, 0, RATE / 2000), cmap="magma", vmin=-40)
    above.set(ylabel="kHz", title="Synthesised audio, and silero-vad's probability of speech")
    below.plot((np.arange(len(found)) + 0.5) * NEW / RATE, found, color="C0")
    start = 0.0
    for section in sections:
        end = start + len(section.audio) / RATE
        below.axvspan(start, end, color="C2" if section.speech else "0.8", alpha=0.25, linewidth=0)
        below.text((start + end) / 2, 1.06, section.name, ha="center", fontsize=9)
        start = end
    below.set(xlabel="seconds", ylabel="probability", ylim=(0, 1.2), xlim=(0, seconds))
