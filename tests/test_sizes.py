"""Files, functions, lists of parameters and folders of the package stay small enough to read at once."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

Function = ast.FunctionDef | ast.AsyncFunctionDef

FILE_LINES, FUNCTION_LINES, TIME_LOOP_LINES, PARAMETERS, FOLDER_FILES = 250, 60, 120, 12, 12

#: Time loops. Their factories and the parameters with their comments count too.
TIME_LOOPS = {
    "numba_lstm/kernels/cpu/lstm/backward_loop.py:backward_loop",
    "numba_lstm/kernels/cpu/lstm/forward_loop.py:forward_loop",
}

#: Compiled entry points of the CPU: callers pass a block of words, so there is no record of arguments. A comment beside each
#: parameter says what it is.
ENTRY_POINTS = {
    "numba_lstm/kernels/cpu/gemm/gemm.py:affine.affine_product",
    "numba_lstm/kernels/cpu/gemm/gemm.py:gate_product.gate_product_loop",
    "numba_lstm/kernels/cpu/gemm/weight_grad.py:_gate_columns.gate_columns",
    "numba_lstm/kernels/cpu/lstm/backward_loop.py:backward_loop.lstm_backward_loop",
    "numba_lstm/kernels/cpu/lstm/forward_loop.py:forward_loop.lstm_forward_loop",
    "numba_lstm/kernels/cpu/lstm/gate_dropout/weight_grad.py:_per_gate_columns.per_gate_columns",
    "numba_lstm/kernels/cpu/lstm/pointwise.py:gate_kernel.lstm_gate_kernel",
    "numba_lstm/kernels/cpu/lstm/pointwise_grad.py:gate_gradient_kernel.lstm_gate_gradient_kernel",
    "numba_lstm/kernels/cpu/lstm/pointwise_grad.py:output_gradient_kernel.lstm_output_gradient_kernel",
    "numba_lstm/kernels/cpu/lstm/rowwise/row_products.py:backward_product_kernel.backward_product",
    "numba_lstm/kernels/cpu/windows/gradients.py:_tap_gradient.tap_gradient",
    "numba_lstm/kernels/cpu/windows/products.py:_window_product.window_product",
    "numba_lstm/kernels/cpu/rnn/backward_loop.py:backward_loop.rnn_backward_loop",
    "numba_lstm/kernels/cpu/rnn/forward_loop.py:forward_loop.rnn_forward_loop",
    "numba_lstm/kernels/cpu/rnn/int8/forward_loop.py:forward_loop.rnn_int8_forward_loop",
    "numba_lstm/kernels/cpu/rnn/pointwise.py:simple_gradient_kernel.simple_rnn_gradient_kernel",
    "numba_lstm/kernels/cpu/rnn/pointwise_grad.py:gru_gradient_kernel.gru_gradient_kernel_",
    "numba_lstm/kernels/cpu/rnn/products.py:product_kernel.rnn_product",
    "numba_lstm/kernels/cpu/rnn/weight_grad.py:_rows_product.rnn_rows_product",
}

#: Kernels of a GPU, which have no records of arguments either and comments too.
GPU_KERNELS = {
    *(f"numba_lstm/kernels/cuda/lstm/steps/norms.py:{name}.{name}" for name in ("normed_gradient", "normed_step")),
    "numba_lstm/kernels/cuda/lstm/steps/backward.py:step_gradient.step_gradient",
}

#: Update rules of a GPU, which have one list of parameters.
GPU_RULES = {
    *(
        f"numba_lstm/kernels/cuda/training/further_rules.py:{name}.{name}"
        for name in ("adadelta", "adamax", "average", "ftrl", "lion")
    ),
    *(f"numba_lstm/kernels/cuda/training/update.py:_{name}.{name}" for name in ("adagrad", "adam", "nadam", "rmsprop", "sgd")),
}

#: Public functions whose parameters are those of Keras, and the operator of ONNX, whose parameters are its inputs. Their lines
#: are counted without the parameters and the docstring.
PUBLIC_SIGNATURES = {
    "numba_lstm/forecasting/parameters.py:Parameters.__init__",
    "numba_lstm/interop/onnx/operators/lstm_operator.py:lstm",
    "numba_lstm/layers/attention/multi_head_attention.py:MultiHeadAttention.__init__",
    "numba_lstm/layers/normalization/batch_normalization.py:BatchNormalization.__init__",
    *(f"numba_lstm/layers/preprocessing/lookups.py:{name}.__init__" for name in ("IntegerLookup", "StringLookup")),
    "numba_lstm/layers/preprocessing/text_vectorization.py:TextVectorization.__init__",
    "numba_lstm/layers/recurrent/lstm.py:LSTM.__init__",
    "numba_lstm/layers/cells/lstm_arguments.py:LSTMArguments.__init__",
    "numba_lstm/layers/windows/convolution.py:Conv.__init__",
    *(f"numba_lstm/layers/windows/depthwise_layers.py:{name}.__init__" for name in ("DepthwiseConv", "SeparableConv")),
    "numba_lstm/layers/conv_lstm/arguments.py:ConvLSTMArguments.__init__",
    "numba_lstm/layers/conv_lstm/layers.py:ConvLSTM.__init__",
    *(f"numba_lstm/layers/cells/rnn_cells.py:{name}.__init__" for name in ("GRUCell", "SimpleRNNCell")),
    "numba_lstm/layers/recurrent/gru.py:GRU.__init__",
    "numba_lstm/layers/recurrent/simple_rnn.py:SimpleRNN.__init__",
    "numba_lstm/layers/windows/transposed.py:ConvTranspose.__init__",
    *(f"numba_lstm/optimizers/adam.py:{name}.__init__" for name in ("Adam", "AdamW", "Adamax", "Nadam")),
    *(f"numba_lstm/optimizers/adaptive.py:{name}.__init__" for name in ("Adadelta", "Adagrad", "Ftrl")),
    *(f"numba_lstm/optimizers/rules.py:{name}.__init__" for name in ("Lion", "RMSprop", "SGD")),
    "numba_lstm/sklearn/estimator.py:LSTMEstimator.__init__",
    "numba_lstm/sklearn/wrapped.py:WrappingEstimator.__init__",
    "numba_lstm/sktime/forecaster.py:LSTMForecaster.__init__",
    "numba_lstm/training/loops/fit.py:fit",
    "numba_lstm/utils/datasets/text_files.py:text_dataset_from_directory",
}


def functions(node: ast.AST, names: tuple[str, ...] = ()) -> Iterator[tuple[str, Function]]:
    """Yield the qualified name and the node of each function, methods and nested functions included."""
    for child in ast.iter_child_nodes(node):
        inner = (*names, child.name) if isinstance(child, Function | ast.ClassDef) else names
        if isinstance(child, Function):
            yield ".".join(inner), child
        yield from functions(child, inner)


def parameters(function: Function) -> list[ast.arg]:
    """Return the parameters of a function without ``self`` and ``cls``."""
    found = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return found[1:] if found and found[0].arg in ("self", "cls") else found


def in_time_loop(name: str) -> bool:
    """Whether a function is a time loop or inside of one."""
    return any(name == loop or name.startswith(f"{loop}.") for loop in TIME_LOOPS)


@cache
def modules() -> tuple[tuple[str, str, dict[str, Function]], ...]:
    """Return the path and the source of each module of the package, and its functions by their qualified names."""
    found = []
    for path in sorted(ROOT.joinpath("numba_lstm").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        found.append((path.relative_to(ROOT).as_posix(), source, dict(functions(ast.parse(source)))))
    return tuple(found)


def length(function: Function, name: str = "") -> int:
    """Return the number of lines of a function without its decorators; of a public signature those of the body alone."""
    begins = function
    if name in PUBLIC_SIGNATURES:
        begins = function.body[1 if ast.get_docstring(function) else 0]
    return function.end_lineno - begins.lineno + 1


def sizes() -> Iterator[tuple[str, int, int]]:
    """Yield the name, size and limit of each file, function, list of parameters and folder."""
    for path, source, by_name in modules():
        yield path, len(source.splitlines()), FILE_LINES
        for name, function in by_name.items():
            full = f"{path}:{name}"
            yield full, length(function, full), TIME_LOOP_LINES if in_time_loop(full) else FUNCTION_LINES
            if full not in ENTRY_POINTS | GPU_KERNELS | GPU_RULES | PUBLIC_SIGNATURES:
                yield f"{full}()", len(parameters(function)), PARAMETERS
    for folder, count in Counter(path.rpartition("/")[0] for path, *_ in modules()).items():
        yield f"{folder}/", count, FOLDER_FILES


def test_files_functions_parameters_and_folders_are_within_their_limits():
    assert not {name: size for name, size, limit in sizes() if size > limit}, "divide these"


def test_lists_of_exceptions_name_functions_that_exist_and_need_them():
    found = {f"{path}:{name}": function for path, _, by_name in modules() for name, function in by_name.items()}
    lists = ENTRY_POINTS | GPU_KERNELS | GPU_RULES | PUBLIC_SIGNATURES
    assert not {name for name in lists if name not in found or len(parameters(found[name])) <= PARAMETERS}
    assert not {name for name in TIME_LOOPS if length(found[name]) <= FUNCTION_LINES}


def test_every_parameter_of_an_entry_point_has_a_comment_beside_it():
    for path, source, by_name in modules():
        lines = source.splitlines()
        for name, function in by_name.items():
            if f"{path}:{name}" in ENTRY_POINTS | GPU_KERNELS:
                bare = [parameter.arg for parameter in parameters(function) if "  # " not in lines[parameter.lineno - 1]]
                assert not bare, f"{path}:{name}"
