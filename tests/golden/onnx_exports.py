"""ONNX files of this package, and what ONNX Runtime computes with them.

``PYTHONPATH=.:tests/interop python tests/golden/onnx_exports.py`` exports the models of ``exported_graphs`` and runs them with
ONNX Runtime 1.32. It writes beside this file ``onnx_exports.npz``, with ``case/graph``, the bytes of the graph, and
``case/output<i>``. Tests compare the graphs that are written with these, so that the outputs hold for them without the runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")


def run(data: bytes, inputs: Any) -> list[Any]:
    """What ONNX Runtime computes, after onnx has checked the model."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(data, full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return list(session.run(None, {value.name: x for value, x in zip(session.get_inputs(), inputs, strict=True)}))


def main() -> None:
    import exported_graphs

    from numba_lstm.interop.onnx.protobuf import messages, wire
    from numba_lstm.interop.onnx.writing.exporter import dumps

    arrays = {}
    for case in exported_graphs.CASES:
        model, inputs = exported_graphs.build(case)
        data = dumps(model, 17)
        graph = wire.write(wire.read(data, messages.MODEL)["graph"], messages.GRAPH)
        arrays[f"{case}/graph"] = np.frombuffer(graph, np.uint8)
        arrays |= {f"{case}/output{k}": y for k, y in enumerate(run(data, inputs))}
    np.savez_compressed(FILE, **arrays)


if __name__ == "__main__":
    main()
