"""A UTF-8 file as symbols: its most frequent characters, and one symbol for all the others."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.places import printable
from workloads.tasks.readers.regular import regular

RIGHT = "give a file of UTF-8 text"
BYTES_MAX = 2**27
CHUNK = 2**21
ALPHABET_MAX = 255
POINTS = 0x110000
MARK = "\ufeff"


def read_text(path: Path) -> tuple[NDArray[np.uint8], str]:
    """The text as indices into its alphabet, and that: its 255 most frequent characters, by code point.

    Every other character has the index len(alphabet). Of equally frequent ones the lower is in. A byte
    order mark is left out.
    """
    with regular(path, RIGHT) as (file, size):
        if not 0 < size <= BYTES_MAX:
            what = f"is larger than {BYTES_MAX // 2**20} MiB" if size else "is empty"
            raise InputError.of(what, RIGHT, where=printable(str(path)))
        counts = np.zeros(POINTS, np.int64)
        for points in _code_points(path, file, size):
            counts += np.bincount(points, minlength=POINTS)
        common = np.argsort(-counts, kind="stable")[:ALPHABET_MAX]
        alphabet = np.sort(common[counts[common] > 0])
        symbol = np.full(POINTS, len(alphabet), np.uint8)
        symbol[alphabet] = np.arange(len(alphabet))
        symbols = np.empty(int(counts.sum()), np.uint8)
        file.seek(0)
        start = 0
        for points in _code_points(path, file, size):
            stop = start + len(points)
            if stop > len(symbols):
                break
            symbols[start:stop] = symbol[points]
            start = stop
    if start != len(symbols) or not start:
        what = "changed while it was read" if len(symbols) else "is empty"
        raise InputError.of(what, RIGHT, where=printable(str(path)))
    return symbols, "".join(map(chr, alphabet))


def _code_points(path: Path, file: BinaryIO, size: int) -> Iterator[NDArray[np.uint32]]:
    """The characters of the first `size` bytes of a file, a part at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    while read < size:
        data = file.read(min(CHUNK, size - read))
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data or read + len(data) == size)
        except UnicodeDecodeError as error:
            at = read - pending + error.start
            what = f"byte {at} (0x{error.object[error.start]:02x}) is not UTF-8"
            raise InputError.of(what, "save the file as UTF-8", where=printable(str(path))) from None
        if not data:
            return
        if not read:
            text = text.removeprefix(MARK)
        read += len(data)
        yield np.frombuffer(text.encode("utf-32-le"), "<u4")
