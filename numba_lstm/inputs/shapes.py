"""Validation of shapes: the rank and the sizes that a layer expects."""

from __future__ import annotations

Shape = tuple[int | None, ...]

#: Names of the axes of an input, by their number.
AXES = {
    2: ("batch", "features"),
    3: ("batch", "time", "features"),
    4: ("batch", "height", "width", "features"),
    5: ("batch", "time", "height", "width", "features"),
}


def check_shape(layer: str, shape: Shape, expected: Shape, built: Shape | None = None) -> None:
    """Check an input's ``shape`` against the ``expected`` one of a layer, in which None fits every size.

    ``built`` has the known sizes of all axes, which may be more than those that are compared.

    Raises
    ------
    ValueError
        For another shape: the message names the layer, both shapes and what to do.
    """
    names = f"({', '.join(AXES[len(expected)])})" if len(expected) in AXES else str(expected)
    if len(shape) != len(expected):
        raise ValueError(f"{layer} expects {names}, got shape {shape}.{axis_advice(shape, built or expected)}")
    for axis, (size, required) in enumerate(zip(shape, expected, strict=True)):
        if required is not None and size != required:
            name = names.strip("()").split(", ")[axis]
            raise ValueError(
                f"{layer} was built for {name} = {required}, got shape {shape} with {size}. "
                f"Give {required}, or make a new layer for the new shape."
            )


def axis_advice(shape: Shape, expected: Shape) -> str:
    """Return a sentence that says which axis to add to or remove from an x of ``shape``, so that it fits ``expected``.

    The sentence advises only what leads to a shape that fits.
    """
    if len(shape) == len(expected) - 1 and shape and shape[0] is not None:
        return _axis_to_add(shape, expected)
    if len(shape) == len(expected) + 1:
        for axis, size in enumerate(shape):
            if size == 1 and _fits((*shape[:axis], *shape[axis + 1 :]), expected):
                return f" Take off the axis of size 1: np.squeeze(x, axis={axis})."
        if shape[0] is None:
            return f" Give the shape of one sample, without the batch axis: {shape[2:]}."
    if len(shape) == 2 and len(expected) == 3 and shape[0] is None:
        size = shape[1]
        return f" A sample has the shape (time, features): ({size}, 1) for one feature, (None, {size}) for {size} of them."
    return "" if expected[-1] is None else f" Give x of shape {_named(expected)}."


def _axis_to_add(shape: Shape, expected: Shape) -> str:
    new = "x[:, None]" if len(expected) == 2 else "x[..., None]"
    sample, feature = _fits((1, *shape), expected), _fits((*shape, 1), expected)
    if sample and feature and expected[-1] is None and len(expected) == 3:
        return (
            f" Add a feature axis if these are {shape[0]} series of {shape[1]} steps: {new}. "
            f"Add a batch axis if this is one sample of {shape[0]} steps: x[None]."
        )
    if sample and expected[-1] is not None:
        return " This is the shape of one sample. Add a batch axis: x[None]."
    if feature:
        return f" Add a feature axis: {new}."
    return f" Give x of shape {_named(expected)}."


def _fits(shape: Shape, expected: Shape) -> bool:
    return all(required is None or size == required for size, required in zip(shape[1:], expected[1:], strict=True))


def _named(expected: Shape) -> str:
    sizes = [name if size is None else str(size) for name, size in zip(AXES[len(expected)], expected, strict=True)]
    return f"({', '.join(['batch', *sizes[1:]])})"
