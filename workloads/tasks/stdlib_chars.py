"""Language model over the text of Python's own standard library: real text that every machine has.

The text depends on the version of Python, and so does the digest; compare runs of one version only.
"""

import sys
import sysconfig
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from workloads.tasks.characters import Characters
from workloads.tasks.readers.regular import reading

PRINTABLE = "\n" + "".join(map(chr, range(0x20, 0x7F)))
PACKAGES = (
    *("asyncio", "collections", "concurrent", "email", "http", "importlib", "json", "logging"),
    *("multiprocessing", "unittest", "urllib", "xml"),
)
BYTES_MAX = 2**23
HELD_OUT_EVERY = 20
OTHER = "train another task"
_FOLLOWING = bytes(range(0x80, 0xC0))
"""Bytes that go on with a character of UTF-8; its first byte stands for all of it."""


def _table() -> bytes:
    """The symbol of each byte."""
    symbols = bytearray([len(PRINTABLE)]) * 256
    for symbol, character in enumerate(PRINTABLE):
        symbols[ord(character)] = symbol
    return bytes(symbols)


_SYMBOLS = _table()


def symbols_of(source: bytes) -> bytes:
    """UTF-8 as indices into PRINTABLE, len(PRINTABLE) for any other character; a tab is four spaces."""
    plain = source.replace(b"\r\n", b"\n").replace(b"\t", b"    ")
    return plain.translate(_SYMBOLS, _FOLLOWING)


def source_files(folder: Path) -> list[Path]:
    """The modules of the standard library in `folder`, and of some of its packages, by name."""
    modules = [path for path in folder.glob("*.py") if path.stem in sys.stdlib_module_names]
    for package in PACKAGES:
        modules += (
            path
            for path in (folder / package).rglob("*.py")
            if not {"test", "tests", "site-packages"} & set(path.relative_to(folder).parts)
        )
    return sorted(modules, key=lambda path: path.relative_to(folder).as_posix())


class StdlibChars(Characters):
    """Every twentieth file is held out, whole; files past BYTES_MAX together are left out."""

    name = "stdlib_chars"
    summary = "next character of the source of Python's standard library, which depends on its version"

    def __init__(self, *, length: int) -> None:
        parts: tuple[list[bytes], list[bytes]] = ([], [])
        room = BYTES_MAX
        for index, path in enumerate(source_files(Path(sysconfig.get_path("stdlib")))):
            with reading(path, OTHER):
                symbols = symbols_of(path.read_bytes())
            room -= len(symbols)
            if room < 0:
                break
            parts[index % HELD_OUT_EVERY == HELD_OUT_EVERY // 2].append(symbols)
        trained, held = (np.frombuffer(b"".join(part), np.uint8) for part in parts)
        if len(held) <= length:
            what = "this Python has no source of its standard library"
            raise InputError.of(what, OTHER, where=self.name)
        super().__init__(trained, held, alphabet=PRINTABLE, length=length)

    def origin(self) -> dict[str, str]:
        """The version of Python."""
        return {"python": ".".join(map(str, sys.version_info[:3]))}
