"""What to write instead of names of Keras that the package lacks, as the ends of sentences, by module."""

from __future__ import annotations

_IMAGES = "change images with another library before the model, and give them as arrays."
_DTYPES = "layers compute in float32 or float64. Write dtype='float64', or config.set_floatx('float64') for all."
_FRAMEWORKS = "write the layer with numba_lstm.layers, or compute its output before the model."
_SPECTROGRAMS = "compute spectrograms before the model, and give them as sequences."
_QUANTIZE = "write model.quantize('int8'), for prediction."
_LIMITS = "write fit(epochs=..., steps_per_epoch=...)."
_FLASH = "attention has one algorithm here. Leave it out."
_FILES = "read the files into arrays, or write a PyDataset whose __getitem__ reads a batch of them."
_SCOPES = "models are traced without scopes. Leave it out."
_LOADED = "datasets are boston_housing, imdb, mnist and reuters. Load this one with another library."

#: Layers that change images.
IMAGE_LAYERS = dict.fromkeys(
    [
        "AugMix",
        "AutoContrast",
        "CenterCrop",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix",
        "Equalization",
        "MaxNumBoundingBoxes",
        "MixUp",
        "Pipeline",
        "RandAugment",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomCrop",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "Resizing",
        "Solarization",
    ],
    _IMAGES,
)
#: Layers of other frameworks, and names of older versions of Keras.
OTHER_LAYERS = {
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), _FRAMEWORKS),
    "InputSpec": "check the shape in build(self, input_shape), and leave input_spec out.",
    "Merge": "write Concatenate, Add, Multiply, Average, Maximum or Dot.",
    "Recurrent": "write RNN of a cell, a Layer with state_size and call(self, inputs, states).",
    "TimeDistributedDense": "write Dense, which computes each step.",
    "merge": "write concatenate, add, multiply, average, maximum or dot.",
}
ROOT = {
    **dict.fromkeys(("DTypePolicy", "FloatDTypePolicy", "dtype_policies", "mixed_precision"), _DTYPES),
    **dict.fromkeys(("Function", "Operation"), "write Model(inputs, outputs), or a Layer with call."),
    **dict.fromkeys(("Quantizer", "quantizers"), _QUANTIZE),
    **dict.fromkeys(("RematScope", "remat"), "tapes of all layers are kept. Write smaller batches, or fit(tbptt=...)."),
    **dict.fromkeys(("StatelessScope", "SymbolicScope", "name_scope"), _SCOPES),
    "InputSpec": OTHER_LAYERS["InputSpec"],
    "distillation": "train the student with a loss of its own, on outputs of teacher.predict.",
    "distribution": "write compile(strategy=numba_lstm.distributed.DataParallel(...)).",
    "export": "import numba_lstm.export, which makes C libraries, or write numba_lstm.interop.onnx.export.",
    "legacy": "write the name without legacy.",
    "src": "write the public name, such as numba_lstm.layers.LSTM.",
    "tree": "write loops of Python over lists and dicts.",
    "version": "read numba_lstm.__version__.",
    "visualization": "write numba_lstm.utils.plot_model.",
    "wrappers": "write numba_lstm.sklearn.LSTMClassifier or LSTMRegressor.",
}
UTILS = {
    **dict.fromkeys(("array_to_img", "img_to_array", "load_img", "save_img"), "read and write images with another library."),
    **dict.fromkeys(("audio_dataset_from_directory", "image_dataset_from_directory"), _FILES),
    "Config": "write a dict.",
    "FeatureSpace": "write layers such as StringLookup, Normalization and CategoryEncoding, one for each column.",
    "bounding_boxes": _IMAGES,
    "get_source_inputs": "read model.inputs.",
    "standardize_dtype": "write numba_lstm.backend.standardize_dtype.",
    "legacy": "write the name without legacy.",
    "model_to_dot": "numba_lstm.utils.plot_model(model) draws the layers.",
}
CALLBACKS = {
    "OrbaxCheckpoint": "write ModelCheckpoint or BackupAndRestore.",
    "RemoteMonitor": "write a Callback that sends the logs in on_epoch_end.",
}
CONFIG = {
    **dict.fromkeys(("disable_flash_attention", "enable_flash_attention", "is_flash_attention_enabled"), _FLASH),
    **dict.fromkeys(("max_epochs", "max_steps_per_epoch", "set_max_epochs", "set_max_steps_per_epoch"), _LIMITS),
    "is_nnx_enabled": "there are no objects of Flax here. Leave it out.",
}
DATASETS = dict.fromkeys(("california_housing", "cifar10", "cifar100", "fashion_mnist"), _LOADED)
INITIALIZERS = dict.fromkeys(("STFT", "STFTInitializer", "stft"), _SPECTROGRAMS)
PREPROCESSING = {"image": "read images with another library.", "image_dataset_from_directory": _FILES}

