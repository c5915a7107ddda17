"""Random numbers from Philox4x32-10, a counter-based generator with the same words on every device and machine.

A draw has no hidden state: it is a function of its :class:`~numba_lstm.kernels.specs.Key`. A :class:`Stream` generates keys,
and its state is their number. (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".)
"""

from __future__ import annotations

import operator
import random as python_random
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .kernels.specs import Key
from .system.forks import free_after_fork

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ROUNDS = 10
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85  #: added to the key in each round: the golden ratio and sqrt(3) - 1, times 2**32

_lock = free_after_fork(threading.Lock())


class Stream:
    """A sequence of keys with one seed and rising step numbers.

    Parameters
    ----------
    seed : int
        A whole number from 0 to 2**64 - 1.
    """

    def __init__(self, seed: int) -> None:
        self._seed = check_seed(seed)
        self._step = 0

    def next_key(self) -> Key:
        """Return the next key of the stream. Keys repeat after 2**32 steps."""
        with _lock:
            key = Key(self._seed, self._step)
            self._step = (self._step + 1) % 2**32
        return key

    def spawn(self) -> Stream:
        """Return a new stream, whose seed is drawn from this one."""
        low, high = words(self.next_key(), 2)
        return Stream(int(low) | int(high) << 32)

    @property
    def state(self) -> dict[str, int]:
        """Seed and step of the stream, as JSON values. May be set."""
        return {"seed": self._seed, "step": self._step}

    @state.setter
    def state(self, state: dict[str, int]) -> None:
        self._seed, self._step = check_seed(state["seed"]), operator.index(state["step"]) % 2**32

    def __repr__(self) -> str:
        return f"Stream(seed={self._seed}, step={self._step})"


@dataclass(frozen=True)
class SampleKey(Key):
    """A key of draws for samples by their numbers: those of a sample do not depend on its batch, nor on the steps after.

    ``samples`` (N,) are the numbers of the samples of a batch. Word i of sample n is word ``i % 4`` of the block
    ``i // 4 + n * 2**32``.
    """

    samples: Any = field(default=None, compare=False)


_stream: Stream | None = None
_given_seed: int | None = None

#: The default stream of a block of :func:`seeded`.
_seeded: ContextVar[Stream | None] = ContextVar("the default stream of a block", default=None)


def default_stream() -> Stream:
    """Return the stream of initial weights, of new models and of layers outside of models.

    The operating system seeds it, or :func:`set_random_seed`, or within its block :func:`seeded`.
    """
    global _stream
    inner = _seeded.get()
    if inner is not None:
        return inner
    if _stream is None:
        _stream = Stream(secrets.randbits(64))
    return _stream


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """``with seeded(3):`` let all random numbers of this package in the block, in this thread, follow from a seed.

    Other random numbers are as they were, unlike with :func:`set_random_seed`.
    """
    token = _seeded.set(Stream(seed))
    try:
        yield
    finally:
        _seeded.reset(token)


def next_key() -> Key:
    """Return the next key of :func:`default_stream`."""
    return default_stream().next_key()


def branch(key: Key, index: int) -> Key:
    """Return a key for the ``index``-th of several draws that share ``key``, with a hashed tag (Knuth 1973, section 6.4).

    A model's tags are small numbers, so the branches of a layer collide neither with other layers nor with their branches.
    """
    return replace(key, tag=((key.tag + 1) * _WEYL[0] + index) % 2**32)


def set_random_seed(seed: int) -> None:
    """Seed all random numbers, so that initial weights, shuffles and dropout repeat bit for bit, as in Keras.

    Like ``keras.utils.set_random_seed``, it seeds Python's ``random`` and ``numpy.random`` too, which a program's data may come
    from. A model draws the seed of its stream for shuffles and dropout from the default stream when it first needs it.

    Parameters
    ----------
    seed : int
        A whole number from 0 to 2**64 - 1.

    Raises
    ------
    TypeError, ValueError
        For any other seed.
    """
    global _stream, _given_seed
    _stream, _given_seed = Stream(seed), seed
    python_random.seed(seed)
    np.random.seed(seed % 2**32)


