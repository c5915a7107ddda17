"""Random combinations of everything that an LSTM takes, for comparing a device with the reference.

A device may compile cells for each combination of activations, options, dtype, remainder of H, one row or several, and training
or inference. So these come from a fixed list (:data:`COMBINATIONS`), in which each two options meet, both on, both off, and one
without the other. Sizes, the masks themselves, states and what is asked for are free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from custom_activations import CUSTOM
from hypothesis import strategies as st
from kernel_cases import ELEMENTWISE_ACTIVATIONS, OTHER_PARAMETERS, LSTMCase, lstm_case, lstm_noise

from numba_lstm.kernels.specs import LSTMSpec

ACTIVATIONS = [*ELEMENTWISE_ACTIVATIONS, *CUSTOM]

BOUNDED = {"tanh", "sigmoid", "hard_sigmoid", "softsign", "bent", "ramp", "capped"}
#: In this order each activation takes each role once, and exponential meets bounded ones only: two rounds of it are infinite.
ORDER = (
    *("tanh", "sigmoid", "linear", "relu", "mish", "exponential", "hard_sigmoid", "elu", "ramp", "softsign", "bent"),
    *("leaky_relu", "selu", "softplus", "silu", "gelu", "logarithm", "capped"),
)
RING = [next(a for a in ACTIVATIONS if a.name == name) for name in ORDER]
TRIPLES = [tuple(RING[(k + offset) % len(RING)] for offset in (0, 1, 5)) for k in range(len(RING))]  #: on g, the gates, c

CLIPS = (0.625, 1.5)
SEED = 19341
MASKS = ("right", "left", "gaps", "nothing")

#: Sizes H by what vectors leave over: a narrow panel alone, none, or one behind whole panels. Those of a line share loops.
UNITS = {
    "float32": ((5, 7), (11, 13, 16), (18,)),
    "float64": ((18,), (3, 4), (5, 7, 8), (11, 12)),
}

#: What a combination has or has not.
FLAGS = ("peephole", "projected", "normed", "coupled", "inputs", "recurrent", "masked", "clip", "zoneout h", "zoneout c")
FLAGS += ("single", "inference")


@dataclass(frozen=True)
class Combination:
    """What a device may compile a cell for."""

    spec: LSTMSpec
    dtype: str
    flags: frozenset[str]
    units: tuple[int, ...]  #: H that vectors of four or eight cut alike

    def has(self, flag: str) -> bool:
        """Whether it has one of FLAGS."""
        return flag in self.flags

    def __str__(self) -> str:
        spec = self.spec
        roles = "-".join(a.name for a in (spec.activation, spec.recurrent_activation, spec.output_activation))
        return " ".join([roles, self.dtype, *(name for name in FLAGS if self.has(name))])


def _combinations() -> list[Combination]:
    """One of each triple of activations. The seed is one with which :func:`missing_pairs` finds none."""
    rng, made = np.random.default_rng(SEED), []
    for k, (a, s, p) in enumerate(TRIPLES):
        flags = {flag for flag in FLAGS if rng.random() < 0.4}
        # A gate that grows with c or h, which grow with it, is beyond all numbers in a few steps.
        if s.name == "exponential" or (s.name not in BOUNDED and ("peephole" in flags or p.name not in BOUNDED)):
            flags.add("clip")
        zoneout = (0.25 if "zoneout h" in flags else 0.0, 0.15 if "zoneout c" in flags else 0.0)
        spec = LSTMSpec(a, s, p, clip=CLIPS[k % 2] if "clip" in flags else None, coupled="coupled" in flags, zoneout=zoneout)
        dtype = ("float32", "float64")[k // 2 % 2]
        made.append(Combination(spec, dtype, frozenset(flags), _units(dtype, k, flags)))
    return made


def _units(dtype: str, k: int, flags: set[str] | frozenset[str]) -> tuple[int, ...]:
    """Return the sizes of a combination; gates with masks of their own have time loops of their own, so they take the first."""
    per_gate = not flags.isdisjoint(("inputs", "recurrent")) and flags.isdisjoint(("projected", "normed"))
    return UNITS[dtype][0 if per_gate else k % len(UNITS[dtype])]


def missing_pairs(found: list[Combination]) -> list[tuple[str, bool, str, bool]]:
    """Return each two flags, with what they may be, that no combination has so."""
    return [
        (a, has_a, b, has_b)
        for a, b in combinations(FLAGS, 2)
        for has_a, has_b in product((False, True), repeat=2)
        if not any((c.has(a), c.has(b)) == (has_a, has_b) for c in found)
    ]


COMBINATIONS = _combinations()

#: The same in the other dtype too, for slow tests.
IN_BOTH_DTYPES = [
    replace(c, dtype=dtype, units=c.units if dtype == c.dtype else _units(dtype, k, c.flags))
    for dtype in UNITS
    for k, c in enumerate(COMBINATIONS)
]


@dataclass(frozen=True)
class Example:
    """One combination with its sizes and all that is free; the arrays follow from ``seed``."""

    combination: Combination
    N: int
    T: int
    D: int
    H: int
    P: int
    mask: str = "gaps"  #: where the combination has one
    first: tuple[str, ...] = ("h0", "c0")  #: the states that are given
    bias: bool = True
    backwards: bool = False
    returned: tuple[str, ...] = ("dy", "dh", "dc")  #: the gradients that come back
    need_dx: bool = True
    seed: int = 0

    def case(self) -> LSTMCase:
        """The arrays."""
        combination, spec, has = self.combination, self.combination.spec, self.combination.has
        absent = {"h0", "c0", "dy", "dh", "dc", "b"} - {*self.first, *self.returned, *("b" * self.bias)}
        case = lstm_case(
            self.N, self.T, self.D, self.H,
            P=self.P if has("projected") else None, peephole=has("peephole"), normed=has("normed"),
            dtype=combination.dtype, seed=self.seed, spec=spec, mask=self._mask(), backwards=self.backwards,
            **dict.fromkeys(absent),
        )  # fmt: skip
        zoneout_h, zoneout_c = (rate > 0 for rate in spec.zoneout)
        noise = lstm_noise(case, inputs=has("inputs"), recurrent=has("recurrent"), zoneout_h=zoneout_h, zoneout_c=zoneout_c)
        return case if all(mask is None for mask in noise) else case.but(noise=noise)

    def _mask(self) -> npt.NDArray[np.bool_] | None:
        """(T, N); where there is a mask, the last row may have nothing in it."""
        if not self.combination.has("masked"):
            return None
        rng, (T, N) = np.random.default_rng([self.seed, 3]), (self.T, self.N)
        lengths, steps = rng.integers(0, T + 1, N), np.arange(T)[:, None]
        masks = {
            "right": steps < lengths,
            "left": steps >= T - lengths,
            "gaps": rng.random((T, N)) < 0.6,
            "nothing": (rng.random((T, N)) < 0.6) & (np.arange(N) < N - 1),
        }
        return masks[self.mask]

    @property
    def options(self) -> list[str]:
        """The names of what occurs in this example."""
        combination, spec, has = self.combination, self.combination.spec, self.combination.has
        activations = [spec.activation, spec.recurrent_activation, spec.output_activation]
        mask = self._mask()
        occurs = {
            combination.dtype: True,
            "peephole": has("peephole"),
            "clip": spec.clip,
            "coupled": spec.coupled,
            "projection": has("projected"),
            "layer norms": has("normed"),
            "zoneout of h": spec.zoneout[0],
            "zoneout of c": spec.zoneout[1],
            "input masks": has("inputs"),
            "recurrent masks": has("recurrent"),
            "mask": mask is not None,
            "row of nothing": mask is not None and not mask.any(axis=0).all(),
            "h0": "h0" in self.first,
            "c0": "c0" in self.first,
            "no first states": not self.first,
            "no bias": not self.bias,
            "backwards": self.backwards,
            "dy": "dy" in self.returned,
            "dh": "dh" in self.returned,
            "dc": "dc" in self.returned,
            "no dx": not self.need_dx,
            "a size of 1": 1 in (self.N, self.T, self.D, self.H),
            "custom activation": any(a.function for a in activations),
            "activation with parameters": any(a.name in OTHER_PARAMETERS for a in activations),
            **{a.name: a in activations for a in ACTIVATIONS},
        }
        return [name for name, does in occurs.items() if does]


#: Every name that :attr:`Example.options` may hold.
OPTIONS = (
    *("float32", "float64", "peephole", "clip", "coupled", "projection", "layer norms", "zoneout of h", "zoneout of c"),
    *("input masks", "recurrent masks", "mask", "row of nothing", "h0", "c0", "no first states", "no bias", "backwards"),
    *("dy", "dh", "dc", "no dx", "a size of 1", "custom activation", "activation with parameters"),
    *(activation.name for activation in ACTIVATIONS),
)


def some(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Any of the names, or none."""
    return st.tuples(*(st.sampled_from(((), (name,))) for name in names)).map(lambda chosen: sum(chosen, ()))


