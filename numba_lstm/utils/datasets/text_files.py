"""text_dataset_from_directory: texts of files, with the names of their folders as classes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ... import philox
from ...inputs import as_count, as_number
from ...objects.serialization import choose
from .batch_dataset import BatchDataset, batch_array

_MODES = ("int", "categorical", "binary")
_SUBSETS = ("training", "validation", "both")


class TextDataset(BatchDataset):
    """Batches of texts, or of texts and labels.

    Attributes
    ----------
    class_names : list of str or None
        Names of the classes, in the order of their numbers.
    """

    class_names: list[str] | None = None


class _Files(NamedTuple):
    """Files and their labels."""

    paths: list[Path]
    labels: list[int] | None

    def rows(self, places: Sequence[int]) -> _Files:
        """Return some of the files."""
        labels = None if self.labels is None else [self.labels[place] for place in places]
        return _Files([self.paths[place] for place in places], labels)


class _Options(NamedTuple):
    """Options of batches."""

    batch_size: int | None
    max_length: int | None
    label_mode: str | None
    class_names: list[str] | None


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return batches of the texts of all ``.txt`` files in a folder, as ``keras.utils.text_dataset_from_directory``.

    Parameters
    ----------
    directory : path
    labels : "inferred", sequence of int or None
        By the folders in ``directory``; one label for each file, in the order of paths; or none.
    label_mode, class_names
        "int" (N,), "categorical" (N, C), "binary" (N, 1) or None; and the folders, in the order of their labels.
    batch_size, max_length, shuffle, seed
        Texts of a batch, None for single ones; letters of a text; whether the order is random, another one in each pass.
    validation_split, subset
        Share of the files for validation, the last ones; and "training", "validation" or "both", a tuple.
    follow_links, format, verbose
        Whether to read folders that are links; without effect; whether to print the number of files.

    Returns
    -------
    TextDataset
        Of ``(texts, labels)`` or ``texts``, arrays of str objects, with ``class_names``.

    Raises
    ------
    ValueError
        For a folder without files, and for arguments that do not fit each other.
    """
    if labels is None or label_mode is None:
        labels = label_mode = None
    size = None if batch_size is None else as_count(batch_size, "batch_size")
    stream = philox.default_stream().spawn() if seed is None else philox.Stream(seed)
    files, names = _index(Path(directory), labels, class_names, follow_links)
    options = _Options(size, max_length, _as_mode(label_mode, names), names)
    if verbose:
        print(f"Found {len(files.paths)} files" + ("." if names is None else f" of {len(names)} classes."))
    if shuffle and subset in _SUBSETS[:2] and seed is None:
        raise ValueError("two subsets of shuffled files need one seed, else they overlap. Give seed=, or subset='both'.")
    whole = files.rows(philox.permutation(stream.next_key(), len(files.paths)).tolist()) if shuffle else files
    order = stream if shuffle else None
    return _subsets(whole, validation_split, subset, lambda part, train: _dataset(part, options, order if train else None))


def _as_mode(label_mode: str | None, names: list[str] | None) -> str | None:
    """Return a mode of labels that fits the classes."""
    if label_mode is not None:
        choose(label_mode, _MODES, "label_mode")
    if label_mode == "binary" and (names is None or len(names) != 2):
        raise ValueError(f"label_mode='binary' needs two classes, got {names}. Take 'int' or 'categorical'.")
    return label_mode


def _index(
    directory: Path, labels: Any, class_names: Sequence[str] | None, follow_links: bool
) -> tuple[_Files, list[str] | None]:
    """Return the files of the folder in the order of their paths, with labels, and the names of the classes."""
    if labels != "inferred":
        if class_names is not None:
            raise ValueError("class_names belong to labels='inferred'. Leave them out.")
        paths = _text_files(directory, follow_links)
        if labels is not None and len(labels) != len(paths):
            raise ValueError(f"{directory} has {len(paths)} files, got {len(labels)} labels. Give one for each.")
        given = None if labels is None else [int(label) for label in labels]
        names = None if given is None else [str(label) for label in sorted(set(given))]
    else:
        found = sorted(path.name for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))
        names = found if class_names is None else list(class_names)
        if missing := [name for name in names if name not in found]:
            raise ValueError(f"{directory} has no folder {missing[0]!r}. There are: {', '.join(found)}.")
        groups = [_text_files(directory / name, follow_links) for name in names]
        paths = [path for group in groups for path in group]
        given = [number for number, group in enumerate(groups) for _ in group]
    if not paths:
        raise ValueError(f"{directory} has no .txt files. Give the folder of the folders of classes.")
    return _Files(paths, given), names


def _text_files(directory: Path, follow_links: bool) -> list[Path]:
    """Return all .txt files in a folder and the folders inside of it, sorted."""
    found = (Path(folder, name) for folder, _, names in os.walk(directory, followlinks=follow_links) for name in names)
    return sorted(path for path in found if path.suffix.lower() == ".txt")


def _subsets(files: _Files, share: float | None, subset: str | None, make: Callable[[_Files, bool], TextDataset]) -> Any:
    """Return the datasets of the subsets, those of validation by ``make(files, False)``."""
    if (share is None) != (subset is None):
        raise ValueError("validation_split and subset belong to each other. Give both, as validation_split=0.2, subset='both'.")
    if share is None:
        return make(files, True)
    choose(subset, _SUBSETS, "subset")
    split = len(files.paths) - int(as_number(share, "validation_split", "(0, 1)") * len(files.paths))
    if split in (0, len(files.paths)):
        raise ValueError(f"validation_split={share} of {len(files.paths)} files leaves one part empty. Give more files.")
    rows = range(len(files.paths))
    train, validation = make(files.rows(rows[:split]), True), make(files.rows(rows[split:]), False)
    return {"training": train, "validation": validation, "both": (train, validation)}[str(subset)]


def _dataset(files: _Files, options: _Options, stream: philox.Stream | None) -> TextDataset:
    """Return a dataset, in random order with a stream."""
    count, size = len(files.paths), options.batch_size

    def begin() -> Iterator[Any]:
        order = list(range(count)) if stream is None else philox.permutation(stream.next_key(), count).tolist()
        if size is None:
            for place in order:
                yield _first(_batch(files.rows([place]), options))
        else:
            for start in range(0, count, size):
                yield _batch(files.rows(order[start : start + size]), options)

    dataset = TextDataset(begin, count if size is None else -(-count // size))
    dataset.class_names = options.class_names
    return dataset


def _batch(files: _Files, options: _Options) -> Any:
    texts = np.empty(len(files.paths), object)
    texts[:] = [path.read_text(encoding="utf-8")[: options.max_length] for path in files.paths]
    if files.labels is None:
        return batch_array(texts)
    labels: Any = np.array(files.labels, np.int32)
    if options.label_mode == "binary":
        labels = labels[:, None].astype(np.float32)
    if options.label_mode == "categorical":
        labels = np.asarray(labels[:, None] == np.arange(len(options.class_names or ())), np.float32)
    return batch_array(texts), batch_array(labels)


def _first(batch: Any) -> Any:
    return tuple(array[0] for array in batch) if isinstance(batch, tuple) else batch[0]
