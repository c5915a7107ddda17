"""Time of a search of scikit-learn in one process and in two, in turns: ``python -m benchmarks.searches``."""

import argparse
import time
import warnings
from statistics import median

import numpy as np

#: Processes of the search, and threads that a worker may use; None: what joblib gives it.
CASES = {"n_jobs=1": (1, None), "n_jobs=2": (2, None), "n_jobs=2, each with all threads": (2, "all")}


def search(n_jobs, threads, samples, epochs):
    """Return the seconds of a search over four models on three splits, with workers that have started."""
    import joblib
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    from numba_lstm.sklearn import LSTMRegressor

    windows = np.lib.stride_tricks.sliding_window_view(np.sin(np.arange(samples + 20) / 5), 21)
    X, y = windows[:, :-1], windows[:, -1]
    limit = {"inner_max_num_threads": joblib.cpu_count()} if threads == "all" else {}
    with joblib.parallel_config("loky", **limit):
        for repetition in range(2):  # the first one starts the workers, and compiles
            grid = {"units": [32, 64], "learning_rate": [0.001, 0.01]}
            model = LSTMRegressor(epochs=epochs if repetition else 1, random_state=0)
            began = time.perf_counter()
            GridSearchCV(model, grid, cv=TimeSeriesSplit(3), n_jobs=n_jobs, refit=False).fit(X, y)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)  # workers that stop while their cache is collected
    seconds = {name: [] for name in CASES}
    for _ in range(options.repetitions):
        for name, case in CASES.items():
            seconds[name].append(search(*case, options.samples, options.epochs))
    print("| search | median, s | fastest, s | slowest, s |\n|---|---|---|---|")
    for name, found in seconds.items():
        print(f"| {name} | {median(found):.1f} | {min(found):.1f} | {max(found):.1f} |")


if __name__ == "__main__":
    main()
