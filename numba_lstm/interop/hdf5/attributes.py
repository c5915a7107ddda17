"""Read the attributes of an HDF5 object: texts and lists of texts, inline or in the global heap."""

from __future__ import annotations

import math
import struct

from ...files.errors import FileFormatError
from .datatypes import Text, parse_shape, parse_type
from .source import UNDEFINED, Source, as_name, as_text


class AttributeReader:
    """Reader of attribute messages; texts of the global heap are counted, so that none stands for several attributes."""

    def __init__(self, source: Source) -> None:
        self._source, self._text_left = source, len(source.data)
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def read(self, body: bytes) -> tuple[str, str | list[str]]:
        """Name and value of an attribute message.

        Raises
        ------
        FileFormatError
            For a damaged message, and for a value that is not made of texts.
        """
        if len(body) < 8 or body[0] not in (1, 2, 3) or (body[0] > 1 and body[1]):
            raise FileFormatError("an attribute is damaged, or of a form that Keras does not write.")
        sizes = struct.unpack_from("<3H", body, 2)
        position, fields = 8 + (body[0] == 3), []
        for size in sizes:
            fields.append(body[position : position + size])
            position += -(-size // 8) * 8 if body[0] == 1 else size
        name = as_name(fields[0].partition(b"\0")[0])
        try:
            return name, self._texts(fields[1], parse_shape(fields[2]), body[position:])
        except FileFormatError as error:
            raise FileFormatError(f"attribute {name!r:.100}: {error}") from error

    def _texts(self, raw: bytes, shape: tuple[int, ...], data: bytes) -> str | list[str]:
        if shape == (0,):
            return []  # whatever the type: h5py writes an empty list as floats
        kind = parse_type(raw)
        if not isinstance(kind, Text) or len(shape) > 1:
            raise FileFormatError("it is not a text or a list of texts.")
        count = math.prod(shape)
        if count * kind.size > len(data):
            raise FileFormatError(f"its {count:,} texts do not fit into the {len(data):,} bytes that it has.")
        pieces = [data[i * kind.size : (i + 1) * kind.size] for i in range(count)]
        texts = [as_text(self._variable(piece) if kind.variable else piece) for piece in pieces]
        return texts if shape else texts[0]

    def _variable(self, reference: bytes) -> bytes:
        """A text in a collection of the global heap."""
        self._source.step()
        length, address, index = struct.unpack("<LQL", reference)
        if not length and address in (0, UNDEFINED):
            return b""
        if address not in self._collections:
            self._collections[address] = self._collection(address)
        begin, size = self._collections[address].get(index, (0, -1))
        self._text_left -= length
        if length > size or self._text_left < 0:
            raise FileFormatError("a text is not where it should be, or stands for several.")
        return self._source.take(begin, length, "a text")

    def _collection(self, address: int) -> dict[int, tuple[int, int]]:
        """Offset and size of each object of a collection, by index."""
        magic, size = self._source.unpack("<8sQ", address, "a heap of texts")
        if magic != b"GCOL\x01\0\0\0" or address + size > len(self._source.data):
            raise FileFormatError("a heap of texts is damaged.")
        objects: dict[int, tuple[int, int]] = {}
        position, end = address + 16, address + size
        while position + 16 <= end:
            self._source.step()
            index, length = self._source.unpack("<H6xQ", position, "a heap of texts")
            if index == 0:  # the free space, which is last
                break
            position += 16
            if index in objects or position + length > end:
                raise FileFormatError("a heap of texts is damaged.")
            objects[index] = position, length
            position += -(-length // 8) * 8
        return objects