_LOOPS = "write a loop of Python over a known number of steps, or numba_lstm.layers.RNN of a cell of your own."
_CHOOSE = "write where, which takes both values."
_GRADIENTS = "write a Layer with forward and backward, as docs/extending.md shows under 'Classes of your own'."
_NORMS = "write the layer: numba_lstm.layers.{}."
_ADD_AT = "write one_hot and matmul for tensors, numpy.add.at for arrays."
_FACTORS = "compute it with numpy.linalg or scipy.linalg before the model."
#: Operations on tensors, in ``ops`` and ``backend``, other than functions of NumPy.
OPERATIONS = {
    **dict.fromkeys(("adaptive_average_pool", "average_pool"), _NORMS.format("AveragePooling1D")),
    **dict.fromkeys(("adaptive_max_pool", "max_pool"), _NORMS.format("MaxPooling1D")),
    **dict.fromkeys(("associative_scan", "fori_loop", "map", "scan", "vectorized_map", "while_loop"), _LOOPS),
    **dict.fromkeys(("cholesky_inverse", "logdet", "lu_factor", "solve_triangular"), _FACTORS),
    **dict.fromkeys(("cond", "switch"), _CHOOSE),
    **dict.fromkeys(("custom_gradient", "jvp"), _GRADIENTS),
    **dict.fromkeys(("depth_to_space", "rearrange", "space_to_depth"), "write reshape and transpose."),
    **dict.fromkeys(("istft", "stft"), _SPECTROGRAMS),
    **dict.fromkeys(("nn", "numpy"), "functions of this module have one namespace. Write numba_lstm.ops.relu and so on."),
    **dict.fromkeys(("scatter", "segment_sum"), _ADD_AT),
    **dict.fromkeys(("scatter_update", "slice_update"), "write where or concatenate, for tensors are not changed in place."),
    **dict.fromkeys(("segment_max", "segment_min", "segment_prod"), "write where and max, min or prod, for each segment."),
    **dict.fromkeys(("view", "view_as_complex", "view_as_real"), "tensors are of real numbers. Write cast or reshape."),
    "batch_normalization": _NORMS.format("BatchNormalization"),
    "cdist": "write sqrt(sum(square(x[:, None] - y[None]), axis=-1)).",
    "conv": _NORMS.format("Conv1D"),
    "conv_transpose": _NORMS.format("Conv1DTranspose"),
    "ctc_decode": "write numba_lstm.decoding.ctc_greedy_decode or ctc_beam_decode.",
    "ctc_loss": "write numba_lstm.losses.CTC.",
    "depthwise_conv": _NORMS.format("DepthwiseConv1D"),
    "dot_product_attention": _NORMS.format("Attention"),
    "erfinv": "compute it with scipy.special.erfinv before the model.",
    "extract_sequences": "write numba_lstm.utils.timeseries_dataset_from_array.",
    "fold": "write reshape and sum.",
    "get_item": "write x[index].",
    "image": _IMAGES,
    "layer_normalization": _NORMS.format("LayerNormalization"),
    "polar": "tensors are of real numbers. Write cos and sin.",
    "psnr": "write a function of log10, mean and square.",
    "rms_normalization": _NORMS.format("RMSNormalization"),
    "saturate_cast": "write clip and cast.",
    "separable_conv": _NORMS.format("SeparableConv1D"),
    "unfold": "write numba_lstm.utils.timeseries_dataset_from_array, or stack of slices.",
}
