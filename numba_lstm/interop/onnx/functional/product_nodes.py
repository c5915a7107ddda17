"""Convert products of matrices, and Einsum: sums over axes, and products of tensors or with constants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import ops
from ....layers import Dense, Reshape
from ..graph.graph import Node
from .folding import Known
from .scope import Entry, Scope
from .value import Value, arranged, natural, placed, real_order

Host = npt.NDArray[Any]

_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gemm(scope: Scope, node: Node) -> list[Value]:
    """Gemm: a Dense, whose weights include the factors alpha and beta."""
    x, attributes = scope.value(node), node.attributes
    if x.rank != 2 or x.batch == 1 or attributes.get("transA", 0):
        raise ValueError(f"multiplies sizes {x.sizes}, where rows of features were expected")
    kernel, bias = scope.require(node, 1), scope.constant(node, 2)
    kernel = kernel.T if attributes.get("transB", 0) else kernel
    with np.errstate(invalid="ignore", over="ignore"):  # of weights that are infinite
        kernel = kernel * kernel.dtype.type(attributes.get("alpha", 1.0))
        bias = None if bias is None else bias * bias.dtype.type(attributes.get("beta", 1.0))
    return [_dense(scope, node, x, kernel, bias)]


def matmul(scope: Scope, node: Node) -> list[Value]:
    """MatMul: a Dense, whose bias may be in the Add behind it, or a product of tensors."""
    a, b = scope.get(node, 0), scope.get(node, 1)
    if isinstance(a, Value) and isinstance(b, Value):
        if a.rank != b.rank or a.rank < 2 or a.batch != b.batch or a.batch in (a.rank - 1, a.rank - 2):
            raise ValueError(f"multiplies sizes {a.sizes} and {b.sizes}, where products of each sample were expected")
        order = a.samples
        return [placed(ops.matmul(natural(a), natural(b)), order, a.rank, a.batch)]
    x, kernel = scope.value(node), scope.require(node, 1)
    if kernel.ndim != 2 or x.batch == x.rank - 1:
        raise ValueError(f"multiplies sizes {x.sizes} with a constant of shape {kernel.shape}, where a matrix was expected")
    follower = scope.consumers.get(node.outputs[0])
    if follower is None or follower.kind != "Add" or scope.uses[node.outputs[0]] != 1:
        return [_dense(scope, node, x, kernel)]
    name = next((name for name in follower.inputs if name != node.outputs[0]), "")
    bias = scope.values.get(name)
    if not isinstance(bias, Known) or bias.array.shape != kernel.shape[1:]:
        return [_dense(scope, node, x, kernel)]
    y = _dense(scope, node, x, kernel, bias.numbers())
    scope.values[follower.outputs[0]] = y
    scope.skipped.add(follower.outputs[0])
    return [y]


def _dense(scope: Scope, node: Node, x: Value, kernel: Host, bias: Host | None = None) -> Value:
    last = x.rank - 1
    order = [*(axis for axis in real_order(x) if axis != last), last]
    tensor = arranged(x, order)
    if kernel.ndim != 2 or kernel.shape[0] != tensor.shape[-1]:
        raise ValueError(f"multiplies sizes {x.sizes} with a constant of shape {kernel.shape}")
    weights = [kernel]
    if bias is not None:
        if bias.size not in (1, kernel.shape[1]) or bias.shape[-1:] not in ((), (1,), kernel.shape[1:]):
            raise ValueError(f"adds an array of shape {bias.shape} to {kernel.shape[1]} features")
        weights.append(np.array(np.broadcast_to(bias.reshape(-1), kernel.shape[1:])))
    y = scope.add(Dense, node, tensor, weights, units=kernel.shape[1], use_bias=bias is not None)
    return placed(y, order, x.rank, x.batch)


def einsum(scope: Scope, node: Node) -> list[Value]:
    """Einsum of one operand, of two tensors, or of a tensor and a constant."""
    entries = [scope.get(node, index) for index in range(len(node.inputs))]
    terms, target = _terms(str(node.attributes.get("equation", "")), entries)
    if len(entries) == 2 and isinstance(entries[0], Known):
        entries, terms = entries[::-1], terms[::-1]
    x = entries[0]
    if not isinstance(x, Value):
        raise ValueError("has no input that depends on the graph's inputs")
    if any(len(set(term)) != len(term) for term in (*terms, target)):
        raise ValueError("repeats a letter of one array, a diagonal, for which there is no layer")
    if len(entries) == 2 and isinstance(entries[1], Known):
        term, other = terms
        return [_product_with_constant(scope, node, x, entries[1].numbers(), term, other, target)]
    return [_of_tensors([one for one in entries if isinstance(one, Value)], terms, target)]


def _terms(equation: str, entries: list[Entry | None]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with letters in place of an ellipsis."""
    given, arrow, target = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    if len(terms) != len(entries) or any(entry is None for entry in entries):
        raise ValueError(f"has the equation {equation!r:.60} for {len(entries)} inputs")
    letters = given.replace("...", "").replace(",", "")
    if not arrow:
        target = "..." * ("..." in given) + "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    unused = [one for one in _NAMES if one not in letters]
    ranks = [entry.rank if isinstance(entry, Value) else np.ndim(getattr(entry, "array", 0)) for entry in entries]
    missing = [rank - len(term.replace("...", "")) for rank, term in zip(ranks, terms, strict=True)]
    if any(count < 0 or (count > 0 and "..." not in term) for count, term in zip(missing, terms, strict=True)):
        raise ValueError(f"has the equation {equation!r:.60} for inputs of {ranks} axes")
    implied = unused[: max(missing, default=0)]
    filled = [term.replace("...", "".join(implied[len(implied) - count :])) for term, count in zip(terms, missing, strict=True)]
    return filled, target.replace("...", "".join(implied))


