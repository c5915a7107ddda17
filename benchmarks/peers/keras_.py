"""Keras on the backend that ``KERAS_BACKEND`` names: JAX or TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from . import kinds
from .engine import Engine, Values
from .keras_models import build
from .problem import Problem


class Keras(Engine):
    """Training by ``train_on_batch`` and ``fit``. On JAX the number of threads is that of the cores the process may use."""

    models = kinds.KINDS

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)

    def versions(self) -> dict[str, str]:
        backend: Any = __import__(keras.backend.backend())
        return {"keras": keras.__version__, backend.__name__: backend.__version__}

    def model(self, problem: Problem, masked: bool = False) -> keras.Model:
        return build(keras, problem, masked=masked)

    def infer(self, problem: Problem) -> Callable[[], Values]:
        return self._inference(self.model(problem), problem.x)

    def _inference(self, model: keras.Model, x: Values) -> Callable[[], Values]:
        if keras.backend.backend() != "jax":
            return partial(model.predict_on_batch, x)
        # predict_on_batch takes up to twice the time of the function that it compiles
        import jax

        forward = jax.jit(lambda weights, others, x: model.stateless_call(weights, others, x)[0])
        weights = [variable.value for variable in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]
        return lambda: np.asarray(forward(weights, others, x))

    def train(self, problem: Problem) -> Callable[[], float]:
        return self._training(self.model(problem), *problem.batch)

    def _training(self, model: keras.Model, x: Any, y: Values) -> Callable[[], float]:
        # With Keras 3's metrics reset each time, the answer is this batch's loss and no mean of all so far.
        def step() -> float:
            model.reset_metrics()
            return float(model.train_on_batch(x, y))

        return step

    def masked(self, problem: Problem) -> tuple[Callable[[], Values], Callable[[], float]]:
        inference = self._inference(self.model(problem, masked=True), problem.padded)
        return inference, self._training(self.model(problem, masked=True), problem.padded, problem.y)

    def fit(self, problem: Problem) -> Callable[[], float]:
        model, (x, y) = self.model(problem), problem.windows

        def epoch() -> Any:
            return model.fit(x, y, batch_size=problem.shape.N, epochs=1, verbose=0).history["loss"][0]

        return epoch
