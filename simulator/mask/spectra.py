"""How well a mask connects its rows to its columns: the two largest singular values of a bipartite graph.

A mask of rows x columns is a graph with an edge for every value kept. The further sigma2 is below sigma1, the
better the graph mixes: each output sees every input after few layers. A Ramanujan graph is about as good as
its degrees allow; masks of trained sparse networks have been judged by it (Sparse-IFT, arXiv 2303.11525).
"""

from dataclasses import dataclass
from math import floor, inf, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mask.conform import occupied
from simulator.mask.dtypes import Array

Matrix = NDArray[np.float64]

VALUES_MAX = 1 << 25  # a float64 copy of more takes over 256 MiB, and a random mask of more over five seconds
WHOLE_MAX = 1 << 18  # values up to which LAPACK's decomposition of the whole is the faster one
SIDE_MAX = 1536  # rows or columns, the fewer, up to which it takes a second or two
DIGITS = 8  # of sigma1 that hold for both, and to which both are rounded
WIDTH = 4  # vectors at once: equal singular values are told apart up to this many
BASIS_MAX = 320  # vectors after which the iteration is given up: a random mask of 4096 x 4096 needs 212
WORK_MAX = 9 << 30  # values times vectors after which it is: about five seconds
RARER = 16  # every step asks whether it was the last at first, then when there are a 16th more vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The two largest singular values of a mask as a matrix of 0 and 1, and the mean values kept.

    `left_degree` is the mean of a row, `right_degree` that of a column.
    """

    sigma1: float
    sigma2: float
    left_degree: float
    right_degree: float

    @property
    def gap(self) -> float:
        """The spectral gap, sigma1 - sigma2: 0 for a graph in two equal parts that do not touch."""
        return self.sigma1 - self.sigma2

    @property
    def bound(self) -> float:
        """What no large graph of such degrees goes far below: sqrt(left - 1) + sqrt(right - 1).

        Feng and Li (1996) for a graph of two degrees; of a mean degree below 1 nothing is subtracted.
        """
        return _rounded(
            sqrt(max(self.left_degree - 1, 0)) + sqrt(max(self.right_degree - 1, 0)), scale=self.sigma1
        )

    @property
    def ramanujan(self) -> bool:
        """Whether sigma2 is at most the bound."""
        return self.sigma2 <= self.bound

    @property
    def margin(self) -> float:
        """By how much of the bound sigma2 is below it, 1 - sigma2 / bound: negative where it is above.

        Where the bound is 0, it is 0 for sigma2 = 0 and minus infinity, the limit, for more. JSON has no
        infinity: there it is written as null.
        """
        if self.bound == 0:
            return -inf if self.sigma2 else 0.0
        return 1 - self.sigma2 / self.bound


def spectrum(mask: Array) -> Spectrum:
    """The spectrum of a two-dimensional mask, or of values, as a bipartite graph.

    Both sigmas are within 1e-8 of sigma1, and rounded to as many digits, so that equal ones are equal. A
    single row or column has sigma2 = 0, and a mask that keeps nothing has only zeros. 4096 x 4096 takes a
    second or two. Of more than 1536 rows and columns a mask is refused, after some five seconds, whose
    largest singular values lie too closely together to be found so well, such as those of a narrow band.
    """
    if isinstance(mask, np.ndarray) and mask.ndim != 2:
        raise InputError.of(f"the mask has shape {mask.shape}", "a spectrum takes rows and columns")
    if isinstance(mask, np.ndarray) and mask.size > VALUES_MAX:
        raise InputError.of(f"the mask has {mask.size} values", f"a spectrum takes at most {VALUES_MAX}")
    edges = occupied(mask)
    rows, columns = edges.shape
    kept = int(np.count_nonzero(edges))
    largest = _two_largest(edges) if kept else (0.0, 0.0)
    return Spectrum(
        sigma1=_rounded(largest[0], scale=largest[0]),
        sigma2=_rounded(largest[1], scale=largest[0]),
        left_degree=kept / rows if rows else 0.0,
        right_degree=kept / columns if columns else 0.0,
    )


def _two_largest(edges: NDArray[np.bool_]) -> tuple[float, float]:
    """The two largest singular values, 0 for one that there is not."""
    tall = np.ascontiguousarray(edges if edges.shape[0] >= edges.shape[1] else edges.T, dtype=np.float64)
    if tall.size <= WHOLE_MAX:
        values = np.linalg.svd(tall, compute_uv=False)
    elif (basis := _leading_space(tall)) is not None:
        values = np.linalg.svd(tall @ basis, compute_uv=False)
    elif tall.shape[1] > SIDE_MAX:
        rows, columns = edges.shape
        raise InputError.of(
            f"the largest singular values of {rows} x {columns} values lie too closely together",
            f"with so close ones a mask has at most {SIDE_MAX} rows or columns",
        )
    else:  # tall' tall is exact, and where the root would blur a small sigma2, the iteration converges
        values = np.sqrt(np.maximum(np.linalg.eigvalsh(tall.T @ tall)[::-1], 0))
    return float(values[0]), float(values[1]) if values.size > 1 else 0.0


def _leading_space(tall: Matrix) -> Matrix | None:
    """An orthonormal basis of the two leading right singular vectors, or None where it converges too slowly.

    Block Lanczos on tall' tall with full reorthogonalisation (Golub and Van Loan, Matrix Computations, 10.3).
    It starts from fixed vectors, so that every run does the same, and ends when the residuals say that both
    are as good as promised.
    """
    size = tall.shape[1]
    width = min(WIDTH, size)
    most = min(BASIS_MAX, max(WORK_MAX // tall.size, width), size) // width * width
    basis, projected = np.zeros((size, most)), np.zeros((most, most))
    block = np.linalg.qr(np.sin(np.arange(1.0, size * width + 1).reshape(size, width) ** 2))[0]
    asked = 0
    for start in range(0, most, width):
        stop = start + width
        basis[:, start:stop] = block
        applied = tall.T @ (tall @ block)
        projected[:stop, start:stop] = basis[:, :stop].T @ applied
        projected[start:stop, :stop] = projected[:stop, start:stop].T
        rest = _without(basis[:, :stop], applied)
        block, coupling = np.linalg.qr(rest)
        if stop - asked >= asked / RARER or stop == most:
            asked = stop
            squares, vectors = np.linalg.eigh(projected[:stop, :stop])
            residuals = np.linalg.norm(coupling @ vectors[-width:, -2:], axis=0)
            if _settled(squares[-2:], residuals):
                return np.asarray(basis[:, :stop] @ vectors[:, -2:])
        block = np.linalg.qr(_without(basis[:, :stop], block))[0]
    return None


def _without(basis: Matrix, block: Matrix) -> Matrix:
    """What of `block` is orthogonal to `basis`: taken away twice, since once leaves rounding errors."""
    for _ in range(2):
        block = block - basis @ (basis.T @ block)
    return block


def _settled(squares: Matrix, residuals: Matrix) -> bool:
    """Whether residuals of tall' tall, which bound how far its eigenvalues are off, leave the sigmas good."""
    second, first = squares if squares.size == 2 else (0.0, squares[-1])
    within = 0.1 * 10.0**-DIGITS * sqrt(first) * 2 * sqrt(max(second, 0.0))
    return bool(np.all(residuals <= max(within, 1e-13 * first)))


def _rounded(value: float, *, scale: float) -> float:
    """`value` to DIGITS digits of `scale`."""
    return round(value, DIGITS - floor(log10(scale))) if scale else value