def _batch_letter(x: Value, term: str) -> str:
    return "" if x.batch is None else term[x.batch]


def _product_with_constant(scope: Scope, node: Node, x: Value, array: Any, term: str, other: str, target: str) -> Value:
    """Return a Dense of the axes that the constant shares with x, and loses."""
    summed = [one for one in term if one in other and one not in target]
    new = [one for one in other if one not in term]
    kept = [one for one in term if one not in other]
    if len(summed) + len(new) != len(other) or set(target) != {*kept, *new} or _batch_letter(x, term) in summed:
        raise ValueError(f"multiplies {term!r} with a constant {other!r} to {target!r}, which is no product of matrices")
    kernel = array.transpose([other.index(one) for one in (*summed, *new)])
    kernel = kernel.reshape(math.prod(kernel.shape[: len(summed)]), -1)
    rows = [one for one in kept if one != _batch_letter(x, term)]
    tensor = arranged(x, [term.index(one) for one in (*rows, *summed)])
    if len(summed) != 1:
        tensor = scope.add(Reshape, node, tensor, target_shape=(*_sizes(tensor, len(rows)), kernel.shape[0]))
    y = scope.add(Dense, node, tensor, [kernel], units=kernel.shape[1], use_bias=False)
    if len(new) > 1:  # without any, the axis of size 1 has no name
        sizes = [array.shape[other.index(one)] for one in new]
        y = scope.add(Reshape, node, y, target_shape=(*_sizes(y, len(rows)), *sizes))
    batch = None if x.batch is None else target.index(_batch_letter(x, term))
    return placed(y, [target.index(one) for one in (*rows, *new)], len(target), batch)


def _sizes(tensor: Any, count: int) -> list[int]:
    """Return the sizes of axes behind the batch, -1 for a free one."""
    return [-1 if size is None else size for size in tensor.shape[1 : 1 + count]]


def _of_tensors(values: list[Value], terms: list[str], target: str) -> Value:
    """Return the sum product of one or two tensors, whose batch is one letter of all."""
    (batch, *others) = {_batch_letter(x, term) for x, term in zip(values, terms, strict=True)}
    if others or batch not in target:
        raise ValueError(f"computes {','.join(terms)!r} to {target!r}, where the batch is not one letter of all")
    tensors, letters = [], []
    free = next(one for one in _NAMES if one not in "".join(terms))
    for x, term in zip(values, terms, strict=True):
        tensors.append(arranged(x, x.samples))
        letters.append((batch or free) + "".join(term[axis] for axis in x.samples))
    order = [one for one in target if one != batch]
    y = ops.einsum(f"{','.join(letters)}->{batch or free}{''.join(order)}", *tensors)
    return placed(y, [target.index(one) for one in order], len(target), target.index(batch) if batch else None)


HANDLERS: dict[str, Any] = {"Einsum": einsum, "Gemm": gemm, "MatMul": matmul}
