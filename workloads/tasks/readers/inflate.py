"""A gzipped file as a stream of bytes that stops where it is told to: no bomb fills the memory."""

import zlib
from typing import BinaryIO

MAGIC = b"\x1f\x8b"
CHUNK = 2**18


class Inflated:
    """The one member of a gzipped file; `read` is that of a file, and zlib.error says that it is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._engine = zlib.decompressobj(wbits=31)

    def read(self, most: int) -> bytes:
        """The next `most` bytes, fewer only at the end."""
        found: list[bytes] = []
        while most > 0 and not self._engine.eof:
            source = self._engine.unconsumed_tail or self._file.read(CHUNK)
            piece = self._engine.decompress(source, most)
            if not source and not piece:
                raise zlib.error("the compressed data end too soon")
            found.append(piece)
            most -= len(piece)
        if self._engine.eof and (self._engine.unused_data or self._file.read(1)):
            raise zlib.error("something follows the compressed data")
        return b"".join(found)
