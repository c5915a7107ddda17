"""Spelling: the known name that a misspelled one stands for, and never the name of another quantity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_LONGEST = 100  # letters of a name that is compared with others; a file may have a name of megabytes
_LISTED = 60  # names in one sentence

#: Names of losses, metrics, optimizers and activations of other packages. One letter can lie between two of them, and who
#: writes "rmse" does not mean "mse": a name in this set, or nearest to one of them, is no misspelling of a known one.
_OTHERS = """
    adadelta adafactor adamax adan ftrl lamb lion lookahead muon nadamax radam rprop
    crps ctc dice focal hinge kld mape mase mda mdae msle nll poisson quantile rmse rmsle smape tversky
    categorical_hinge squared_hinge cosine_similarity cosine_proximity kl_divergence
    mean_absolute_percentage_error mean_squared_logarithmic_error binary_focal_crossentropy categorical_focal_crossentropy
    auc auroc f1 fbeta iou precision recall r2 top_k
    celu crelu elu gelu glu prelu relu6 rrelu selu silu swish thresholded_relu threshold
    exponential hard_shrink hard_tanh log_sigmoid log_softmax softmin softshrink sparse_plus sparsemax squareplus tanh_shrink
    arcsinh arctan cos cosh erf exp log sin sinh tan
""".split()  # noqa: SIM905 - a list of 90 quoted words is no easier to read


#: What older or other APIs call an argument of this one; the value is what to write.
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
    """The end of a sentence about an unknown ``name``: the known name of which it is a misspelling, or all of them.

    >>> nearest("tahn", ["tanh", "relu"])
    ", did you mean 'tanh'?"
    >>> nearest("mape", ["mae", "mse"])
    ". Known: 'mae', 'mse'."
    """
    known = sorted(set(known))
    if not known:
        return "."
    short = [candidate for candidate in known if candidate.islower()] or known  # "adam" and "Adam" are one: say it once
    lower = {candidate.lower(): candidate for candidate in (short if name.islower() else reversed(known))}
    alike = _meant(name.lower(), lower)
    if alike is not None:
        return f", did you mean {lower[alike]!r}?"
    more = f" and {len(short) - _LISTED} more" if len(short) > _LISTED else ""
    return f". Known: {', '.join(map(repr, short[:_LISTED]))}{more}."


def meant(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` misspells, letters of either case being one; None where there is none, or two."""
    lower = {candidate.lower(): candidate for candidate in known}
    alike = _meant(name.lower(), lower)
    return None if alike is None else lower[alike]


def renamed(argument: str, known: Iterable[str]) -> str:
    """As :func:`nearest` for the name of an argument, which may be one of another API."""
    known = set(known)
    wanted = _RENAMED.get(argument)
    if wanted is None or wanted.partition("=")[0] not in known:
        return nearest(argument, known)
    return f". Write {wanted}."


def _meant(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` misspells; None where there is none, or where there are two."""
    if len(name) > _LONGEST or name in _OTHERS:
        return None
    known = set(known)
    ranks: dict[tuple[int, bool], list[str]] = {}
    for candidate in {*known, *_OTHERS}:
        if _comparable(name, candidate) and (mistakes := _mistakes(name, candidate)) <= _allowed(name, candidate):
            ranks.setdefault((mistakes, set(name) != set(candidate)), []).append(candidate)
    if not ranks:
        return _begun(name, known)
    best = ranks[min(ranks)]
    return best[0] if len(best) == 1 and best[0] in known else None


def _begun(name: str, known: set[str]) -> str | None:
    """The one of ``known`` that begins with ``name``."""
    longer = sorted((candidate for candidate in known if candidate.startswith(name)), key=len)
    one = longer and len(name) > 4 and all(candidate.startswith(longer[0]) for candidate in longer)
    return longer[0] if one else None


def _comparable(name: str, candidate: str) -> bool:
    """Whether the two may be one: a name with other digits is another name, ``lstm_1`` is not ``lstm_2``."""
    near = abs(len(name) - len(candidate)) <= 2
    return near and [letter for letter in name if letter.isdigit()] == [letter for letter in candidate if letter.isdigit()]


def _allowed(name: str, candidate: str) -> int:
    """How many mistakes may lie between two names; of three letters, one more or less is another name."""
    if len(candidate) < 4:
        return int(sorted(name) == sorted(candidate) or set(name) == set(candidate))
    return 1 if len(candidate) <= 7 else 2


def _mistakes(a: str, b: str) -> int:
    """Letters to insert, delete, replace, or swap with their neighbour (Damerau 1964), of names of similar letters."""
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
