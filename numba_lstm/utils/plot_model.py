"""Draw the layers of a model and their connections as an SVG file, without Graphviz."""

from __future__ import annotations

import os
import warnings
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from ..files import atomic

_LETTER, _LINE = 7.5, 18  #: width of a letter and height of a line, in pixels
_PADDING, _GAP, _LEVEL = 10, 30, 50  #: around text, between boxes of a level, between levels
_PICTURES = (".png", ".jpg", ".jpeg", ".pdf")  #: extensions of Graphviz's files, in whose place an SVG file is written
_DIRECTIONS = ("TB", "BT", "LR", "RL")


class _Box(NamedTuple):
    """Box of a layer: its name, its lines of text, its level, and the names of the layers whose outputs it takes."""

    name: str
    lines: list[str]
    level: int
    sources: list[str]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return max(map(len, self.lines)) * _LETTER + 2 * _PADDING, len(self.lines) * _LINE + 2 * _PADDING


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.svg",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> str:
    """Draw a built model as an SVG file, as ``keras.utils.plot_model`` does with Graphviz; return the text of the file.

    Parameters
    ----------
    model : Model
        Built.
    to_file : path
        Ends in ``.svg``. In place of a ``.png``, ``.jpg`` or ``.pdf`` file, an SVG file of that name is written, with a
        warning.
    show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable : bool
        What the boxes of layers say beside their classes.
    rankdir : "TB", "BT", "LR" or "RL"
        Where the inputs and the outputs are: at the top and the bottom, on the left and on the right.
    expand_nested : bool
        Whether the box of a model inside lists its layers.
    dpi : int
        Keras's argument, without effect: an SVG file has no resolution.

    Raises
    ------
    ValueError
        For another extension, an unknown ``rankdir``, and a model that is not built.
    OSError
        If the file cannot be written.
    """
    path = os.fsdecode(to_file)
    stem, extension = os.path.splitext(path)
    if extension.lower() in _PICTURES:
        warnings.warn(f"plot_model writes SVG files: {stem + '.svg'!r} is written in place of {path!r}.", stacklevel=2)
        path = stem + ".svg"
    if not path.endswith(".svg"):
        raise ValueError(f"plot_model writes .svg files, got {path!r}. Write to_file='model.svg'.")
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(_DIRECTIONS)}, got {rankdir!r}.")
    if not model.built:
        raise ValueError(f"{model.name} is not built yet. Call it on data, or build it: build(input_shape).")
    options = {
        "shapes": show_shapes,
        "dtype": show_dtype,
        "names": show_layer_names,
        "activations": show_layer_activations,
        "trainable": show_trainable,
        "nested": expand_nested,
    }
    text = _svg(_boxes(model, options), rankdir)
    atomic.write(path, text.encode())
    return text


def _boxes(model: Any, options: dict[str, bool]) -> list[_Box]:
    """Return the boxes of all layers, each after those that it follows."""
    levels: dict[str, int] = {}
    boxes: list[_Box] = []
    names = {layer.name for layer in model.layers}
    for name, tensor in zip(model.input_names, model.inputs, strict=True):
        if name not in names and not any(tensor.node.layer is layer for layer in model.layers):  # of a Sequential
            shape = [str(tensor.shape)] if options["shapes"] else []
            boxes.append(_Box(name, [f"{name} (InputLayer)" if options["names"] else "InputLayer", *shape], 0, []))
            levels[name] = 0
    for index, layer in enumerate(model.layers):
        connections = [connection.rsplit("[", 2)[0] for connection in model.connections(layer)]
        sources = [name for name in dict.fromkeys(connections) if name in levels]
        levels[layer.name] = level = 1 + max((levels[name] for name in sources), default=-1)
        boxes.append(_Box(layer.name, _lines(layer, model.layer_shape(index), options), level, sources))
    return boxes


