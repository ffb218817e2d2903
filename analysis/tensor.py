"""An array file as `nmsim check` sees it: whether it can be read, and which patterns its values obey."""

import os
from pathlib import Path

import numpy as np

from simulator.errors import InputError, placed
from simulator.mask.conform import Obeyed, obeyed
from simulator.mask.dtypes import Array
from simulator.mask.measures import kept_per_group

VALUES_MAX = 1 << 30
FILLED = (
    0.5  # the share of groups that hold as many values as they may, below which a pattern holds by chance
)


def load_tensor(path: Path) -> Array:
    """The array of a .npy file, mapped and not yet read."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        if not path.is_file():
            raise InputError.of("is not a file", "a .npy file", where=str(path))
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError.of(error.strerror or str(error), "a .npy file", where=str(path)) from None
    except InputError:
        raise
    except (ValueError, EOFError, SyntaxError):
        right = "an array of numbers as numpy.save writes it"
        raise InputError.of("holds no whole array of numbers", right, where=str(path)) from None
    if array.size > VALUES_MAX:
        raise InputError.of(f"has {array.size} values", f"at most {VALUES_MAX}", where=str(path))
    return array


def obeyed_by(path: Path) -> str:
    """The sparsest pattern along each axis that the array in `path` obeys on purpose, if any."""
    values = load_tensor(path)
    with placed(str(path)):
        meant = [each for each in obeyed(values) if _fills(values, each)]
    sparsest = {each.axis: each for each in reversed(meant)}
    return ", ".join(str(sparsest[axis]) for axis in sorted(sparsest)) or "no pattern"


def _fills(values: Array, found: Obeyed) -> bool:
    groups = kept_per_group(values, found.pattern.group, axis=found.axis).whole
    return bool(groups[found.pattern.kept] >= FILLED * groups.sum())
