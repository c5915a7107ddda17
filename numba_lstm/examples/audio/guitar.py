"""A guitar and a distortion pedal, synthesised, as a pair of WAV files."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RATE = 24000  #: samples a second

#: Semitones above the low E of a guitar, 82.4 Hz.
_NOTES = (0, 3, 5, 7, 10, 12, 15, 17, 19, 24)


def guitar(rng: np.random.Generator, seconds: float) -> Array:
    """Return plucked notes and chords of a synthesised guitar, between -1 and 1."""
    audio = np.zeros(int(seconds * RATE))
    start = 0
    while start < len(audio):
        length = min(int(rng.uniform(0.15, 0.8) * RATE), len(audio) - start)
        chord = rng.choice(_NOTES, size=rng.choice([1, 2, 3]), replace=False)
        loudness = rng.uniform(0.1, 0.9)
        for note in chord:
            audio[start : start + length] += loudness / len(chord) * _string(rng, 82.4 * 2 ** (note / 12), length)
        start += length
    return np.clip(audio, -1, 1)


def _string(rng: np.random.Generator, frequency: float, length: int) -> Array:
    """Return a plucked string: harmonics that fade, the higher the faster, with an attack of 2 ms."""
    t = np.arange(length) / RATE
    pluck = rng.uniform(0.1, 0.4)
    harmonics = np.arange(1, min(25, int(0.45 * RATE / frequency)))
    strengths = np.sin(np.pi * harmonics * pluck) / harmonics**1.5
    fading = np.exp(-t[:, None] * (1.5 + 0.6 * harmonics))
    y: Array = (np.sin(2 * np.pi * frequency * harmonics * t[:, None]) * fading) @ strengths
    return y * np.minimum(1, t / 0.002)


def pedal(x: Array) -> Array:
    """Return the output of a distortion pedal: a gain whose bias follows the loudness, a clipping stage, a tone filter.

    The stages are those of such circuits: a coupling capacitor before the gain (a high-pass of 120 Hz), diodes that clip both
    sides unequally, a capacitor that charges through them in some 30 ms, and a low-pass of 4 kHz.
    """
    coupled, charge, tone = 0.0, 0.0, 0.0
    high, slow, low = (1 - np.exp(-2 * np.pi * f / RATE) for f in (120.0, 5.0, 4000.0))
    y = np.empty(len(x))
    for k, sample in enumerate(x.tolist()):
        coupled += high * (sample - coupled)
        driven = 12 * (sample - coupled) - 2 * charge
        clipped = np.tanh(driven) if driven > 0 else 0.7 * np.tanh(driven / 0.7)
        charge += slow * (abs(clipped) - charge)
        tone += low * (clipped - tone)
        y[k] = 0.8 * tone
    return y


def write_wav(path: Path, audio: Array) -> None:
    """Write audio between -1 and 1 as 16 bits a sample."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(np.round(audio * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> Array:
    """Return the samples of a file of 16 bits as float32 between -1 and 1, of one channel."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    return samples[:, 0].astype(np.float32) / 32767
