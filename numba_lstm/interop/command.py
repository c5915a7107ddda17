"""``python -m numba_lstm convert IN OUT`` and ``python -m numba_lstm info FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import tables
from . import describing, formats
from .onnx.writing import OPSETS


def main(arguments: Sequence[str]) -> int:
    """Run a command and answer its exit code; what goes wrong is one sentence."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "convert":
            _convert(options)
        else:
            print("\n".join(lines(describing.describe(options.file))))
    except (OSError, ValueError, ImportError) as error:
        print(f"numba_lstm {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _convert(options: argparse.Namespace) -> None:
    sequences = not options.last_step
    model = formats.read_model(options.input, into=options.into, return_sequences=sequences, time_first=options.time_first)
    left = formats.write_model(model, options.output, opset=options.opset, overwrite=options.overwrite)
    count = sum(weight.value.size for weight in model.weights)
    print(f"{options.output}: {len(model.layers)} layers, {count:,} weights.")
    for sentence in left:
        print(sentence)


def lines(description: describing.Description) -> list[str]:
    """A description in lines for a terminal."""
    found = [f"{formats.TITLES[description.format]} (.{description.format})"]
    found += [f"{name}: {_shown(text)}" for name, text in description.facts.items()]
    if description.layers:
        word = "node" if description.format == formats.ONNX else "layer"
        found += tables.draw([word, "kind"], [[_shown(name), _shown(kind)] for name, kind in description.layers], rules=False)
    if description.arrays:
        rows = [[_shown(a.name), a.dtype, " x ".join(map(str, a.shape)) or "one number"] for a in description.arrays]
        found += tables.draw(["array", "type", "shape"], rows, rules=False)
    return found


def _shown(text: str) -> str:
    """``text`` without what a terminal would take for a command, and not endless."""
    cut = text if len(text) <= 120 else f"{text[:120]}…"
    return cut if cut.isprintable() else ascii(cut)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m numba_lstm", description="Files of models.")
    commands = parser.add_subparsers(dest="command", required=True)
    convert = commands.add_parser(
        "convert",
        help="read a model of one format and write it in another",
        description="Reads a model of any format, which its content says, and writes it in that of the second name: "
        f"{', '.join(formats.WRITTEN)}.",
    )
    convert.add_argument("input", type=Path, metavar="IN")
    convert.add_argument("output", type=Path, metavar="OUT")
    convert.add_argument("--into", type=Path, metavar="MODEL", help="for weights of Keras: a file of the model they belong to")
    convert.add_argument(
        "--last-step", action="store_true", help="for tensors of PyTorch: the LSTM answers its last step alone"
    )
    convert.add_argument("--time-first", action="store_true", help="for an ONNX graph: it takes (T, N, D)")
    convert.add_argument("--opset", type=int, choices=OPSETS, default=17, metavar="N", help="of ONNX (default: %(default)s)")
    convert.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    info = commands.add_parser("info", help="say what a file holds", description="Says what a file holds, without building it.")
    info.add_argument("file", type=Path, metavar="FILE")
    return parser
