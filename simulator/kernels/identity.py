"""What a compiled kernel was made of, so that the next process takes it for the same only where it is."""

import platform
import re
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import CodeType, NoneType
from typing import Any

import llvmlite
import numba
import numpy as np

CONSTANTS = {bool, int, str, NoneType}
SETTINGS_OF_NO_CODE = re.compile("CACHE|COLOR|CUDA|DUMP|LOG|THREAD")


def digest(*parts: object) -> str:
    """32 hexadecimal digits that stand for `parts`, each of which is known by its repr."""
    return sha256(repr(parts).encode()).hexdigest()[:32]


def sources(file: Path) -> str:
    """The digest of every source that a kernel of `file` may be made of; empty where they cannot be read.

    Those are the engine's kernels, and all beside the kernel itself.
    """
    try:
        engine = sorted(Path(__file__).resolve().parent.glob("*.py"))
        beside = {file.resolve(), *file.resolve().parent.glob("*.py")}.difference(engine)
        files = [*engine, *sorted(beside)]
        return digest([(path.name, sha256(path.read_bytes()).digest()) for path in files])[:16]
    except OSError:
        return ""


def described(code: CodeType) -> object:
    """The instructions and constants of a function, and of the functions within it."""
    constants = [described(value) if isinstance(value, CodeType) else repr(value) for value in code.co_consts]
    return code.co_code, code.co_names, constants


def closed_over(function: Callable[..., Any]) -> list[tuple[str, object]]:
    """What a factory gave to `function`, by name: ints, strings, bools and None, and nothing else."""
    found = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # assigned after the function was made
            value = ...
        if type(value) not in CONSTANTS:
            raise TypeError(
                f"{function.__qualname__} closes over `{name}`, of type {type(value).__name__}; "
                "a kernel closes over ints, strings, bools and None"
            )
        found.append((name, value))
    return found


def surroundings() -> object:
    """The versions, and the settings of numba, that machine code may depend on."""
    names = sorted(
        name for name in vars(numba.config) if name.isupper() and not SETTINGS_OF_NO_CODE.search(name)
    )
    return (
        platform.python_implementation(),
        sys.version,
        sys.flags.optimize,  # without it, asserts are code
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        [(name, repr(getattr(numba.config, name))) for name in names],
    )
