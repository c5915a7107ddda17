"""Traits: the compile-time parameters of the LSTM kernels, so that an unused option costs nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...op_types import LSTMNoise, LSTMWeights
from ...specs import Activation, LSTMSpec
from ..device_math.activation import canonical


@dataclass(frozen=True)
class Traits:
    """Compile-time parameters of a kernel. The numbers of the spec become constants of its code."""

    dtype: str
    recurrent_activation: Activation  #: of i, f and o
    activation: Activation  #: of g
    output_activation: Activation  #: of c
    clip: float | None
    coupled: bool
    zoneout_h: str  #: zoneout of h: none (""), by "rate" (the expectation) or by "mask"
    zoneout_c: str  #: zoneout of c
    rate_h: float
    rate_c: float
    epsilon: float  #: of layer norms
    bias: bool
    masked: bool
    peephole: bool
    normed: bool
    projected: bool
    inputs: bool  #: whether each gate has a dropout mask of x
    recurrent: bool  #: whether each gate has a dropout mask of h
    training: bool

    @property
    def label(self) -> str:
        """The traits as a suffix of the name of a kernel."""
        flags = ("coupled", "masked", "peephole", "normed", "projected", "inputs", "recurrent", "training")
        zoneouts = [f"{state}_{kind}" for state, kind in (("h", self.zoneout_h), ("c", self.zoneout_c)) if kind]
        clip = ["clip"] if self.clip is not None else []
        return "_".join([self.dtype, *clip, *(flag for flag in flags if getattr(self, flag)), *zoneouts])

    @property
    def plain(self) -> bool:
        """Whether the persistent algorithms support the traits."""
        return not (self.normed or self.projected or self.recurrent or self.zoneout_h or self.zoneout_c)

    @property
    def has_carry(self) -> bool:
        """Whether a part of dh bypasses a step, by a mask or zoneout."""
        return self.masked or self.zoneout_h == "mask"

    @property
    def step_traits(self) -> Traits:
        """The traits of the step kernels, without those of the input product, so that fewer kernels are compiled."""
        return replace(self, bias=False, inputs=False)

    @property
    def without_recurrent_dropout(self) -> Traits:
        """The traits of kernels without dropout masks of h."""
        return replace(self.step_traits, recurrent=False)

    def saves_z(self, activation: Activation) -> bool:
        """Return whether the tape saves the z of a gate. A clipped z shows where the slope is 0, unlike the value."""
        return self.clip is not None or activation.keeps == "z"


def kernel_traits(
    spec: LSTMSpec, weights: LSTMWeights, noise: LSTMNoise, dtype: Any, *, masked: bool, training: bool
) -> Traits:
    """Return the traits of a call."""

    def zoneout(mask: Any, rate: float) -> str:
        return "mask" if mask is not None else "rate" if rate and not training else ""

    return Traits(
        dtype=np.dtype(dtype).name,
        recurrent_activation=canonical(spec.recurrent_activation),
        activation=canonical(spec.activation),
        output_activation=canonical(spec.output_activation),
        clip=spec.clip,
        coupled=spec.coupled,
        zoneout_h=zoneout(noise.zoneout_h, spec.zoneout[0]),
        zoneout_c=zoneout(noise.zoneout_c, spec.zoneout[1]),
        rate_h=spec.zoneout[0],
        rate_c=spec.zoneout[1],
        epsilon=spec.norm_epsilon,
        bias=weights.bias is not None,
        masked=masked,
        peephole=weights.peephole is not None,
        normed=weights.kernel_norm is not None,
        projected=weights.projection is not None,
        inputs=noise.inputs is not None,
        recurrent=noise.recurrent is not None,
        training=training,
    )
