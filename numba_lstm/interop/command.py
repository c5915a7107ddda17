"""The commands ``python -m numba_lstm convert IN OUT`` and ``python -m numba_lstm info FILE``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..console import tables
from ..files import formats
from . import conversion, description
from .onnx.writing.exporter import DEFAULT_OPSET, OPSETS


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; an error prints one sentence."""
    options = _parser().parse_args(arguments)
    try:
        for line in _run(options):
            print(line)
    except (OSError, ValueError, ImportError) as error:
        print(f"numba_lstm {options.command}: {_error_message(error)}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> list[str]:
    if options.command == "convert":
        return convert(options)
    return format_description(description.describe(options.file))


def _error_message(error: Exception) -> str:
    """The text of an error, with options of the command in place of Python's arguments."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    text = str(error)
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    return text


#: Argument that an error advises -> the option of the command.
_OPTIONS = {
    "overwrite=True": "--overwrite",
    "into=MODEL": "--into MODEL",
    "states=True": "--states",
    "opset=": "--opset ",
    "external_data=True": "--external-data",
    "compile=False": "--no-compile",
    "say time_first": "say --time-first",
}


def convert(options: argparse.Namespace) -> list[str]:
    """Read IN, write OUT, and return the lines to print."""
    _check_options(options)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        model = conversion.read_model(
            options.input,
            into=options.into,
            return_sequences=not options.last_step,
            time_first=options.time_first,
            external_data=options.external_data,
            compile=not options.no_compile,
        )
    opset = DEFAULT_OPSET if options.opset is None else options.opset
    losses = conversion.write_model(model, options.output, opset=opset, states=options.states, overwrite=options.overwrite)
    weights = sum(weight.value.size for weight in model.weights)
    messages = [f"{options.output}: {_count(len(model.layers), 'layer')}, {_count(weights, 'weight')}."]
    messages += [f"Note: {warning.message}" for warning in warned]
    if options.into and model.optimizer and conversion.format_of_suffix(str(options.output)).has_optimizer:
        messages.append(f"The optimizer is that of {options.into}; so is its state, unless {options.input} has one that fits.")
    return messages + losses


def _check_options(options: argparse.Namespace) -> None:
    """Raise ValueError for an option that does not apply to these two files."""
    readers = [conversion.format_of(str(file)) for file in (options.input, options.into) if file]
    read = {option for form in readers for option in form.read_options}
    written = conversion.format_of_suffix(str(options.output)).write_options
    for option, value, applies, purpose in (
        ("--into", options.into, formats.WEIGHTS in readers[:1], "weights of Keras as IN"),
        ("--last-step", options.last_step, "return_sequences" in read, "tensors of PyTorch as IN"),
        ("--time-first", options.time_first, "time_first" in read, "an ONNX graph as IN"),
        ("--external-data", options.external_data, "external_data" in read, "an ONNX graph as IN"),
        ("--no-compile", options.no_compile, "compile" in read, "a model of numba_lstm or Keras as IN"),
        ("--opset", options.opset is not None, "opset" in written, "an OUT that ends in .onnx"),
        ("--states", options.states, "states" in written, "an OUT that ends in .onnx"),
    ):
        if value and not applies:
            raise ValueError(f"{option} is for {purpose}, got {options.input} and {options.output}. Leave it out.")


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def format_description(content: description.Description) -> list[str]:
    """Format a description as lines for a terminal."""
    output = [f"{formats.FORMATS[content.format].title} (.{content.format})"]
    output += [f"{name}: {_printable(text)}" for name, text in content.facts.items()]
    if content.layers:
        word = "node" if content.format == formats.ONNX.name else "layer"
        output += tables.draw(
            [word, "kind"], [[_printable(name), _printable(kind)] for name, kind in content.layers], rules=False
        )
    if content.arrays:
        rows = [[_printable(a.name), a.dtype, " x ".join(map(str, a.shape)) or "one number"] for a in content.arrays]
        output += tables.draw(["array", "type", "shape"], rows, rules=False)
    return output


def _printable(text: str) -> str:
    """``text`` without control characters, and at most 120 letters of it."""
    cut = text if len(text) <= 120 else f"{text[:120]}…"
    return cut if cut.isprintable() else ascii(cut)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m numba_lstm", description="Files of models.")
    commands = parser.add_subparsers(dest="command", required=True)
    convert_parser = commands.add_parser(
        "convert",
        help="read a model of one format and write it in another",
        description="Reads a model of any format, which its content says, and writes it in that of the second name: "
        f"{', '.join(formats.BY_SUFFIX)}.",
    )
    convert_parser.add_argument("input", type=Path, metavar="IN")
    convert_parser.add_argument("output", type=Path, metavar="OUT")
    convert_parser.add_argument(
        "--into", type=Path, metavar="MODEL", help="for weights of Keras: a file of the model they belong to"
    )
    convert_parser.add_argument(
        "--last-step", action="store_true", help="for tensors of PyTorch: the LSTM returns its last states (h_n) alone"
    )
    convert_parser.add_argument("--time-first", action="store_true", help="for an ONNX graph: it takes (T, N, D)")
    convert_parser.add_argument(
        "--opset", type=int, choices=OPSETS, metavar="N", help=f"for .onnx: the operators' version (default: {DEFAULT_OPSET})"
    )
    convert_parser.add_argument("--states", action="store_true", help="for .onnx: states are inputs and outputs of the graph")
    convert_parser.add_argument("--external-data", action="store_true", help="for an ONNX graph: read the files beside it")
    convert_parser.add_argument(
        "--no-compile", action="store_true", help="for a model of numba_lstm or Keras: leave out what it was compiled with"
    )
    convert_parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    info = commands.add_parser("info", help="say what a file holds", description="Says what a file holds, without building it.")
    info.add_argument("file", type=Path, metavar="FILE")
    return parser
