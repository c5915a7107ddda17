"""Public LSTM programs for Keras, run here and on Keras 3: which run, their losses, and the time of their training steps.

``programs.csv`` lists the programs: repository, commit, path, and the result of the last run. Their code is not part of this
repository. ``python -m benchmarks.programs FOLDER --clone`` clones it to FOLDER, one clone per repository, and
``python -m benchmarks.programs FOLDER --write`` runs the programs, one process at a time, and writes their results.
``benchmarks.programs.names`` compares names alone, which takes no training.

What is changed about a program is the same for both engines:

* names of Keras 1 and 2 that Keras 3 has under another name are replaced (``sources.py``), and Python 2 becomes Python 3;
* missing files, downloads and packages of data become synthetic data of the same form (``data.py``);
* plots are drawn to nothing, and trainings are short (``training.py``).

After that ``keras`` and ``tensorflow.keras`` become ``numba_lstm``, or for ``--engine keras-jax`` Keras 3 on JAX.
"""
