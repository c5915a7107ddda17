"""Null at every place of a legacy configuration stands for a default, or the file is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from golden import keras2_files, keras_files
from hdf5_forging import changed
from watched import is_accepted, refusal_message

import numba_lstm
from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched

FILES = {name: case.path for name, case in keras2_files.CASES.items()}
FILES |= {name: case.path for name, case in keras_files.CASES.items() if case.path.suffixes == [".h5"]}
CONFIGS = ("model_config", "training_config")


def config_of(path: Path, key: str) -> Any:
    config: dict[str, Any] = {}
    changed(lambda root: config.update(json.loads(root.attrs[key])), path.read_bytes())
    return config


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*place, key))


def with_null(value: Any, place: tuple[Any, ...]) -> Any:
    if not place:
        return None
    copy = value.copy()
    copy[place[0]] = with_null(value[place[0]], place[1:])
    return copy


def with_config(good: Path, key: str, config: Any, path: Path) -> Path:
    path.write_bytes(changed(lambda root: root.attrs.__setitem__(key, json.dumps(config)), good.read_bytes()))
    return path


@pytest.mark.parametrize("key", CONFIGS)
@pytest.mark.parametrize("name", FILES)
def test_null_at_every_place_is_read_or_refused(tmp_path, name, key):
    config = config_of(FILES[name], key)
    accepted = [
        is_accepted(numba_lstm.load_model, with_config(FILES[name], key, with_null(config, place), tmp_path / "null.h5"))
        for place in places(config)
    ]
    assert not accepted[0], "the whole configuration"
    assert len(accepted) > 10


@pytest.mark.parametrize("name", FILES)
def test_a_layer_whose_config_or_class_is_null_is_refused(tmp_path, name):
    config = config_of(FILES[name], "model_config")
    for layer in ({"class_name": "LSTM", "config": None}, {"class_name": None, "config": {}}, None):
        for index in range(len(config["config"]["layers"])):
            altered = json.loads(json.dumps(config))
            altered["config"]["layers"][index] = layer
            message = refusal_message(
                numba_lstm.load_model, with_config(FILES[name], "model_config", altered, tmp_path / "null.h5")
            )
            assert "layer" in message or "config" in message
