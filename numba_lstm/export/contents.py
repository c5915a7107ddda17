"""The files of a C library, as bytes."""

from __future__ import annotations

import copy
from typing import NamedTuple

from ..device import ops_of, stream_exporter
from ..models import Model
from . import project, self_test
from .archive import archive
from .exported_graph import ExportedGraph
from .header import Interface, header

#: Steps of the recorded test.
TEST_STEPS = 64


class Options(NamedTuple):
    """What a library is made for, see :func:`.library.export_c`."""

    name: str
    target: str
    rows: int
    weights: str
    max_steps: int | None = None


def library_files(model: Model, options: Options) -> dict[str, bytes]:
    """Return the files of a library by their names."""
    exporter, ops = stream_exporter(), ops_of("cpu")
    model = copy.deepcopy(model)  # whose weights have no prepared forms yet
    graph = ExportedGraph(model, options.max_steps)
    cells, N = graph.cell_states(options.rows), options.rows
    shapes = [shape for cell in cells for shape in cell]
    obj = exporter.compile_stream(
        graph.function(ops), N, graph.rows, shapes, model.weights,
        name=options.name, target=options.target, embedded=options.weights == "embedded",
        limit=graph.limit,
    )  # fmt: skip
    interface = Interface.of(model, graph, options, obj)
    x = graph.test_steps(min(TEST_STEPS, options.max_steps or TEST_STEPS), N)
    plan = ops.stream_plan(graph.function(ops), N, graph.rows, shapes)
    assert plan is not None
    name, suffix = options.name, ".obj" if obj.format == "coff" else ".o"
    files = {
        f"{name}.h": header(interface).encode(),
        f"{name}{suffix}": obj.content,
        f"{name}_test.c": self_test.program(interface, x, plan.run(x)).encode(),
        "README.md": project.readme(interface, f"{name}{suffix}").encode(),
        "CMakeLists.txt": project.cmake(interface, f"{name}{suffix}").encode(),
    }
    if obj.format == "elf":
        files[f"{name}.a"] = archive(f"{name}.o", obj.content, exporter.exported(obj.content))
    if options.weights == "file":
        files[f"{name}.bin"] = obj.weights
    return files
