"""Shapes of targets and of losses, by the loss or metric and the shape of the model's output."""

from __future__ import annotations

from ..kernels.specs import LossSpec, MetricSpec

Sizes = tuple[int | None, ...]


def is_sparse(spec: LossSpec | MetricSpec) -> bool:
    """Return whether a loss or metric takes a label (an integer) for each row of the output."""
    return spec.name.startswith("sparse_")


def is_sequence_loss(spec: LossSpec | MetricSpec) -> bool:
    """Return whether a loss compares a whole sequence of outputs with a sequence of labels of another length."""
    return spec.name == "ctc"


def takes_labels(spec: LossSpec | MetricSpec) -> bool:
    """Return whether targets are integers."""
    return is_sparse(spec) or is_sequence_loss(spec)


def target_shape(spec: LossSpec | MetricSpec, output_shape: Sizes) -> Sizes:
    """Return the shape of the targets for an output (N, C) or (N, T, C). None is any size."""
    if is_sequence_loss(spec):
        return (output_shape[0], None)
    if is_sparse(spec):
        return output_shape[:-1]
    if spec.name == "quantile":
        return (*output_shape[:-1], 1)
    if spec.name.endswith("_nll"):
        units = output_shape[-1]
        return (*output_shape[:-1], None if units is None else units // 2)
    return output_shape


def losses_shape(spec: LossSpec | MetricSpec, output_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the losses before their reduction, for an output (N, C) or (N, T, C)."""
    return output_shape[:1] if is_sequence_loss(spec) else output_shape[:-1]


def device_losses_shape(spec: LossSpec, targets: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the losses before their reduction, (N,) or (T, N), for the shape of the targets on a device."""
    if is_sequence_loss(spec):
        return targets[1:]
    return targets if is_sparse(spec) else targets[:-1]


def check_output(spec: LossSpec | MetricSpec, output_shape: Sizes) -> None:
    """Raise ValueError for a shape of the output that the loss cannot take."""
    units = output_shape[-1]
    if is_sequence_loss(spec) and len(output_shape) != 3:
        raise ValueError(
            f"{spec.name} expects outputs (batch, time, classes), got the shape {output_shape}. "
            "Set return_sequences=True on the last LSTM."
        )
    if isinstance(spec, LossSpec) and spec.name == "ctc" and units is not None and not -units <= spec.blank < units:
        raise ValueError(f"ctc has blank={spec.blank}, but outputs have the classes 0 to {units - 1}. Give one of these.")
    if isinstance(spec, LossSpec) and spec.name == "quantile" and units != len(spec.quantiles):
        raise ValueError(
            f"quantile has {len(spec.quantiles)} quantiles, but the output has the shape {output_shape}. "
            f"End the model with {len(spec.quantiles)} units, one a quantile."
        )
    if spec.name.endswith("_nll") and units is not None and units % 2:
        raise ValueError(
            f"{spec.name} takes a mean and the logarithm of a scale for each target, but the output has the shape "
            f"{output_shape}. End the model with an even number of units: all means, then all logarithms."
        )


def described(spec: LossSpec | MetricSpec) -> str:
    """Return what a loss or metric takes, for messages."""
    if is_sequence_loss(spec):
        return "a sequence of labels a sample"
    if is_sparse(spec):
        return "labels"
    if spec.name == "quantile":
        return "one target for all units"
    return "one target for two units" if spec.name.endswith("_nll") else "targets in the output's shape"
