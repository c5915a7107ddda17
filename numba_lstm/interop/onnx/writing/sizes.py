"""Sizes that a graph does not know: two runs of a function with other sizes show what depends on which of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from .graph_builder import GraphBuilder, GraphValue

#: Sizes of the batch and then of free axes in two runs. They are prime, so that a product tells its factors.
TRIALS = ((101, 103, 107, 109, 113, 127), (131, 137, 139, 149, 151, 157))

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """A size: a number times free sizes, each given by its index in :data:`TRIALS`, and a summand."""

    number: int
    factors: tuple[int, ...] = ()
    summand: int = 0


class FreeSizes:
    """The free sizes of the inputs of a layer, and the nodes that compute sizes from them."""

    def __init__(
        self,
        builder: GraphBuilder,
        label: str,
        values: Sequence[GraphValue],
        shapes: Sequence[Sequence[int | None]],
        apart: bool,
    ) -> None:
        self.builder, self.label = builder, label
        self._places: list[tuple[str, int]] = [(values[0].name, 0)]  # of each size: a tensor and its axis
        self.trials: list[list[Shape]] = [[], []]
        for value, shape in zip(values, shapes, strict=True):
            indices = [0, *(self._index(value.name, k, apart) if n is None else -1 for k, n in enumerate(shape[1:], 1))]
            for trial, sizes in zip(self.trials, TRIALS, strict=True):
                known = zip(indices, (None, *shape[1:]), strict=True)
                trial.append(tuple(sizes[index] if size is None else size for index, size in known))

    def _index(self, name: str, axis: int, apart: bool) -> int:
        if not apart and len(self._places) > 1:
            return 1
        if (name, axis) in self._places:
            return self._places.index((name, axis))
        if len(self._places) == len(TRIALS[0]):
            raise ValueError(f"{self.label} has too many free sizes to be written as ONNX. Give the Input a shape.")
        self._places.append((name, axis))
        return len(self._places) - 1

    def product(self, one: int, two: int) -> Product:
        """Return the size that was ``one`` in the first run and ``two`` in the second; ValueError if none fits."""
        if one == two:
            return Product(one)
        indices = range(len(self._places))
        for count in range(1, len(self._places) + 1):
            for factors in combinations(indices, count):
                a, b = (math.prod(sizes[k] for k in factors) for sizes in TRIALS)
                if one % a == 0 and two == one // a * b:
                    return Product(one // a, factors)
        raise ValueError(f"{self.label} has a size that depends on others, which cannot be written. Fix the Input's shape.")

    def difference(self, one: int, two: int) -> int | None:
        """Return how far an index lies behind the end of a free axis, or None for a fixed index."""
        if one == two:
            return None
        for index in range(len(self._places)):
            if one - TRIALS[0][index] == two - TRIALS[1][index]:
                return one - TRIALS[0][index]
        raise ValueError(f"{self.label} takes a slice that depends on the number of steps. Fix the Input's shape.")

    def vector(self, one: Shape, two: Shape) -> str:
        """Return a tensor with the sizes of a shape."""
        products = [self.product(a, b) for a, b in zip(one, two, strict=True)]
        if not any(product.factors for product in products):
            return self.builder.add_integers([product.number for product in products])
        entries = [self.entry(product) for product in products]
        return self.builder.add_op("Concat", entries, self.label, axis=0)

    def entry(self, product: Product) -> str:
        """Return a tensor (1,) with one size."""
        names = [] if product.number == 1 and product.factors else [self.builder.add_integers([product.number])]
        for index in product.factors:
            name, axis = self._places[index]
            shape = self.builder.add_op("Shape", [name], self.label)
            names.append(self.builder.add_op("Gather", [shape, self.builder.add_integers([axis])], self.label, axis=0))
        result = names[0]
        for name in names[1:]:
            result = self.builder.add_op("Mul", [result, name], self.label)
        if product.summand:
            result = self.builder.add_op("Add", [result, self.builder.add_integers([product.summand])], self.label)
        return result

    def reshaped(self, before: tuple[Shape, Shape], after: tuple[Shape, Shape]) -> str:
        """Return the shape of a Reshape, with 0 for a size that stays and -1 for one that is left, where that is enough."""
        sizes: list[int] = []
        for axis, pair in enumerate(zip(*after, strict=True)):
            stays = axis < len(before[0]) and pair == (before[0][axis], before[1][axis])
            sizes.append(pair[0] if pair[0] == pair[1] else 0 if stays else -1)
        return self.vector(*after) if sizes.count(-1) > 1 else self.builder.add_integers(sizes)
