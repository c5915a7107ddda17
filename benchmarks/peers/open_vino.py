"""OpenVINO: the same ONNX graph, compiled for the CPU and for latency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino

from .engine import Engine, Values
from .onnx_graph import graph
from .problem import Problem


class OpenVINO(Engine):
    """One infer request, its inputs and outputs shared with NumPy."""

    def versions(self) -> dict[str, str]:
        return {"openvino": openvino.__version__.split("-")[0]}

    def infer(self, problem: Problem) -> Callable[[], Values]:
        request = self._request(graph(problem, problem.shape.T))
        x = np.ascontiguousarray(problem.x.swapaxes(0, 1))

        def call() -> Values:
            answer: Values = request.infer({"x": x}, share_inputs=True, share_outputs=True)["y"]
            return answer.copy()

        return call

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        request = self._request(graph(problem, 1, states=True))
        h = c = np.zeros((1, 1, problem.shape.H), np.float32)

        def step(x: Values) -> Values:
            nonlocal h, c
            results = request.infer({"x": x[None, None], "h0": h, "c0": c}, share_inputs=True)
            h, c = results["h1"], results["c1"]
            return results["y"][0]  # type: ignore[no-any-return]

        return step

    def _request(self, model: bytes) -> openvino.InferRequest:
        core = openvino.Core()
        settings = {"INFERENCE_NUM_THREADS": self.threads, "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
        # f32: on processors with bf16 the default would answer a rounder sum, sooner
        settings["INFERENCE_PRECISION_HINT"] = "f32"
        return core.compile_model(core.read_model(model, b""), "CPU", settings).create_infer_request()