def well_conditioned(example: Example) -> bool:
    """Whether gradients are more than rounding: n(x W) of one input, and so of one unit, hardly has a slope in it."""
    units = example.P if example.combination.has("projected") else example.H
    return not example.combination.has("normed") or (example.D > 1 and units > 1 and example.H > 2)


def examples(k: int, pool: list[Combination] = COMBINATIONS) -> st.SearchStrategy[Example]:
    """Those with the activations of ``TRIPLES[k]``.

    Sizes are 1, or on both sides of a device's vectors and tiles, seldom a multiple of 4.
    """
    return st.sampled_from(pool[k :: len(TRIPLES)]).flatmap(_examples).filter(well_conditioned)


def _examples(combination: Combination) -> st.SearchStrategy[Example]:
    return st.builds(
        Example,
        combination=st.just(combination),
        N=st.sampled_from((1,) if combination.has("single") else (3, 2, 5, 7, 13)),
        T=st.sampled_from((3, 1, 2, 5, 6)),
        D=st.sampled_from((3, 1, 2, 7, 10)),
        H=st.sampled_from(combination.units),
        P=st.sampled_from((3, 1, 2, 5, 9)),
        mask=st.sampled_from(MASKS),
        first=some("h0", "c0"),
        bias=st.sampled_from((True, True, False)),
        backwards=st.booleans(),
        returned=some("dy", "dh", "dc").filter(bool),
        need_dx=st.sampled_from((True, True, False)),
        seed=st.integers(0, 9999),
    )
