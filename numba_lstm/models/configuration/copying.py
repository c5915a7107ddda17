"""Copies and pickles of models: configs and NumPy arrays, without kernels and device arrays."""

from __future__ import annotations

from typing import Any

from ... import initializers
from ...objects.serialization import custom_classes, custom_object_scope
from ...optimizers.slots import with_slots
from ...philox import Stream
from ..trainable_model import TrainableModel


def state(model: TrainableModel) -> dict[str, Any]:
    """Return the state of a model for :func:`restored`."""
    with custom_classes() as classes:
        config, compile_config = model.get_config(), model.get_compile_config()
    return {
        "config": config,
        "classes": classes,
        "weights": model.get_weights(),
        "compile": compile_config,
        "optimizer": {} if model.optimizer is None else model.optimizer.state(),
        "random": model.random.state if "random" in vars(model) else None,
        "device": model._device,
    }


def restored(cls: Any, state: dict[str, Any]) -> Any:
    """Make a model of class ``cls`` from a state of :func:`state`."""
    with custom_object_scope(state["classes"]):
        with initializers.skip_initialization():
            model = cls.from_config(state["config"])
        if state["weights"]:
            model.set_weights(state["weights"])
        model.compile_from_config(state["compile"])
    if model.optimizer is not None:
        # The weights that were trained: some may have been frozen since, and still have their slots.
        trained = with_slots(model.weights, state["optimizer"])
        if trained:
            model.optimizer.build(trained)
        model.optimizer.load_state(state["optimizer"])
    if state["random"] is not None:
        model.random = Stream(state["random"]["seed"])  # asking for one first would draw from the default stream
        model.random.state = state["random"]
    return model if state["device"] is None else model.to(state["device"])
