"""load_model refuses training states and tensors that do not belong to the model."""

import numpy as np
import pytest
from forging import GADGET, OS, compiled, optimizer, put, tensor

COMPILED = {
    "no optimizer": (compiled("optimizer", to=...), "only in the"),
    "optimizer null": (compiled("optimizer", to=None), "optimizer"),
    "optimizer number": (compiled("optimizer", to=7), "optimizer"),
    "optimizer unknown": (compiled("optimizer", "class_name", to="Adma"), "did you mean 'Adam'?"),
    "optimizer gadget": (compiled("optimizer", to=OS), "unknown optimizer 'system'"),
    "optimizer argument": (optimizer("fused", True), "has no argument 'fused'"),
    "rate text": (optimizer("learning_rate", "fast"), "learning_rate"),
    "rate negative": (optimizer("learning_rate", -0.1), "learning_rate"),
    "rate null": (optimizer("learning_rate", None), "learning_rate"),
    "schedule unknown": (optimizer("learning_rate", {"class_name": "Warp", "config": {}}), "unknown"),
    "schedule without steps": (optimizer("learning_rate", {"class_name": "ExponentialDecay", "config": {}}), "compiled"),
    "beta 2": (optimizer("beta_1", 2.0), "beta_1"),
    "beta text": (optimizer("beta_1", "0.9"), "beta_1"),
    "amsgrad text": (optimizer("amsgrad", "yes"), "amsgrad"),
    "clipnorm 0": (optimizer("clipnorm", 0.0), "clipnorm"),
    "two clippings": (compiled("optimizer", "config", to={"clipnorm": 1.0, "clipvalue": 1.0}), "only one"),
    "loss unknown": (compiled("loss", to="huberr"), "did you mean"),
    "loss gadget": (compiled("loss", to=GADGET), "unknown loss 'Lambda'"),
    "loss number": (compiled("loss", to=7), "loss"),
    "delta text": (compiled("loss", "config", "delta", to="1"), "delta"),
    "metrics text": (compiled("metrics", to="mae"), "metrics"),
    "metrics null": (compiled("metrics", to=None), "compile.metrics is None"),
    "metric unknown": (compiled("metrics", to=["maee"]), "did you mean"),
    "metric gadget": (compiled("weighted_metrics", to=[GADGET]), "unknown metric 'Lambda'"),
    "one argument more": (compiled("run_eagerly", to=True), "compile is"),
    "unknown argument": (compiled("backend", to="os"), "compiled"),
    "self": (compiled("self", to=7), "compiled"),
    "not compiled": (put(("compile",), {}), "only in the"),
    "random list": (put(("random",), []), "random stream"),
    "random text": (put(("random",), "x"), "random stream"),
    "random empty": (put(("random",), {}), "random stream"),
    "seed missing": (put(("random", "seed"), ...), "random stream"),
    "seed negative": (put(("random", "seed"), -1), "seed"),
    "seed 2^64": (put(("random", "seed"), 2**64), "seed"),
    "seed float": (put(("random", "seed"), 1.5), "seed"),
    "step missing": (put(("random", "step"), ...), "random stream"),
    "step negative": (put(("random", "step"), -1), "random.step is -1"),
    "step 2^32": (put(("random", "step"), 2**32), "random.step is"),
    "step bool": (put(("random", "step"), True), "random.step is True"),
    "step text": (put(("random", "step"), "1"), "random stream"),
    "random with more": (put(("random", "state"), "gASV"), "random is"),
}


KERNEL, SLOT, STEPS = "layers/0/kernel", "optimizer/lstm/kernel/velocity", "optimizer/iterations"

TENSORS = {
    "a weight missing": (tensor(KERNEL, lambda x: None), "more than there are values for"),
    "a bias missing": (tensor("layers/3/bias", lambda x: None), "more than there are values for"),
    "a weight too many": (tensor("layers/0/projection", lambda x: np.ones(2, "float32")), "layers/0/projection"),
    "of a layer too many": (tensor("layers/9/kernel", lambda x: np.ones(2, "float32")), "layers/9/kernel"),
    "transposed": (tensor(KERNEL, lambda x: x.T), "has shape (16, 3)"),
    "flat": (tensor(KERNEL, np.ravel), "has shape (48,)"),
    "an axis more": (tensor(KERNEL, lambda x: x[None]), "has shape (1, 3, 16)"),
    "larger": (tensor(KERNEL, lambda x: np.ones((4, 16), "float32")), "has shape (4, 16)"),
    "a float64 weight": (tensor(KERNEL, lambda x: x.astype("float64")), "dtype float64"),
    "an int64 weight": (tensor(KERNEL, lambda x: x.astype("int64")), "dtype int64"),
    "somewhere else": (tensor("weights/kernel", lambda x: np.ones(2, "float32")), "weights/kernel"),
    "a path": (tensor("layers/0/../../kernel", lambda x: np.ones(2, "float32")), "layers/0/../../kernel"),
    "no steps": (tensor(STEPS, lambda x: None), "iterations"),
    "steps negative": (tensor(STEPS, lambda x: -np.ones((), "int64")), "-1 steps"),
    "steps many": (tensor(STEPS, lambda x: np.ones(2, "int64")), "iterations' has shape (2,)"),
    "steps float": (tensor(STEPS, lambda x: np.ones(())), "dtype float64"),
    "a slot too many": (tensor("optimizer/lstm/kernel/m", lambda x: np.ones(2, "float32")), "lstm/kernel/m"),
    "a slot of another shape": (tensor(SLOT, lambda x: x.T), "has shape (16, 3)"),
    "a slot of another dtype": (tensor(SLOT, lambda x: x.astype("float64")), "dtype float64"),
    "a slot missing": (tensor(SLOT, lambda x: None), "only in the"),
}


@pytest.mark.parametrize("recipe", COMPILED)
def test_a_training_state_that_cannot_be(write_changed, refusal_message, recipe):
    change, message = COMPILED[recipe]
    assert message in refusal_message(write_changed(change))


@pytest.mark.parametrize("recipe", TENSORS)
def test_tensors_of_another_model(write_changed, refusal_message, recipe):
    change, message = TENSORS[recipe]
    assert message in refusal_message(write_changed(change))
