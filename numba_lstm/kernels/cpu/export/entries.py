"""The functions of an exported stream, as LLVM code: ``name_step`` and those beside it, which call the recorded kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llvmlite import ir

from .code_module import BYTE, NOTHING, POINTER, STEP, WEIGHTS, WORD, CodeModule
from .memory_map import HEADER, Place, Segment
from .step_program import Call, Rows, State, StepProgram


class Module(CodeModule):
    """The LLVM module of the functions of a stream.

    Parameters
    ----------
    limit : (int, int), optional
        The index of a state that counts steps, and the most for which there is memory. A step after them puts out NaN.
    """

    def __init__(
        self, program: StepProgram, name: str, pointer_bits: int, *, embedded: bool, limit: tuple[int, int] | None = None
    ) -> None:
        super().__init__(program, name, pointer_bits, embedded=embedded)
        self._limit = limit
        steps = [self._recorded_step(k) for k in range(2)]
        self._define("size", self._size, [], lambda b, args: b.ret(self._size(program.instance_bytes + HEADER - 1)))
        self._define("init", POINTER, [POINTER] if embedded else [POINTER, POINTER], self._init)
        self._define("reset", NOTHING, [POINTER], self._reset)
        run = self._define("run", NOTHING, [POINTER, POINTER, POINTER, self._size], lambda b, args: self._run(b, args, steps))
        self._define("step", NOTHING, [POINTER] * 3, lambda b, args: self._step(b, args, run))
        self._define("get_state", NOTHING, [POINTER] * 2, self._get_state)
        self._define("set_state", NOTHING, [POINTER] * 2, self._set_state)

    @property
    def functions(self) -> list[str]:
        """The names of the functions that a C program calls."""
        names = ("size", "init", "reset", "step", "run", "get_state", "set_state")
        return [f"{self._name}_{name}" for name in names]

    def _recorded_step(self, k: int) -> ir.Function:
        """Define the function of an even or of an odd step, (net, x, y)."""
        program = self._program

        def body(builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
            net, x, y = args
            weights = self._weights_of(builder, net)
            results = builder.alloca(POINTER), builder.alloca(POINTER)
            self._copy_rows(builder, program.inputs[k], net, x, into_net=True)
            for call in program.steps[k]:
                self._call(builder, call, results, net, weights)
            self._copy_rows(builder, program.outputs[k], net, y, into_net=False)

        function = self._define(("even_step", "odd_step")[k], NOTHING, [POINTER] * 3, body)
        function.linkage = "internal"
        return function

    def _copy_rows(self, builder: ir.IRBuilder, rows: Rows, net: ir.Value, pointer: ir.Value, *, into_net: bool) -> None:
        inside = self._byte(builder, net, rows.place.offset), (rows.stride, 1)
        outside = pointer, (rows.columns, 1)
        self._copy(builder, (rows.N, rows.columns), *((outside, inside) if into_net else (inside, outside)))

    def _call(self, builder: ir.IRBuilder, call: Call, results: Any, net: ir.Value, weights: ir.Value) -> None:
        arguments, stack = [], self._locals(builder, call.arguments)
        for argument, kind in zip(call.arguments, call.kinds, strict=True):
            if isinstance(argument, Place) and argument.local:
                place = self._byte(builder, stack[argument.local], argument.offset)
                arguments.append(place if kind == "p" else builder.ptrtoint(place, WORD))
            elif kind == "d":
                arguments.append(ir.Constant(ir.DoubleType(), argument))
            elif kind == "i":
                arguments.append(self._word(builder, argument, net, weights))
            elif argument is None:
                arguments.append(ir.Constant(POINTER, None))
            else:
                arguments.append(self._at(builder, argument, net, weights))
        builder.call(self._kernel(call.symbol, call.kinds), [*results, *arguments])

    def _init(self, builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
        """Fill the memory of an instance, which begins at the first line in the memory that the caller gives."""
        raised = builder.add(builder.ptrtoint(args[0], self._size), self._size(HEADER - 1))
        net = builder.inttoptr(builder.and_(raised, self._size(-HEADER)), POINTER)
        if not self._embedded:
            self._check_weights(builder, args[1])
        self._fill(builder, net, self._program.instance_bytes // 8, lambda k: WORD(0))
        if not self._embedded:
            content = builder.ptrtoint(self._byte(builder, args[1], HEADER), WORD)
            builder.store(content, self._byte(builder, net, 8 * WEIGHTS))
        weights = self._weights_of(builder, net)
        for number, segment in enumerate(s for s in self._program.memory.segments if not s.constant):
            self._fill_segment(builder, segment, number, net, weights)
        builder.ret(net)

    def _check_weights(self, builder: ir.IRBuilder, weights: ir.Value) -> None:
        """Return a null pointer for weights at no line of memory, and for those of another library."""
        place = builder.ptrtoint(weights, self._size)
        missing, between = builder.icmp_unsigned("==", place, self._size(0)), builder.and_(place, self._size(HEADER - 1))
        with builder.if_then(builder.or_(missing, builder.icmp_unsigned("!=", between, self._size(0)))):
            builder.ret(ir.Constant(POINTER, None))
        layout = self._program.weight_layout()
        for k in range(0, len(layout), 8):
            found = builder.load(self._byte(builder, weights, k), typ=WORD)
            with builder.if_then(builder.icmp_unsigned("!=", found, WORD(int.from_bytes(layout[k : k + 8], "little")))):
                builder.ret(ir.Constant(POINTER, None))

    def _fill_segment(self, builder: ir.IRBuilder, segment: Segment, number: int, net: ir.Value, weights: ir.Value) -> None:
        """Store what a segment of an instance begins with."""
        content = self._program.image(segment)
        if content:
            image = self._bytes(f"{self._name}_memory_{number}", bytearray(content))
            start = self._byte(builder, net, segment.place)
            with self._loop(builder, WORD(len(content))) as k:
                byte = builder.load(builder.gep(image, [k], source_etype=BYTE), typ=BYTE)
                builder.store(byte, builder.gep(start, [k], source_etype=BYTE))
        for offset, word in self._program.memory.addresses(segment):
            value = self._word(builder, self._program.argument(word), net, weights)
            builder.store(value, self._byte(builder, net, segment.place + offset))

    def _fill(self, builder: ir.IRBuilder, first: ir.Value, words: int, value: Callable[[Any], ir.Value]) -> None:
        with self._loop(builder, WORD(words)) as k:
            builder.store(value(k), builder.gep(first, [k], source_etype=WORD))

    def _reset(self, builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
        (net,) = args
        builder.store(WORD(0), self._byte(builder, net, 8 * STEP))
        for state in self._program.states:
            self._zero(builder, state, net)

    def _zero(self, builder: ir.IRBuilder, state: State, net: ir.Value) -> None:
        def zero(pointer: ir.Value, shape: Sequence[int], strides: Sequence[int]) -> None:
            if not shape:
                builder.store(ir.Constant(self._real, 0), pointer)
                return
            with self._loop(builder, WORD(shape[0])) as k:
                offset = builder.mul(k, WORD(strides[0]))
                zero(builder.gep(pointer, [offset], source_etype=self._real), shape[1:], strides[1:])

        zero(self._byte(builder, net, state.places[0].offset), state.shape, state.strides)

    def _run(self, builder: ir.IRBuilder, args: Sequence[ir.Value], steps: Sequence[ir.Function]) -> None:
        net, x, y, count = args
        inputs, outputs = (self._size(rows[0].N * rows[0].columns) for rows in (self._program.inputs, self._program.outputs))
        number = self._byte(builder, net, 8 * STEP)
        with self._loop(builder, count) as t:
            now = (
                builder.gep(x, [builder.mul(t, inputs)], source_etype=self._real),
                builder.gep(y, [builder.mul(t, outputs)], source_etype=self._real),
            )
            if self._limit is None:
                self._run_step(builder, net, now, number, steps)
            else:
                with builder.if_else(self._is_full(builder, net)) as (then, otherwise):
                    with then, self._loop(builder, outputs) as k:
                        nan = ir.Constant(self._real, math.nan)
                        builder.store(nan, builder.gep(now[1], [k], source_etype=self._real))
                    with otherwise:
                        self._run_step(builder, net, now, number, steps)

    def _run_step(
        self, builder: ir.IRBuilder, net: ir.Value, now: Sequence[ir.Value], number: ir.Value, steps: Sequence[ir.Function]
    ) -> None:
        """Call an even or an odd step, and count it."""
        odd = builder.load(number, typ=WORD)
        with builder.if_else(builder.icmp_unsigned("==", odd, WORD(0))) as (then, otherwise):
            for place, step in zip((then, otherwise), steps, strict=True):
                with place:
                    builder.call(step, [net, *now])
        builder.store(builder.xor(odd, WORD(1)), number)

    def _is_full(self, builder: ir.IRBuilder, net: ir.Value) -> ir.Value:
        """Return whether there is no memory for another step."""
        assert self._limit is not None
        index, most = self._limit
        count = builder.load(self._state_now(builder, net, self._program.states[index]), typ=self._real)
        return builder.fcmp_unordered(">=", count, ir.Constant(self._real, most))

    def _state_now(self, builder: ir.IRBuilder, net: ir.Value, state: State) -> ir.Value:
        """Return the address of a state that the next step reads."""
        odd = builder.icmp_unsigned("!=", builder.load(self._byte(builder, net, 8 * STEP), typ=WORD), WORD(0))
        even_at, odd_at = (self._byte(builder, net, place.offset) for place in state.places)
        return builder.select(odd, odd_at, even_at)

    def _step(self, builder: ir.IRBuilder, args: Sequence[ir.Value], run: ir.Function) -> None:
        builder.call(run, [*args, self._size(1)])

    def _get_state(self, builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
        net, out = args
        for state, start in _states(self._program.states):
            source = self._state_now(builder, net, state), state.strides
            self._copy(builder, state.shape, source, (self._element(builder, out, start), _contiguous(state.shape)))

    def _set_state(self, builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
        net, values = args
        builder.store(WORD(0), self._byte(builder, net, 8 * STEP))
        for state, start in _states(self._program.states):
            into = self._byte(builder, net, state.places[0].offset), state.strides
            self._copy(builder, state.shape, (self._element(builder, values, start), _contiguous(state.shape)), into)

    def _element(self, builder: ir.IRBuilder, pointer: ir.Value, index: int) -> ir.Value:
        return builder.gep(pointer, [WORD(index)], source_etype=self._real)


def _contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    strides, size = [], 1
    for length in reversed(shape):
        strides.insert(0, size)
        size *= length
    return tuple(strides)


def _states(states: Sequence[State]) -> Iterator[tuple[State, int]]:
    """Yield each state, and its first element among those of all."""
    start = 0
    for state in states:
        yield state, start
        start += math.prod(state.shape)
