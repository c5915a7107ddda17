"""Stand in for ``import tensorflow as tf`` where a program only uses ``tf.keras`` and the settings of a run.

Everything else of TensorFlow raises ``AttributeError``, which counts as "TensorFlow".
"""

import importlib
import os
import types

keras = importlib.import_module("keras" if os.environ.get("PROGRAMS_ENGINE") == "keras-jax" else "numba_lstm")
__version__ = "2.18.0"
random = types.SimpleNamespace(set_seed=keras.utils.set_random_seed)
set_random_seed = keras.utils.set_random_seed
get_logger = importlib.import_module("logging").getLogger
config = types.SimpleNamespace(list_physical_devices=lambda kind=None: [], experimental=types.SimpleNamespace())
logging = types.SimpleNamespace(set_verbosity=lambda level: None, ERROR=40, INFO=20)
compat = types.SimpleNamespace(v1=types.SimpleNamespace(logging=logging, set_random_seed=set_random_seed))
ConfigProto = Session = GPUOptions = lambda *args, **options: types.SimpleNamespace(gpu_options=types.SimpleNamespace())
test = types.SimpleNamespace(is_gpu_available=lambda: False, gpu_device_name=lambda: "")


def __getattr__(name: str) -> object:
    raise AttributeError(f"tensorflow.{name} is TensorFlow's, and no part of Keras")
