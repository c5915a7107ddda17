"""Derivatives of programs in reverse mode: the gradients are tensors of further operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .elementwise import (
    add,
    divide,
    equal,
    exp,
    greater,
    less,
    log,
    multiply,
    negative,
    power,
    sign,
    sqrt,
    square,
    subtract,
    where,
)
from .products import matmul
from .reducing import sum as sum_
from .shaping import reshape, swapaxes, transpose
from .tensor import COMPARISONS, Tensor, UntraceableError, broadcast, constant, elementwise

Gradients = Sequence[Any]  #: of the operands, None for one without a gradient


def ordered(roots: Sequence[Tensor], known: Callable[[Tensor], bool] = lambda _: False) -> list[Tensor]:
    """Return all tensors that ``roots`` depend on, each after its operands. What is ``known`` is left out."""
    found: dict[int, Tensor] = {}
    waiting = [(root, False) for root in reversed(roots)]
    while waiting:
        x, visited = waiting.pop()
        if id(x) in found or known(x):
            continue
        if visited:
            found[id(x)] = x
        else:
            waiting.append((x, True))
            waiting += [(operand, False) for operand in reversed(x.operands)]
    return list(found.values())


def gradients(outputs: Sequence[Tensor], dys: Sequence[Tensor], wanted: Sequence[Tensor]) -> list[Tensor | None]:
    """Return the gradients of ``sum(output * dy)`` with respect to tensors; None for one without influence."""
    order = ordered(outputs)
    depending = {id(x) for x in wanted}
    for x in order:
        if any(id(operand) in depending for operand in x.operands):
            depending.add(id(x))
    found: dict[int, Tensor] = {}
    for y, dy in zip(outputs, dys, strict=True):
        found[id(y)] = add(found[id(y)], dy) if id(y) in found else dy
    for y in reversed(order):
        g = found.get(id(y))
        if g is None or id(y) not in depending or not y.operands:
            continue
        rule = _RULES.get(y.operation)
        if rule is None:
            raise UntraceableError(f"{y.operation} has no gradient.")
        for x, dx in zip(y.operands, rule(y, g, *y.operands), strict=True):
            if dx is not None and id(x) in depending:
                found[id(x)] = _added(found[id(x)], dx) if id(x) in found else dx
    return [found.get(id(x)) for x in wanted]


def _added(a: Tensor, b: Tensor) -> Tensor:
    """Return the sum of two gradients, the start of a product where one of them is a product."""
    if a.shape == b.shape and not (a.is_constant or b.is_constant):
        for product, other in ((b, a), (a, b)):
            if product.operation == "matmul" and len(product.operands) == 2:
                return Tensor("matmul", (*product.operands, other), None, product.shape)
    total: Tensor = add(a, b)
    return total


def _larger(y: Tensor, g: Tensor, a: Tensor, b: Tensor) -> Gradients:
    half = where(equal(a, b), multiply(g, 0.5), 0.0)
    return where(greater(a, b), g, half), where(less(a, b), g, half)


def _smaller(y: Tensor, g: Tensor, a: Tensor, b: Tensor) -> Gradients:
    half = where(equal(a, b), multiply(g, 0.5), 0.0)
    return where(less(a, b), g, half), where(greater(a, b), g, half)


def _power(y: Tensor, g: Tensor, a: Tensor, b: Tensor) -> Gradients:
    da = multiply(g, multiply(b, power(a, subtract(b, 1.0))))
    return da, None if b.is_constant else multiply(g, multiply(y, log(a)))


def _arctan2(y: Tensor, g: Tensor, a: Tensor, b: Tensor) -> Gradients:
    g = divide(g, add(square(a), square(b)))
    return multiply(g, b), negative(multiply(g, a))


def _bell(x: Tensor) -> Any:
    """Return the derivative of the error function."""
    return multiply(exp(negative(square(x))), 2 / math.sqrt(math.pi))


def _broadcast(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    new = y.ndim - x.ndim
    axes = [*range(new), *(k + new for k, n in enumerate(x.shape) if n == 1 and y.shape[k + new] > 1)]
    return (reshape(sum_(broadcast(g, y.shape), axes), x.shape),)


def _slice(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    return (Tensor("join", (broadcast(g, y.shape),), (y.detail,), x.shape),)


def _join(y: Tensor, g: Tensor, *xs: Tensor) -> Gradients:
    g = broadcast(g, y.shape)
    return [
        g if x.shape == y.shape else constant(g.detail, x.shape) if g.is_constant else Tensor("slice", (g,), place, x.shape)
        for x, place in zip(xs, y.detail, strict=True)
    ]


def _over_axes(y: Tensor, value: Tensor, x: Tensor) -> Tensor:
    """Return a value of a reduction at each of the elements that it is of."""
    shape = tuple(1 if k in y.detail else n for k, n in enumerate(x.shape))
    return broadcast(reshape(value, shape), x.shape)


def _sum(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    return (_over_axes(y, broadcast(g, y.shape), x),)


def _extreme(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    found = where(equal(x, _over_axes(y, y, x)), 1.0, 0.0)
    return (multiply(found, _over_axes(y, divide(g, sum_(found, y.detail)), x)),)


def _matmul(y: Tensor, g: Tensor, a: Tensor, b: Tensor) -> Gradients:
    g = broadcast(g, y.shape)
    db = matmul(swapaxes(a, -1, -2), g)
    if b.operation == "permute" and b.detail == (*range(b.ndim - 2), b.ndim - 1, b.ndim - 2):
        db = swapaxes(matmul(swapaxes(g, -1, -2), a), -1, -2)  # the gradient of what was transposed is contiguous
    return matmul(g, swapaxes(b, -1, -2)), db


def _softmax(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    return (Tensor("softmax_gradient", (y, broadcast(g, y.shape)), None, x.shape),)


def _taken_at(x: Tensor, places: Tensor) -> Tensor:
    return Tensor("take_elements", (x, places), None, places.shape)


def _taken(y: Tensor, g: Tensor, x: Tensor, places: Tensor) -> Gradients:
    return Tensor("add_elements", (broadcast(g, y.shape), places), x.shape[-1], x.shape), None


def _permute(y: Tensor, g: Tensor, x: Tensor) -> Gradients:
    g, order = broadcast(g, y.shape), [y.detail.index(axis) for axis in range(x.ndim)]
    if g.operation == "permute" and [g.detail[axis] for axis in order] == [*range(x.ndim)]:
        return g.operands
    return (transpose(g, order),)


#: Operation y(a, b) -> its gradients as a function of y, the gradient g of y, and a (and b).
_RULES: dict[str, Callable[..., Gradients]] = {
    "add": lambda y, g, a, b: (g, g),
    "subtract": lambda y, g, a, b: (g, negative(g)),
    "multiply": lambda y, g, a, b: (multiply(g, b), multiply(g, a)),
    "divide": lambda y, g, a, b: (divide(g, b), negative(divide(multiply(g, y), b))),
    "copy": lambda y, g, a: (g,),
    "negative": lambda y, g, a: (negative(g),),
    "absolute": lambda y, g, a: (multiply(g, sign(a)),),
    "reciprocal": lambda y, g, a: (negative(multiply(g, square(y))),),
    "square": lambda y, g, a: (multiply(g, multiply(a, 2.0)),),
    "sqrt": lambda y, g, a: (divide(g, multiply(y, 2.0)),),
    "power": _power,
    "exp": lambda y, g, a: (multiply(g, y),),
    "expm1": lambda y, g, a: (multiply(g, add(y, 1.0)),),
    "log": lambda y, g, a: (divide(g, a),),
    "log1p": lambda y, g, a: (divide(g, add(a, 1.0)),),
    "tanh": lambda y, g, a: (multiply(g, subtract(1.0, square(y))),),
    "sigmoid": lambda y, g, a: (multiply(g, multiply(y, subtract(1.0, y))),),
    "sin": lambda y, g, a: (multiply(g, elementwise("cos", a)),),
    "cos": lambda y, g, a: (negative(multiply(g, elementwise("sin", a))),),
    "tan": lambda y, g, a: (multiply(g, add(square(y), 1.0)),),
    "arcsin": lambda y, g, a: (divide(g, sqrt(subtract(1.0, square(a)))),),
    "arccos": lambda y, g, a: (negative(divide(g, sqrt(subtract(1.0, square(a))))),),
    "arctan": lambda y, g, a: (divide(g, add(square(a), 1.0)),),
    "arctan2": _arctan2,
    "erf": lambda y, g, a: (multiply(g, _bell(a)),),
    "erfc": lambda y, g, a: (negative(multiply(g, _bell(a))),),
    **dict.fromkeys(("sign", "floor", "ceil", "rint"), lambda y, g, a: (None,)),
    "maximum": _larger,
    "minimum": _smaller,
    "where": lambda y, g, condition, a, b: (None, where(condition, g, 0.0), where(condition, 0.0, g)),
    **dict.fromkeys(COMPARISONS, lambda y, g, a, b: (None, None)),
    "broadcast": _broadcast,
    "reshape": lambda y, g, x: (reshape(broadcast(g, y.shape), x.shape),),
    "permute": _permute,
    "slice": _slice,
    "join": _join,
    "sum": _sum,
    "max": _extreme,
    "min": _extreme,
    **dict.fromkeys(("argmax", "argmin", "stop"), lambda y, g, x: (None,)),
    "matmul": _matmul,
    "softmax": _softmax,
    "row_order": lambda y, g, x: (None,),
    "take_elements": _taken,
    "add_elements": lambda y, g, x, places: (_taken_at(broadcast(g, y.shape), places), None),
}
