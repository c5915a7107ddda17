"""Schedules of programs: elementwise operations that follow each other become one formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..kernels.contract import ElementwiseFormula
from .derivatives import ordered
from .tensor import COMPARISONS, ELEMENTWISE, Tensor

#: Most operands of a formula: each is an argument of the kernel.
MAX_OPERANDS = 12


class Step(NamedTuple):
    """The computation of one array: of a formula of other arrays, or of an operation by its own."""

    result: Tensor
    formula: ElementwiseFormula | None
    operands: tuple[Tensor, ...]


def scheduled(roots: Sequence[Tensor], known: Callable[[Tensor], bool]) -> list[Step]:
    """Return the steps that compute ``roots`` from what is ``known``."""
    order = ordered(roots, known)
    arrays = _arrays(order, roots)
    steps = []
    for x in order:
        if id(x) in arrays:
            steps.append(_formula_step(x, arrays, known) if x.operation in ELEMENTWISE else Step(x, None, x.operands))
    return steps


def _arrays(order: Sequence[Tensor], roots: Sequence[Tensor]) -> set[int]:
    """Return the identities of the tensors that become arrays: all but elementwise ones that a single formula needs."""
    wanted = {id(root) for root in roots}
    formulas: dict[int, set[int]] = {}  # tensor -> the results of the formulas that need it, 0 for any other operation
    sizes: dict[int, int] = {}  # result of a formula -> a bound of its operands
    arrays = set()
    for x in reversed(order):
        users, count = formulas.get(id(x), {0}), sum(not operand.is_constant for operand in x.operands)
        inside = id(x) not in wanted and 0 not in users
        if inside and x.is_constant:
            continue  # a number of formulas
        formula = id(x) if x.operation in ELEMENTWISE else 0
        if inside and x.operation in ELEMENTWISE and len(users) == 1:
            (user,) = users
            if sizes[user] + count - 1 <= MAX_OPERANDS:
                sizes[user] += count - 1
                formula = user
        if formula in (0, id(x)):
            arrays.add(id(x))
            sizes[formula] = count
        for operand in x.operands:
            formulas.setdefault(id(operand), set()).add(formula)
    return arrays


class _Text:
    """A formula under construction."""

    def __init__(self, arrays: set[int], known: Callable[[Tensor], bool]) -> None:
        self._arrays, self._known = arrays, known
        self.lines: list[str] = []
        self.operands: dict[int, tuple[str, Tensor]] = {}
        self.constants: dict[float, str] = {}
        self._names: dict[int, str] = {}

    def constant(self, value: float) -> str:
        """Return the name of a number."""
        return self.constants.setdefault(value, f"c{len(self.constants)}")

    def _line(self, operation: str, names: Sequence[str]) -> str:
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {operation}({', '.join(names)})")
        return name

    def operand(self, x: Tensor, *, condition: bool = False) -> str:
        """Return the name of an operand: a number, or a truth value where it is a ``condition``."""
        computed = x.operation in ELEMENTWISE and id(x) not in self._arrays and not self._known(x)
        if computed and x.operation in COMPARISONS:
            return (
                self.result(x) if condition else self._line("where", [self.result(x), self.constant(1.0), self.constant(0.0)])
            )
        if x.is_constant:
            name = self.constant(x.detail)
        elif computed:
            name = self.result(x)
        else:
            name = self.operands.setdefault(id(x), (f"x{len(self.operands)}", x))[0]
        return self._line("not_equal", [name, self.constant(0.0)]) if condition else name

    def result(self, x: Tensor) -> str:
        """Return the name of the value of an operation: of truth values for a comparison."""
        if id(x) not in self._names:
            if x.operation == "copy":
                self._names[id(x)] = self.operand(x.operands[0])
            else:
                names = [self.operand(a, condition=x.operation == "where" and k == 0) for k, a in enumerate(x.operands)]
                self._names[id(x)] = self._line(x.operation, names)
        return self._names[id(x)]


def _formula_step(x: Tensor, arrays: set[int], known: Callable[[Tensor], bool]) -> Step:
    text = _Text(arrays - {id(x)}, known)
    name = text.operand(x) if x.operation in COMPARISONS else text.result(x)
    formula = ElementwiseFormula("\n".join([*text.lines, name]), tuple(text.constants))
    return Step(x, formula, tuple(operand for _, operand in text.operands.values()))
