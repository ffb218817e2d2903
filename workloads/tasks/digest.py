"""The digest that names a task in a trace: of all that its batches follow from, besides the Generator."""

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def digest_of(facts: Mapping[str, str | int], *arrays: NDArray[Any]) -> str:
    """The sha256 of `facts` and of the dtype, shape and values of `arrays`, the same on every machine."""
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in arrays:
        found.update(f"{array.dtype.kind}{array.dtype.itemsize}{array.shape}".encode())
        little = array if sys.byteorder == "little" else array.byteswap()
        found.update(np.ascontiguousarray(little).data)
    return found.hexdigest()
