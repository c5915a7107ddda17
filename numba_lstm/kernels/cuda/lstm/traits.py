"""Traits: all that the code of LSTM kernels depends on. A kernel is compiled for each, so options cost what they compute."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...specs import Activation, LSTMSpec
from ...values import LSTMNoise, LSTMWeights
from ..device_math.activation import settled


@dataclass(frozen=True)
class Traits:
    """What a kernel is compiled for. Numbers of the spec are constants of its code."""

    dtype: str
    gate: Activation  #: of i, f and o
    inner: Activation  #: of g
    outer: Activation  #: of c
    clip: float | None
    coupled: bool
    zoneout_h: str  #: how h keeps what it was: not at all (""), by "rate" (the expectation) or by "mask"
    zoneout_c: str  #: the same of c
    rate_h: float
    rate_c: float
    epsilon: float  #: of layer norms
    bias: bool
    masked: bool
    peephole: bool
    normed: bool
    projected: bool
    inputs: bool  #: whether gates have their own factors of x
    recurrent: bool  #: whether gates have their own factors of h
    training: bool

    @property
    def label(self) -> str:
        """The traits as a part of a kernel's name."""
        flags = ("coupled", "masked", "peephole", "normed", "projected", "inputs", "recurrent", "training")
        kept = [f"{state}_{how}" for state, how in (("h", self.zoneout_h), ("c", self.zoneout_c)) if how]
        clip = ["clip"] if self.clip is not None else []
        return "_".join([self.dtype, *clip, *(flag for flag in flags if getattr(self, flag)), *kept])

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for that only the way of one kernel a step can do."""
        return not (self.normed or self.projected or self.recurrent or self.zoneout_h or self.zoneout_c)

    @property
    def carries(self) -> bool:
        """Whether a part of dh passes a step by."""
        return self.masked or self.zoneout_h == "mask"

    @property
    def of_steps(self) -> Traits:
        """Those of the steps: without what is done for all of them ahead, so that fewer kernels are made."""
        return replace(self, bias=False, inputs=False)

    @property
    def without_product(self) -> Traits:
        """Those of a step's kernels that do not multiply by U."""
        return replace(self.of_steps, recurrent=False)

    def keeps_z(self, activation: Activation) -> bool:
        """Whether the tape keeps a gate's z: a clipped one tells where the slope is 0, which its value does not."""
        return self.clip is not None or activation.keeps == "z"


def traits(spec: LSTMSpec, weights: LSTMWeights, noise: LSTMNoise, dtype: Any, *, masked: bool, training: bool) -> Traits:
    """The traits of an LSTM in a call."""

    def zoneout(kept: Any, rate: float) -> str:
        return "mask" if kept is not None else "rate" if rate and not training else ""

    return Traits(
        dtype=np.dtype(dtype).name,
        gate=settled(spec.recurrent_activation),
        inner=settled(spec.activation),
        outer=settled(spec.output_activation),
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
