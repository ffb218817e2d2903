"""Labels of ten classes, as files hold them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.places import printable

CLASSES = 10


def check_labels(path: Path, labels: NDArray[Any]) -> None:
    """Refuse a label that is none of ten classes."""
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        what = f"label {wrong[0]} is {labels[wrong[0]]}"
        if len(wrong) > 1:
            what += f", and {len(wrong) - 1} more are above {CLASSES - 1} too"
        raise InputError.of(what, f"a label is from 0 to {CLASSES - 1}", where=printable(str(path)))
