"""Operators that only models compute: a graph with one of them becomes layers, and is not run as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from .call import Call, Operator

_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
_RESIZING = (
    *("antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value"),
    *("keep_aspect_ratio_policy", "mode", "nearest_mode"),
)
_RECURRENT = ("activations", "activation_alpha", "activation_beta", "clip", "direction", "hidden_size", "layout")


def _refuse(call: Call) -> Sequence[npt.NDArray[Any]]:
    raise ValueError("is not run; numba_lstm.interop.onnx.load_model makes a model of such a graph.")


MODEL_OPERATORS: dict[str, Operator] = {
    "ArgMax": Operator(_refuse, (1, 1), 1, ("axis", "keepdims", "select_last_index")),
    "AveragePool": Operator(_refuse, (1, 1), 1, (*_WINDOW, "ceil_mode", "count_include_pad")),
    "BatchNormalization": Operator(_refuse, (5, 5), 1, ("epsilon", "momentum", "training_mode", "spatial")),
    "Celu": Operator(_refuse, (1, 1), 1, ("alpha",)),
    "Conv": Operator(_refuse, (2, 3), 1, (*_WINDOW, "group")),
    "ConvTranspose": Operator(_refuse, (2, 3), 1, (*_WINDOW, "group", "output_padding", "output_shape")),
    "CumSum": Operator(_refuse, (2, 2), 1, ("exclusive", "reverse")),
    "Dropout": Operator(_refuse, (1, 3), 1, ("ratio", "seed")),
    "Einsum": Operator(_refuse, (1, 2), 1, ("equation",)),
    "GRU": Operator(_refuse, (3, 6), 2, (*_RECURRENT, "linear_before_reset")),
    "GatherElements": Operator(_refuse, (2, 2), 1, ("axis",)),
    "GlobalAveragePool": Operator(_refuse, (1, 1)),
    "GlobalMaxPool": Operator(_refuse, (1, 1)),
    "HardSwish": Operator(_refuse, (1, 1)),
    "If": Operator(_refuse, (1, 1), 64, ("then_branch", "else_branch")),
    "LogSoftmax": Operator(_refuse, (1, 1), 1, ("axis",)),
    "MaxPool": Operator(_refuse, (1, 1), 1, (*_WINDOW, "ceil_mode", "storage_order")),
    "Mish": Operator(_refuse, (1, 1)),
    "PRelu": Operator(_refuse, (2, 2)),
    "RNN": Operator(_refuse, (3, 6), 2, _RECURRENT),
    "Resize": Operator(_refuse, (1, 4), 1, _RESIZING),
    "TopK": Operator(_refuse, (2, 2), 2, ("axis", "largest", "sorted")),
}
