"""Methods that subclasses of Keras's layers override and subclasses here cannot, with what works instead."""

from __future__ import annotations

_COMPUTE = (
    "Define forward(self, ops, x, states=None, mask=None, training=False, rng=None) and backward(self, ops, tape, dy, "
    "dstates=None, *, need_dx=True), as docs/extending.md shows under 'Classes of your own'; for a function of each element, "
    "take Activation(function)."
)

NEVER_CALLED = {
    "call": _COMPUTE,
    "__call__": _COMPUTE,
    "compute_mask": "Let forward return the mask: Forward(y, mask=mask).",
    "compute_output_spec": "Override compute_output_shape.",
    "get_initial_state": "Give the first states to the call: layer(x, initial_state=[h, c]).",
    "losses": "Give a regularizer to add_weight, or an activity_regularizer to the layer.",
}
