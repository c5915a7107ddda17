"""Synthesised audio: vowels from harmonics under formants, hisses, tones and noise. No person speaks in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RATE = 16000  #: samples a second

#: First three formants of vowels in Hz, and their bandwidths.
VOWELS = np.array([[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480], [570, 840, 2410]], float)
BANDWIDTHS = np.array([80.0, 100.0, 140.0])
LOUDNESS = np.array([1.0, 0.6, 0.25])  #: of the formants


class Section(NamedTuple):
    """A section of a recording."""

    name: str
    audio: Array  #: (samples,) float32
    speech: bool  #: whether a voice is in it


def recording(draw: np.random.Generator) -> list[Section]:
    """Return the sections of a recording of 24 seconds at 16 kHz."""
    return [
        Section("silence", 0.0005 * draw.normal(size=3 * RATE), False),
        Section("voice", _noisy(voice(5, draw), 0.0005, draw), True),
        Section("noise", 0.03 * draw.normal(size=3 * RATE), False),
        Section("voice in noise", _noisy(voice(5, draw), 0.01, draw), True),
        Section("tone of 440 Hz", _noisy(0.2 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE), 0.0005, draw), False),
        Section("deep voice", _noisy(voice(5, draw, pitch=95.0), 0.0005, draw), True),
    ]


def voice(seconds: float, draw: np.random.Generator, pitch: float = 170.0) -> Array:
    """Return syllables, each a hiss and a vowel that goes over into another one."""
    sound = [np.zeros(0)]
    while sum(map(len, sound)) < seconds * RATE:
        hiss = draw.normal(size=int(RATE * draw.uniform(0.03, 0.08)))
        hiss = 0.03 * np.diff(hiss, prepend=0) * np.hanning(len(hiss))
        sound += [hiss, _vowel(draw.uniform(0.14, 0.3), pitch * draw.uniform(0.85, 1.15), draw)]
        if draw.random() < 0.15:
            sound.append(np.zeros(int(RATE * 0.12)))
    return np.concatenate(sound)[: int(seconds * RATE)]


def _vowel(seconds: float, pitch: float, draw: np.random.Generator) -> Array:
    """Return harmonics of a pitch that falls, under formants that move from one vowel to another."""
    size = int(seconds * RATE)
    t = np.linspace(0, 1, size)
    frequency = pitch * (1.08 - 0.16 * t) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t * seconds))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    first, last = VOWELS[draw.permutation(len(VOWELS))[:2]]
    formants = first + (last - first) * (0.5 - 0.5 * np.cos(np.pi * t))[:, None]
    sound = np.zeros(size)
    for k in range(1, int(4000 / pitch)):
        distance = (k * frequency[:, None] - formants) / BANDWIDTHS
        sound += (LOUDNESS / (1 + distance**2)).sum(axis=1) / np.sqrt(k) * np.sin(k * phase)
    envelope = np.minimum(1, np.minimum(t, 1 - t) * seconds / 0.03)
    return 0.25 * sound * envelope


def _noisy(sound: Array, level: float, draw: np.random.Generator) -> Array:
    return sound + level * draw.normal(size=len(sound))


def spectrogram(audio: Array, size: int = 512) -> Array:
    """Return the power in dB (frames, size / 2 + 1), of frames that overlap by half."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[:: size // 2]
    return np.asarray(20 * np.log10(np.abs(np.fft.rfft(frames * np.hanning(size))) + 1e-4))