def given_seed() -> int | None:
    """Return the seed of the last :func:`set_random_seed`; None where the operating system seeds."""
    return _given_seed


def check_seed(seed: Any) -> int:
    """Return ``seed`` as an int. Raise TypeError or ValueError unless it is a whole number of 64 bits."""
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"a seed must be a whole number, got {seed!r}.")
    if not 0 <= seed < 2**64:
        raise ValueError(f"a seed must be from 0 to 2**64 - 1, got {seed}.")
    return int(seed)


def words(key: Key, n: int) -> npt.NDArray[np.uint32]:
    """Return the first ``n`` words of ``key``, uint32, in the order of :class:`~numba_lstm.kernels.specs.Key`."""
    blocks = np.arange((n + 3) // 4, dtype=np.uint64)
    step, tag = np.full_like(blocks, key.step % 2**32), np.full_like(blocks, key.tag % 2**32)
    return _philox([blocks & _LOW, blocks >> _SHIFT, step, tag], key.seed).reshape(-1)[:n]


def sample_words(key: SampleKey, n: int) -> npt.NDArray[np.uint32]:
    """Return the first ``n`` words of each sample, (N, n)."""
    low, high = (np.asarray(one, np.uint64) for one in np.meshgrid(np.arange((n + 3) // 4), key.samples))
    step, tag = np.full_like(low, key.step % 2**32), np.full_like(low, key.tag % 2**32)
    return _philox([low, high, step, tag], key.seed).reshape(len(key.samples), -1)[:, :n]


def _philox(counter: Sequence[npt.NDArray[np.uint64]], seed: int) -> npt.NDArray[np.uint32]:
    """Return four words, along the last axis, for each counter of four words, which are held in 64 bits for the products."""
    c0, c1, c2, c3 = counter
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ np.uint64(k0), p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ np.uint64(k1), p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) % 2**32, (k1 + _WEYL[1]) % 2**32
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def uniform(key: Key, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """Draw numbers in [0, 1) of ``shape``, float64, each of 53 random bits from two words."""
    size = int(np.prod(shape, dtype=np.int64))
    return _unit(words(key, 2 * size)).reshape(shape)


def _unit(drawn: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
    """Return numbers in [0, 1) of 53 bits, one for each pair of words along the last axis."""
    bits = np.floor(drawn[..., ::2] / 2**5) * 2**26 + np.floor(drawn[..., 1::2] / 2**6)
    return bits / 2**53


def normal(key: Key, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """Draw standard normal numbers of ``shape``, float64 (Box and Muller 1958). A longer draw starts with the shorter one."""
    size = int(np.prod(shape, dtype=np.int64))
    return _normal(uniform(key, (size + size % 2,)))[:size].reshape(shape)


def sample_normal(key: SampleKey, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """Draw standard normal numbers of ``shape``, float64, each sample its own along the first axis."""
    size = int(np.prod(shape[1:], dtype=np.int64))
    return _normal(_unit(sample_words(key, 2 * (size + size % 2))))[:, :size].reshape(shape)


def _normal(u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a pair of normal numbers for each pair of uniform ones along the last axis."""
    radius, angle = np.sqrt(-2 * np.log1p(-u[..., ::2])), 2 * np.pi * u[..., 1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).reshape(u.shape)


def truncated_normal(key: Key, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """Draw standard normal numbers of ``shape``, float64, without those beyond two standard deviations (4.6%)."""
    size = int(np.prod(shape, dtype=np.int64))
    values = np.empty(0)
    count = size + size // 16 + 16
    while values.size < size:
        z = normal(key, (count,))
        values = z[np.abs(z) <= 2]
        count *= 2
    return values[:size].reshape(shape)


def permutation(key: Key, n: int) -> npt.NDArray[np.intp]:
    """Return the numbers 0 .. n-1 in random order, that of ``n`` random 64-bit numbers, ascending."""
    pairs = words(key, 2 * n).reshape(n, 2).astype(np.uint64)
    return np.argsort(pairs[:, 0] << _SHIFT | pairs[:, 1], kind="stable")
