"""Weights and gradients under a mask that is at hand; in magnitude.py the mask is made on the way."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.kernels import apply as kernels
from simulator.kernels.threads import spread
from simulator.mask.dtypes import Array
from simulator.mask.layout import (
    check_factor,
    check_like,
    check_mask_bytes,
    check_out,
    check_real,
    check_scores,
)


def masked(weights: Array, mask: NDArray[np.bool_], *, fade: float = 0.0, out: Array | None = None) -> Array:
    """W * (mask + (1 - mask) * fade); a fade of 0 writes 0, for NaN and infinity too.

    It serves forward weights under a decaying mask (MdGf: `fade` is D), and gradients scaled likewise. A fade
    other than 0 takes float32 or float64, and may make a signalling NaN quiet. `out` may be `weights` itself.
    """
    weights = check_scores(weights, what="weights")
    kept = check_mask_bytes(mask, shape=weights.shape)
    fade = check_factor(fade, "fade", weights)
    result = check_out(out, shape=weights.shape, dtype=weights.dtype, reads=(weights, kept))
    values, flat = np.ascontiguousarray(weights).reshape(-1), result.reshape(-1)
    places = np.ascontiguousarray(kept).reshape(-1)
    if fade:
        _stream(kernels.faded, [values, places, values.dtype.type(fade), flat])
    else:
        bits = f"u{values.itemsize}"
        _stream(kernels.moved, [values.view(bits), places, flat.view(bits)])
    return result


def masked_decay(
    gradient: Array, weights: Array, mask: NDArray[np.bool_], *, strength: float, out: Array | None = None
) -> Array:
    """Gradient + strength * (1 - mask) * W: the term of SR-STE (arXiv 2102.04010) and FST (arXiv 2404.01847).

    `out` may be `gradient` itself.
    """
    weights = check_real(weights, what="weights")
    gradient = check_like(check_real(gradient, what="gradient"), weights.shape, what="gradient", like=weights)
    kept = check_mask_bytes(mask, shape=weights.shape)
    factor = weights.dtype.type(check_factor(strength, "strength", weights))
    result = check_out(out, shape=weights.shape, dtype=weights.dtype, reads=(gradient, weights, kept))
    arrays = [np.ascontiguousarray(each).reshape(-1) for each in (gradient, weights, kept)]
    flat = result.reshape(-1)
    _stream(kernels.drawn, [*arrays, factor, flat])
    return result


def _stream(kernel: Callable[..., None], arguments: list[Any]) -> None:
    size = arguments[-1].size

    def run(first: int, last: int) -> None:
        with np.errstate(all="ignore"):  # infinity less infinity, where the compiler is off
            kernel(*arguments, first, last)

    spread(run, size, values=size)
