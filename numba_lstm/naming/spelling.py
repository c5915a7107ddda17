"""Misspelled names: the known name that one stands for, but never the name of another quantity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_MAX_LENGTH = 100  # letters of a name that is compared with others; a name in a file may have megabytes
_MAX_NAMES = 60  # names in one sentence

#: Losses, metrics, optimizers and activations of other packages. Their names may differ by one letter from known ones, but
#: "rmse" does not mean "mse": a name in this set, or nearest to one of them, is no misspelling of a known name.
_FOREIGN = """
    adadelta adafactor adamax adan ftrl lamb lion lookahead muon nadamax radam rprop
    crps ctc dice focal hinge kld mape mase mda mdae msle nll poisson quantile rmse rmsle smape tversky
    categorical_hinge squared_hinge cosine_similarity cosine_proximity kl_divergence
    mean_absolute_percentage_error mean_squared_logarithmic_error binary_focal_crossentropy categorical_focal_crossentropy
    auc auroc f1 fbeta iou precision recall r2 top_k
    celu crelu elu gelu glu prelu relu6 rrelu selu silu swish thresholded_relu threshold
    exponential hard_shrink hard_tanh log_sigmoid log_softmax softmin softshrink sparse_plus sparsemax squareplus tanh_shrink
    arcsinh arctan cos cosh erf exp log sin sinh tan
""".split()  # noqa: SIM905 - a list of 90 quoted words is no easier to read


#: Names of arguments in older or other APIs -> what to write here.
_RENAMED = {
    "lr": "learning_rate=...",
    "input_length": "input_shape=(time, features)",
    "batch_shape": "input_shape= without the batch axis, or Input(batch_shape=...) as the first layer",
    "output_dim": "units=...",
    "hidden_size": "units=...",
    "inner_activation": "recurrent_activation=...",
    "init": "kernel_initializer=...",
    "inner_init": "recurrent_initializer=...",
    "W_regularizer": "kernel_regularizer=...",
    "U_regularizer": "recurrent_regularizer=...",
    "b_regularizer": "bias_regularizer=...",
    "dropout_W": "dropout=...",
    "dropout_U": "recurrent_dropout=...",
}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown ``name``: the known name that it misspells, or all known names.

    >>> nearest("tahn", ["tanh", "relu"])
    ", did you mean 'tanh'?"
    >>> nearest("mape", ["mae", "mse"])
    ". Known: 'mae', 'mse'."
    """
    known = sorted(set(known))
    if not known:
        return "."
    short = [candidate for candidate in known if candidate.islower()] or known  # list "adam" and "Adam" once
    lower = {candidate.lower(): candidate for candidate in (short if name.islower() else reversed(known))}
    match = _correction(name.lower(), lower)
    if match is not None:
        return f", did you mean {lower[match]!r}?"
    remainder = f" and {len(short) - _MAX_NAMES} more" if len(short) > _MAX_NAMES else ""
    return f". Known: {', '.join(map(repr, short[:_MAX_NAMES]))}{remainder}."


def correction(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` misspells, regardless of case, or None if there is none or more than one."""
    lower = {candidate.lower(): candidate for candidate in known}
    match = _correction(name.lower(), lower)
    return None if match is None else lower[match]


def nearest_argument(argument: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown argument, as :func:`nearest`, which may be one of another API."""
    known = set(known)
    replacement = _RENAMED.get(argument)
    if replacement is None or replacement.partition("=")[0] not in known:
        return nearest(argument, known)
    return f". Write {replacement}."


def _correction(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` misspells, or None if there is none or more than one."""
    if len(name) > _MAX_LENGTH or name in _FOREIGN:
        return None
    known = set(known)
    ranks: dict[tuple[int, bool], list[str]] = {}
    for candidate in {*known, *_FOREIGN}:
        if _comparable(name, candidate) and (mistakes := _mistakes(name, candidate)) <= _allowed(name, candidate):
            ranks.setdefault((mistakes, set(name) != set(candidate)), []).append(candidate)
    if not ranks:
        return _completion(name, known)
    best = ranks[min(ranks)]
    return best[0] if len(best) == 1 and best[0] in known else None


def _completion(name: str, known: set[str]) -> str | None:
    """Return the known name that begins with ``name``, or None."""
    longer = sorted((candidate for candidate in known if candidate.startswith(name)), key=len)
    one = longer and len(name) > 4 and all(candidate.startswith(longer[0]) for candidate in longer)
    return longer[0] if one else None


def _comparable(name: str, candidate: str) -> bool:
    """Return whether the lengths are similar and the digits equal: ``lstm_1`` is not a misspelling of ``lstm_2``."""
    digits, other_digits = ([letter for letter in text if letter.isdigit()] for text in (name, candidate))
    return abs(len(name) - len(candidate)) <= 2 and digits == other_digits


def _allowed(name: str, candidate: str) -> int:
    """Return how many mistakes may separate two names. With three letters, one more or less makes another name."""
    if len(candidate) < 4:
        return int(sorted(name) == sorted(candidate) or set(name) == set(candidate))
    return 1 if len(candidate) <= 7 else 2


def _mistakes(a: str, b: str) -> int:
    """Return the edit distance of two names: insertions, deletions, replacements and swaps of neighbours (Damerau 1964)."""
    if sum((Counter(a) - Counter(b)).values()) > 2:
        return len(a)
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row = row, [i]
        for j, right in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = previous
    return row[-1]
