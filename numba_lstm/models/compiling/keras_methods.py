"""Methods and attributes of Keras's models that these do not have or do not call, with what to write instead."""

_CALL = "Override forward and backward, or put a layer of your own into the model."

#: What Keras's models override and these do not.
NEVER_CALLED = {
    "make_train_function": "Override train_step(self, data), as docs/extending.md shows under 'Steps of your own'.",
    "compute_loss": "Give compile(loss=...) a function of your own, or override train_step(self, data).",
    "make_test_function": "Override test_step(self, data).",
    "make_predict_function": "Override predict_step(self, data).",
    **dict.fromkeys(("call", "__call__"), _CALL),
    **dict.fromkeys(
        ("compute_metrics", "get_metrics_result", "reset_metrics", "metrics"),
        "Compute them from model.predict(x) in on_epoch_end of a Callback.",
    ),
    **dict.fromkeys(("compute_mask", "compute_output_spec"), _CALL),
    "layers": "Call add(layer) in the constructor.",
}

#: Of those, what classes derived from ``Model`` may override.
OVERRIDABLE = frozenset({"call", "layers", "metrics"})

#: What Keras's models had before Keras 3.
GONE = {
    "fit_generator": "Write fit(x), which takes generators and datasets.",
    "evaluate_generator": "Write evaluate(x), which takes generators and datasets.",
    "predict_generator": "Write predict(x), which takes generators and datasets.",
    "predict_proba": "Write predict(x).",
    "predict_classes": "Write predict(x).argmax(axis=-1), or (predict(x) > 0.5).astype(int) for one sigmoid unit.",
    "add_metric": "Give compile(metrics=[...]) a function of numba_lstm.ops, or compute it in on_epoch_end of a Callback.",
    "lr": "Read model.optimizer.learning_rate.",
    "learning_rate": "Read model.optimizer.learning_rate.",
    "to_yaml": "Write get_config(), or save(path) for the weights too.",
}