def _lines(layer: Any, shape: str, options: dict[str, bool]) -> list[str]:
    """Return the lines of text in the box of a layer."""
    kind = type(layer).__name__
    lines = [f"{layer.name} ({kind})" if options["names"] else kind]
    if options["shapes"]:
        lines.append(shape)
    if options["dtype"]:
        lines.append(str(layer.dtype))
    activation = getattr(layer, "activation", None)
    if options["activations"] and activation is not None:
        lines.append(f"activation: {getattr(activation, 'name', activation)}")
    if options["trainable"] and layer.weights:
        lines.append("trainable" if layer.trainable else "not trainable")
    if options["nested"] and hasattr(layer, "connections"):
        for index, inner in enumerate(layer.layers):
            first, *rest = _lines(inner, layer.layer_shape(index), options)
            lines += [f"· {first}", *(f"  {line}" for line in rest)]
    return lines


def _svg(boxes: list[_Box], rankdir: str) -> str:
    """Return the text of a file with the boxes, level by level, and curves between them."""
    across = rankdir in ("LR", "RL")  # whether levels are columns
    levels: list[list[_Box]] = [[] for _ in range(1 + max(box.level for box in boxes))]
    for box in boxes:
        levels[box.level].append(box)
    breadths = [sum(box.size[across] + _GAP for box in level) for level in levels]
    depths = [max((box.size[not across] for box in level), default=0) for level in levels]
    total = sum(depths) + _LEVEL * (len(levels) - 1)
    centers: dict[str, tuple[float, float]] = {}
    start = 0.0
    for level, breadth, depth in zip(levels, breadths, depths, strict=True):
        side = _GAP + (max(breadths) - breadth) / 2
        for box in level:
            along = _GAP + (start + depth / 2 if rankdir in ("TB", "LR") else total - start - depth / 2)
            middle = side + box.size[across] / 2
            centers[box.name] = (along, middle) if across else (middle, along)
            side += box.size[across] + _GAP
        start += depth + _LEVEL
    width, height = max(breadths) + _GAP, total + 2 * _GAP
    if across:
        width, height = height, width
    sizes = {box.name: box.size for box in boxes}
    shapes = [_edge(centers, sizes, source, box.name, rankdir) for box in boxes for source in box.sources]
    shapes += [_rectangle(box, centers[box.name]) for box in boxes]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" font-family="monospace" '
            'font-size="12">',
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path d="M0 0L8 4L0 8z"/></marker></defs>',
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
            *shapes,
            "</svg>",
            "",
        ]
    )


def _edge(
    centers: dict[str, tuple[float, float]], sizes: dict[str, tuple[float, float]], source: str, target: str, rankdir: str
) -> str:
    """Return the curve from the edge of one box to that of another one."""
    axis = int(rankdir in ("TB", "BT"))
    sign = 1 if rankdir in ("TB", "LR") else -1
    start, end = list(centers[source]), list(centers[target])
    start[axis] += sign * sizes[source][axis] / 2
    end[axis] -= sign * sizes[target][axis] / 2
    bends = [list(start), list(end)]
    for bend in bends:
        bend[axis] = (start[axis] + end[axis]) / 2
    points = " ".join(f"{x:g},{y:g}" for x, y in (*bends, end))
    data = quoteattr(f"{source} {target}")
    return (
        f'<path d="M{start[0]:g},{start[1]:g} C{points}" fill="none" stroke="black" marker-end="url(#arrow)" data-edge={data}/>'
    )


def _rectangle(box: _Box, center: tuple[float, float]) -> str:
    (x, y), (width, height) = center, box.size
    left, top = x - width / 2, y - height / 2
    lines = [
        f'<text x="{left + _PADDING:g}" y="{top + _PADDING + _LINE * (index + 0.75):g}" xml:space="preserve">'
        f"{escape(line)}</text>"
        for index, line in enumerate(box.lines)
    ]
    frame = f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="4" fill="#eef" stroke="black"/>'
    return "\n".join(["<g>", frame, *lines, "</g>"])
